"""The pieces that a judge looks at: a fixed set of upright squares, undistorted.

They are cut and resized here and not by the engine's sampler, so that no picture is judged on the pieces that it was
painted by. Lengths are in canvas heights.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from doorways.perceptors import Perceptor
from doorways.symmetry import Symmetry, parse_symmetry

SIZES = (0.5, 0.66, 0.9)
"""Sides of the paired pieces."""
ACROSS, DOWN = 3, 3
"""At most so many places of each size, across a half of the canvas and from top to bottom."""
SIDE, HEIGHTS = 0.75, 3
"""Side of the pieces that slide along x, and at how many heights they do."""
STEP = 0.05625
"""From one of their places to the next, about: 41 places on a 3:1 canvas."""


@dataclass(frozen=True)
class Square:
    """A piece: its middle and its side, in canvas heights."""

    x: float
    y: float
    side: float


def pairs(aspect: float, symmetry: Symmetry | None = None) -> tuple[tuple[Square, ...], tuple[Square, ...]]:
    """Squares of one half of the canvas, and the squares that the symmetry carries onto them.

    Args:
        aspect: width of the canvas in heights.
        symmetry: what pairs places; the mirror if not given.

    Returns: two tuples of equally many squares: the left ones and their partners (for a flip, the upper ones). No pair
        overlaps, for both would show the same pixels; on a canvas too small for that there is none.
    """
    symmetry = symmetry or parse_symmetry("mirror")
    matrix = symmetry.matrix(aspect).double()
    upright = bool(
        matrix[0, 0] > 0 and matrix[0, 2] == 0
    )  # nothing moves sideways: the halves lie above each other
    wide, high = (aspect, 0.5) if upright else (aspect / 2, 1.0)
    here, there = [], []
    back = torch.linalg.inv(matrix)
    for side in SIZES:
        if side > min(wide, high):
            continue
        lefts = torch.linspace(0, wide - side, ACROSS if wide > side else 1).tolist()
        tops = torch.linspace(0, high - side, DOWN if high > side else 1).tolist()
        for one in (Square(left + side / 2, top + side / 2, side) for left in lefts for top in tops):
            x, y, _ = (back @ torch.tensor([one.x, one.y, 1.0], dtype=torch.float64)).tolist()
            partner = Square(x % aspect if symmetry.wraps else x, y, side)
            inside = side / 2 <= partner.x + 1e-6 and partner.x <= aspect - side / 2 + 1e-6
            if inside and max(abs(partner.x - one.x), abs(partner.y - one.y)) >= side - 1e-6:
                here.append(one)
                there.append(partner)
    return tuple(here), tuple(there)


def along(aspect: float) -> tuple[Square, ...]:
    """Squares that slide along x from edge to edge, `HEIGHTS` of them (top, middle, bottom) at each place in turn."""
    side = min(SIDE, aspect)
    across = torch.linspace(side / 2, aspect - side / 2, round((aspect - side) / STEP) + 1).tolist()
    down = torch.linspace(side / 2, 1 - side / 2, HEIGHTS).tolist()
    return tuple(Square(x, y, side) for x in across for y in down)


def crop(picture: Tensor, square: Square, size_px: int) -> Tensor:
    """The square [1, 3, size_px, size_px] of a picture [1, 3, H, W], resized with antialiasing."""
    height = picture.shape[-2]
    side = max(1, round(square.side * height))
    left = min(max(0, round((square.x - square.side / 2) * height)), picture.shape[-1] - side)
    top = min(max(0, round((square.y - square.side / 2) * height)), height - side)
    piece = picture[..., top : top + side, left : left + side]
    return F.interpolate(piece, (size_px, size_px), mode="bilinear", antialias=True).clamp(0, 1)


@torch.no_grad()
def embed(perceptor: Perceptor, picture: Tensor, squares: tuple[Square, ...], *, batch: int = 64) -> Tensor:
    """Unit vectors [n, d] of the squares of a picture, `batch` of them at a time."""
    if not squares:
        return picture.new_zeros(0, perceptor.dimension)
    pieces = torch.cat([crop(picture, one, perceptor.size_px) for one in squares])
    return torch.cat([perceptor.embed_pictures(part) for part in pieces.split(batch)])
