"""Which pixels of a picture lie in a polygon, or near a stroke: hard areas [1, 1, H, W] of 0 and 1.

Points are fractions of the picture, (0, 0) at its top left corner and (1, 1) at its bottom right one. A pixel is
where its centre is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from doorways.size import Size

Point = tuple[float, float]


def polygon_area(corners: Sequence[Point], size: Size) -> Tensor:
    """1 where a polygon is: inside its outline, counted odd and even where it crosses itself.

    Each edge toggles what lies right of it, in the rows that it crosses.
    """
    toggles = torch.zeros(size.height, size.width + 1, dtype=torch.int32)
    middles = (torch.arange(size.height, dtype=torch.float64) + 0.5) / size.height
    for (x, y), (next_x, next_y) in pairwise([*corners, corners[0]]):
        rows = ((middles >= y) != (middles >= next_y)).nonzero()[:, 0]
        if len(rows):
            crossings = x + (middles[rows] - y) * ((next_x - x) / (next_y - y))
            columns = (crossings * size.width - 0.5).ceil().clamp(0, size.width).long()
            toggles.index_put_((rows, columns), torch.ones_like(columns, dtype=torch.int32), accumulate=True)
    return (toggles.cumsum(1)[:, :-1] % 2).float()[None, None]


def rectangle_area(left: float, top: float, right: float, bottom: float, size: Size) -> Tensor:
    """1 where a rectangle is.

    >>> rectangle_area(0.25, 0.0, 0.75, 0.5, Size(4, 2))[0, 0].tolist()
    [[0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    return polygon_area([(left, top), (right, top), (right, bottom), (left, bottom)], size)


def stroke_area(points: Sequence[Point], width_px: float, size: Size) -> Tensor:
    """1 nearer than half of `width_px` to a line through `points`; one point is a dot."""
    area, reach = torch.zeros(1, 1, size.height, size.width), width_px / 2
    ends = [(x * size.width, y * size.height) for x, y in points]
    for (x, y), (next_x, next_y) in pairwise(ends if len(ends) > 1 else ends * 2):
        columns = _between(x, next_x, reach, size.width)
        rows = _between(y, next_y, reach, size.height)
        across, down = columns - x, (rows - y)[:, None]
        length = (next_x - x) ** 2 + (next_y - y) ** 2
        along = (across * (next_x - x) + down * (next_y - y)) / length if length else torch.zeros(())
        along = along.clamp(0, 1)
        distance = (across - along * (next_x - x)).hypot(down - along * (next_y - y))
        if distance.numel():
            part = area[..., int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
            part.copy_(part.maximum((distance <= reach).float()))
    return area


def _between(start: float, end: float, reach: float, length: int) -> Tensor:
    """Centres of the pixels of one axis that come within `reach` of what lies between `start` and `end`."""
    first, end = int(max(0, min(start, end) - reach)), int(min(length, max(start, end) + reach + 1))
    return torch.arange(first, max(first, end), dtype=torch.float64) + 0.5
