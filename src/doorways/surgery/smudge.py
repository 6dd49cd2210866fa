"""Smudge: drag colours along a path, as a finger drags wet paint."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import pad

from doorways.surgery.feather import soften
from doorways.surgery.fields import Share, Trail, Width
from doorways.surgery.lay import lay
from doorways.surgery.operation import Operation
from doorways.surgery.shapes import Point


def smudge(picture: Tensor, area: Tensor, path: Sequence[Point], width: float, strength: float) -> Tensor:
    """`picture` with its colours dragged along `path`, as far as `area` lets them.

    Args:
        width: of the finger, in picture heights.
        strength: how much of what it holds the finger lays down at each touch, and how little it takes up: 0
            changes nothing, 1 drags what was under its first touch all the way.

    The finger is lifted where its middle leaves the picture; beyond the border it finds the border's colours.
    """
    height, across = picture.shape[-2:]
    radius = max(1, round(width * height / 2))
    finger, held = _finger(radius), None
    dragged = pad(picture, (radius,) * 4, mode="replicate")
    for x, y in _touches(path, across, height, every=max(1.0, radius / 4)):
        if not (0 <= x < across and 0 <= y < height):
            continue
        under = dragged[..., y : y + 2 * radius + 1, x : x + 2 * radius + 1]
        held = under.clone() if held is None else torch.lerp(under, held, strength)
        under.copy_(lay(under, held, finger))
    return lay(picture, dragged[..., radius:-radius, radius:-radius], area)


def _finger(radius: int) -> Tensor:
    """[1, 1, side, side] in [0, 1]: a soft disc."""
    offsets = torch.arange(-radius, radius + 1).float()
    disc = (offsets.hypot(offsets[:, None]) <= radius * 0.8).float()
    return soften(disc[None, None], radius * 0.5)


def _touches(path: Sequence[Point], width: int, height: int, *, every: float) -> Iterator[tuple[int, int]]:
    """The pixels that the finger touches along `path`, about `every` so many pixels."""
    ends = [(x * width - 0.5, y * height - 0.5) for x, y in path]
    for (x, y), (next_x, next_y) in pairwise(ends):
        count = max(1, math.ceil(math.dist((x, y), (next_x, next_y)) / every))
        for touch in range(count):
            yield round(x + (next_x - x) * touch / count), round(y + (next_y - y) * touch / count)
    yield round(ends[-1][0]), round(ends[-1][1])


class Smudge(Operation):
    """Drag colours along a path, as a finger drags wet paint; a region limits how far they go."""

    needs_region = False

    path: Trail = Field(description="Where the finger goes: [[x, y], [x, y], ...].")
    width: Width = Field(0.08, description="Of the finger.")
    strength: Share = Field(0.8, description="How far colours are dragged: 0 not at all, 1 to the end.")

    def operate(self, picture: Tensor) -> Tensor:
        return smudge(picture, self.area(picture), self.path, self.width, self.strength)
