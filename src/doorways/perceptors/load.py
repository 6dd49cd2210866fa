"""From a spec, as a recipe gives it, to a perceptor."""

from __future__ import annotations

from pathlib import Path

import torch

from doorways.errors import InputError
from doorways.models.hub import HUB, locate
from doorways.models.specs import embedded_folder
from doorways.perceptors.base import Loader, Perceptor
from doorways.perceptors.embedded import FOLDERS
from doorways.registry import perceptors


def load_perceptor(
    spec: str, *, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> Perceptor:
    """The perceptor that `spec` names, its weights frozen.

    Args:
        spec: `embedded` or `embedded-judge` (come with the package), a folder on disk, or
            `hub:owner/name[/subfolder][@revision]`.
        device: where its weights are put.
        dtype: precision of the network; None for float32. Pictures and embeddings are float32 in any case.

    Raises:
        InputError: where nothing is there, or it is of no known kind, or damaged.
    """
    spec = spec.strip()
    perceptor = _load(spec)
    perceptor.name = spec
    return perceptor.to(device, dtype)


def _load(spec: str) -> Perceptor:
    if spec in FOLDERS:
        folder = embedded_folder(FOLDERS[spec])
    elif spec.startswith(HUB):
        folder = locate(spec)
    else:
        folder = Path(spec).expanduser()
        if not folder.is_dir():
            raise InputError(
                f"perceptor {spec!r}: there is no such folder; give one that exists, {', '.join(FOLDERS)}, or "
                f"{HUB}owner/name"
            )
    for name in perceptors.names():
        loader = perceptors.get(name)
        if not isinstance(loader, Loader):
            raise InputError(
                f"a plugin registered {loader!r} as perceptor {name!r}; it must register a Loader"
            )
        if loader.recognises(folder):
            return loader.load(folder)
    raise InputError(
        f"perceptor {spec!r}: {folder} is of no kind that can be loaded; known are {', '.join(perceptors.names())}"
    )
