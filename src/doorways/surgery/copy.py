"""Copy: lay a region down again elsewhere."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from doorways.errors import InputError
from doorways.surgery.fields import Way
from doorways.surgery.lay import lay, shift
from doorways.surgery.operation import Operation


def copy(picture: Tensor, area: Tensor, by: tuple[float, float], *, onto: Tensor | None = None) -> Tensor:
    """`onto` (`picture` itself if None) with what lies in `area` of `picture`, moved `by` fractions of width and height.

    Pixels move whole: what arrives is what was there. InputError if all of it leaves the picture.
    """
    way = round(by[0] * picture.shape[-1]), round(by[1] * picture.shape[-2])
    arrival = shift(area, *way)
    if not arrival.any():
        raise InputError(f"by {by[0]:g}, {by[1]:g} takes all of it out of the picture; move it less far")
    return lay(picture if onto is None else onto, shift(picture, *way), arrival)


class Copy(Operation):
    """Lay the region down a second time elsewhere."""

    by: tuple[Way, Way] = Field(description="How far [right, down]; negative is left, up.")

    def operate(self, picture: Tensor) -> Tensor:
        return copy(picture, self.area(picture), self.by)
