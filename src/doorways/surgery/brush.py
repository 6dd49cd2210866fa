"""Brush: strokes of one colour."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from PIL import ImageColor
from pydantic import Field
from torch import Tensor

from doorways.surgery.feather import soften
from doorways.surgery.fields import Colour, Share, Strokes, Width
from doorways.surgery.lay import lay
from doorways.surgery.operation import Operation, size_of
from doorways.surgery.shapes import Point, stroke_area


def brush(
    picture: Tensor,
    area: Tensor,
    strokes: Sequence[Sequence[Point]],
    colour: str,
    *,
    width: float,
    feather: float = 0.0,
    opacity: float = 1.0,
) -> Tensor:
    """`picture` with `strokes` painted over it in `colour`, as far as `area` lets them.

    Args:
        strokes: each a line through points; one point is a dot.
        colour: `#c04020`, or a name.
        width: of the brush, in picture heights; at least a pixel.
        feather: width over which a stroke's edge is soft, in picture heights.
        opacity: 1 covers what is beneath; where strokes cross, they cover no more than one does.
    """
    size = size_of(picture)
    hard = torch.zeros(1, 1, size.height, size.width)
    for points in strokes:
        hard = hard.maximum(stroke_area(points, max(1.0, width * size.height), size))
    ink = torch.tensor(ImageColor.getrgb(colour)[:3], dtype=picture.dtype) / 255
    painted = area * soften(hard, feather * size.height) * opacity
    return lay(picture, ink[None, :, None, None].expand_as(picture), painted)


class Brush(Operation):
    """Paint strokes of one colour; a region limits them."""

    needs_region = False

    strokes: Strokes = Field(
        description="Lines through points: [[[x, y], [x, y]], [[x, y]]]; one point is a dot."
    )
    colour: Colour = Field(description="#c04020, or a name such as teal.")
    width: Width = Field(0.03, description="Of the brush.")
    opacity: Share = Field(1.0, description="1 covers what is beneath; 0 does not show.")

    def operate(self, picture: Tensor) -> Tensor:
        return brush(
            picture,
            self.area(picture),
            self.strokes,
            self.colour,
            width=self.width,
            feather=self.feather,
            opacity=self.opacity,
        )
