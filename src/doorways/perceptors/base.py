"""What every perceptor can do, whatever it is made of, and how a kind of perceptor is registered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import torch
from torch import Tensor


@runtime_checkable
class Perceptor(Protocol):
    """Embeds texts and pictures in one space, as float32 unit vectors.

    The weights are frozen; gradients flow from the embeddings to the pictures.
    """

    name: str
    """The spec it was loaded from."""
    size_px: int
    """Side of the square pictures it takes; cut them at this size and none is resized."""
    dimension: int
    """Length of its embeddings."""
    fingerprint: str
    """Tells these weights from others (`doorways.models.fingerprint`)."""

    def embed_texts(self, texts: list[str]) -> Tensor:
        """Unit vectors `[n, dimension]`; a text beyond the model's limit is cut at its end. No gradient."""
        ...

    def embed_pictures(self, pictures: Tensor) -> Tensor:
        """Unit vectors `[n, dimension]` of `pictures` `[n, 3, h, w]`, sRGB in [0, 1]."""
        ...

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """Moves the weights; `dtype` is that of the network alone: pictures and embeddings stay float32."""
        ...


@dataclass(frozen=True)
class Loader:
    """How one kind of perceptor is told from others on disk, and loaded.

    `recognises(folder)` must be quick and execute nothing; `load(folder)` gives the perceptor on the CPU in float32,
    weights frozen.
    """

    recognises: Callable[[Path], bool]
    load: Callable[[Path], Perceptor]


def fit(pictures: Tensor, size_px: int) -> Tensor:
    """`pictures` `[n, 3, h, w]` at `size_px` square, bicubic and antialiased; untouched where they already are."""
    if pictures.shape[-2:] == (size_px, size_px):
        return pictures
    return torch.nn.functional.interpolate(
        pictures, (size_px, size_px), mode="bicubic", align_corners=False, antialias=True
    ).clamp(0, 1)


def normaliser(mean: Sequence[float], std: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Factor and offset `[1, 3, 1, 1]` that bring pictures in [0, 1] to a model's `mean` and `std`."""
    factor = 1 / torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1)
    return factor, -torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1) * factor
