"""What all operations share: a region of the picture, with soft edges."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from doorways.errors import InputError
from doorways.pictures import fit, read_mask
from doorways.size import Size
from doorways.surgery.feather import soften
from doorways.surgery.fields import File, Polygon, Rectangle, Share
from doorways.surgery.shapes import polygon_area, rectangle_area

REGION = ("rectangle", "polygon", "mask")


class Operation(BaseModel, ABC):
    """One operation of a script; immutable. Its docstring and its fields are what the lists of operations say.

    Points and ways are fractions of the picture's width and height, lengths of its height.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    needs_region: ClassVar[bool] = True
    """Whether it would be pointless on the whole picture."""

    rectangle: Rectangle | None = Field(None, description="The region: [left, top, right, bottom].")
    polygon: Polygon | None = Field(None, description="Or its corners: [[x, y], [x, y], [x, y], ...].")
    mask: File | None = Field(None, description="Or a picture that is white there, of any size.")
    feather: Share = Field(0.02, description="Over which width the region's edge is soft.")

    @model_validator(mode="after")
    def _has_one_region(self) -> Operation:
        given = [name for name in REGION if getattr(self, name) is not None]
        if len(given) > 1:
            raise InputError(f"{' and '.join(given)} both say where; leave all but one out")
        if self.needs_region and not given:
            raise InputError("does not say where; give it a rectangle, a polygon or a mask")
        return self

    @abstractmethod
    def operate(self, picture: Tensor) -> Tensor:
        """The picture after this operation, of the same shape [1, 3, H, W], in [0, 1]; the one given is unchanged.

        Raises:
            InputError: the operation has no place on this picture, or a file that it names cannot be read.
        """

    def area(self, picture: Tensor) -> Tensor:
        """The region on `picture`, [1, 1, H, W] in [0, 1]; InputError where it holds no pixel of it."""
        size = size_of(picture)
        if self.rectangle is not None:
            area = rectangle_area(*self.rectangle, size)
        elif self.polygon is not None:
            area = polygon_area(self.polygon, size)
        elif self.mask is not None:
            area = fit(read_mask(self.mask), size, "stretch")
        else:
            return torch.ones(1, 1, size.height, size.width)
        if not area.any():
            raise InputError(f"its region holds no pixel of this picture ({size}); move it or make it larger")
        return soften(area, self.feather * size.height)


def size_of(picture: Tensor) -> Size:
    """The size of a picture [1, 3, H, W] in pixels."""
    return Size(picture.shape[-1], picture.shape[-2])
