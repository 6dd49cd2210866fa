"""Whether light and dark lie in the same places on both sides."""

from __future__ import annotations

import torch
from torch import Tensor

from doorways.symmetry import Symmetry, parse_symmetry
from doorways.transfer import pooled

ROWS = 12
"""Tiles from top to bottom."""


def tone_symmetry(picture: Tensor, symmetry: Symmetry | None = None, *, rows: int = ROWS) -> float:
    """Pearson correlation of the grey means of square tiles, of one half and of what the symmetry puts there.

    Args:
        picture: [1, 3, H, W], sRGB in [0, 1].
        symmetry: what pairs places; the mirror if not given.
        rows: tiles from top to bottom.

    Returns: in [-1, 1]; 1 where both halves have the same lights and darks, whatever their mean and contrast (a day
        and its night can agree), 0 where they have nothing to do with each other or one of them is flat.
    """
    return tile_correlation(picture.mean(1, keepdim=True), symmetry, rows=rows)


def tile_correlation(image: Tensor, symmetry: Symmetry | None, *, rows: int) -> float:
    """The correlation of tile means of an image [1, 1, H, W]: of one half, and of its image under the symmetry."""
    symmetry = symmetry or parse_symmetry("mirror")
    columns = 2 * max(1, round(rows * image.shape[-1] / image.shape[-2] / 2))
    tiles, images = (pooled(one, rows, columns)[0, 0] for one in (image, symmetry.apply(image)))
    matrix = symmetry.matrix(image.shape[-1] / image.shape[-2])
    upright = bool(matrix[0, 0] > 0 and matrix[0, 2] == 0)
    half = (slice(rows // 2), slice(None)) if upright else (slice(None), slice(columns // 2))
    here, there = tiles[half].flatten(), images[half].flatten()
    if min(here.std(), there.std()) < 1e-6:
        return 0.0
    return float(torch.corrcoef(torch.stack([here, there]))[0, 1])
