"""Checkpoints: all that the next step of a painting depends on, in one safetensors file with JSON in its header."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from doorways.atomic import whole
from doorways.errors import InputError

HEADER = "doorways"
SUFFIX = ".checkpoint.safetensors"


def checkpoint_path(picture: Path | str) -> Path:
    """Where the checkpoint of a picture lies: beside it.

    >>> checkpoint_path("forest.png").as_posix()
    'forest.png.checkpoint.safetensors'
    """
    picture = Path(picture)
    return picture.with_name(picture.name + SUFFIX)


def save_checkpoint(path: Path | str, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Writes a checkpoint to `path`, whole or not at all.

    Args:
        tensors: of any shape, kind of number and device.
        meta: JSON values; floats come back exactly, tuples as lists, NaN and infinities too.

    Raises:
        InputError, DoorwaysError: `path` cannot be written (`doorways.atomic.whole`).
    """
    # safetensors wants tensors that share no memory; a checkpoint must not change under its writer anyway.
    copies = {
        name: tensor.detach().to("cpu", copy=True).contiguous().clone() for name, tensor in tensors.items()
    }
    with whole(path) as part:
        # Not `save_file`, whose errors do not say that a disk is full.
        part.write_bytes(save(copies, metadata={HEADER: json.dumps(dict(meta))}))


def load_checkpoint(path: Path | str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors, on the CPU, and the meta of the checkpoint at `path`.

    Raises:
        InputError: no such file, or not a whole checkpoint of Doorways.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"{path}: there is no such checkpoint; a finished painting has none, and a stopped one has it beside it"
        )
    with must_be_whole(path), safe_open(path, framework="pt", device="cpu") as file:
        meta = dict(json.loads((file.metadata() or {})[HEADER]))
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    return {name: torch.clone(tensor) for name, tensor in tensors.items()}, meta


@contextmanager
def must_be_whole(source: Path | str) -> Iterator[None]:
    """InputError naming `source` where something in a checkpoint is missing or of the wrong kind, whoever finds it."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (
        SafetensorError,
        OSError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        RuntimeError,
    ) as error:
        said = f"there is no {error.args[0]!r} in it" if isinstance(error, KeyError) else error
        raise InputError(
            f"{source}: is no whole checkpoint ({said}); begin again with `doorways paint --recipe` and the picture"
        ) from error


def must_fit(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """ValueError where `tensors` lack one of `wanted`, or have it in another shape or kind of number."""
    for name, like in wanted.items():
        shape, kind = tuple(tensors[name].shape), tensors[name].dtype
        if (shape, kind) != (tuple(like.shape), like.dtype):
            raise ValueError(f"{name} is {kind} {shape}, not {like.dtype} {tuple(like.shape)}")
