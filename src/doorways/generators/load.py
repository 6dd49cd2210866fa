"""From a spec, as a recipe gives it, to a generator."""

from __future__ import annotations

from pathlib import Path

import torch

from doorways.errors import InputError
from doorways.generators.base import Generator, Loader
from doorways.models.files import AUTOENCODERS
from doorways.models.hub import HUB, locate
from doorways.models.specs import embedded_folder
from doorways.registry import generators


def load_generator(
    spec: str, *, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> Generator:
    """The generator that `spec` names, its weights frozen.

    Args:
        spec: `embedded` (comes with the package), the name of a kind without weights (`fourier`), a folder or a
            file on disk, or `hub:owner/name[/subfolder][@revision]`.
        device: where its weights are put.
        dtype: precision of the network; None for float32. Latents and pictures are float32 in any case.

    Raises:
        InputError: where nothing is there, or it is of no known kind, or damaged.
    """
    generator = _load(spec.strip())
    generator.name = spec.strip()
    return generator.to(device, dtype)


def _load(spec: str) -> Generator:
    if spec in generators.names() and not (loader := generators.get(spec)).needs_files:
        return _as_loader(loader).load(Path())
    if spec == "embedded":
        path = embedded_folder("generator")
    elif spec.startswith(HUB):
        path = locate(spec)
    else:
        path = Path(spec).expanduser()
        if not path.exists():
            bare = [name for name in generators.names() if not _as_loader(generators.get(name)).needs_files]
            raise InputError(
                f"generator {spec!r}: there is no such folder or file; give one that exists, "
                f"{', '.join(['embedded', *bare])}, or {HUB}owner/name"
            )
    for place in (path, *(path / name for name in AUTOENCODERS if (path / name).is_dir())):
        for name in generators.names():
            loader = _as_loader(generators.get(name))
            if loader.needs_files and loader.recognises(place):
                return loader.load(place)
    raise InputError(
        f"generator {spec!r}: {path} is of no kind that can be loaded; known are {', '.join(generators.names())}"
    )


def _as_loader(loader: object) -> Loader:
    if not isinstance(loader, Loader):
        raise InputError(f"a plugin registered {loader!r} as a generator; it must register a Loader")
    return loader
