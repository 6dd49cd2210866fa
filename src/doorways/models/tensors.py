"""Named tensors out of a file of weights, of any kind, with nothing that the file says executed."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from doorways.errors import InputError
from doorways.models import flax_msgpack, safe_pickle


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in `path` by name, on the CPU, in the precision they were saved in.

    Reads `.safetensors`, flax' `.msgpack` (names joined by dots) and PyTorch's `.ckpt`, `.pt`, `.pth` and `.bin`.
    InputError for a missing, damaged or unknown file, and for one that needs pickled code.
    """
    if not path.is_file():
        raise InputError(f"weights {path} do not exist; check the path, or fetch the model again")
    if path.suffix == ".safetensors":
        try:
            return dict(load_file(path))
        except (SafetensorError, OSError) as error:
            raise InputError(f"weights {path} are damaged ({error}); fetch the model again") from error
    if path.suffix == ".msgpack":
        return flax_msgpack.read(path)
    if path.suffix in safe_pickle.SUFFIXES:
        return safe_pickle.read(path)
    raise InputError(
        f"weights {path}: files of kind {path.suffix or 'without suffix'!s} cannot be read; give .safetensors, "
        f".msgpack or one of {', '.join(safe_pickle.SUFFIXES)}"
    )
