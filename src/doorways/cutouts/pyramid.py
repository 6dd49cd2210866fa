"""A picture at all its scales in one tensor, so that every cutout is antialiased by one sampling.

Mip maps: each level is half the one before (Williams 1983). The levels are packed into an atlas, which makes
pieces of all sizes a single call to `grid_sample`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from doorways.transfer import pooled

MID_GREY = 0.5


@dataclass(frozen=True, eq=False)
class Pyramid:
    """The levels of a picture, packed.

    Attributes:
        atlas: [1, 3, atlas height, atlas width]: the finest level on the left, the smaller ones below each
            other on its right, mid grey elsewhere. Right of each level stands its own first column again, so
            that bilinear sampling may pass over a seam that wraps.
        boxes: int64 [levels, 4] on the CPU: left, top, width and height of each level in atlas pixels.
        grey: (x, y) of an atlas pixel whose neighbours are all mid grey.
        width_px, height_px: of the picture.
        finest: how often the first level has been halved.
    """

    atlas: Tensor
    boxes: Tensor
    grey: tuple[int, int]
    width_px: int
    height_px: int
    finest: int = 0


def build_pyramid(picture: Tensor, finest: int = 0) -> Pyramid:
    """Packs `picture` [1, 3, H, W] (any range and real dtype; float64 stays, all else becomes float32).

    Levels end when the shorter side is one pixel. Gradients flow to the picture. One pyramid serves all
    perceptors of a step.

    Args:
        finest: how many of the largest levels to leave out, because no cutout looks at them (`finest_level`);
            at least one level is packed.

    Raises:
        ValueError: the tensor is not [1, 3, H, W].
    """
    if picture.ndim != 4 or picture.shape[:2] != (1, 3):
        raise ValueError(
            f"picture of shape {list(picture.shape)}: must be [1, 3, H, W]; give one RGB picture"
        )
    levels = [picture if picture.dtype == torch.float64 else picture.float()]
    while min(levels[-1].shape[-2:]) > 1:
        levels.append(_halve(levels[-1]))
    finest = min(finest, len(levels) - 1)
    levels = levels[finest:]

    boxes, top = [], 0
    for index, level in enumerate(levels):
        height, width = level.shape[-2:]
        boxes.append([0, 0, width, height] if index == 0 else [levels[0].shape[-1] + 1, top, width, height])
        top += height if index else 0
    rows = max(top, levels[0].shape[-2]) + 3
    columns = [_column(levels[:1], rows)] + ([_column(levels[1:], rows)] if levels[1:] else [])
    atlas = torch.cat(columns, 3)
    height, width = picture.shape[-2:]
    return Pyramid(atlas, torch.tensor(boxes), (1, rows - 2), width, height, finest)


def _column(levels: list[Tensor], rows: int) -> Tensor:
    """Levels below each other, each with its first column repeated on its right, filled up with grey."""
    wide = levels[0].shape[-1] + 1
    seamed = [torch.cat([level, level[..., :1]], 3) for level in levels]
    stacked = torch.cat([F.pad(x, (0, wide - x.shape[-1]), value=MID_GREY) for x in seamed], 2)
    return F.pad(stacked, (0, 0, 0, rows - stacked.shape[-2]), value=MID_GREY)


def _halve(level: Tensor) -> Tensor:
    """Means of 2x2 pixels; where a side is odd, of the nearest to it that keep the picture's extent."""
    height, width = level.shape[-2:]
    if height % 2 == 0 and width % 2 == 0:
        return F.avg_pool2d(level, 2)
    return pooled(level, (height + 1) // 2, (width + 1) // 2)
