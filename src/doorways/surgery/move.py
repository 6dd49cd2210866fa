"""Move: take a region elsewhere, and fill where it stood."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from doorways.surgery.copy import copy
from doorways.surgery.fields import Way
from doorways.surgery.fill import fill
from doorways.surgery.lay import lay
from doorways.surgery.operation import Operation


def move(picture: Tensor, area: Tensor, by: tuple[float, float]) -> Tensor:
    """`picture` with what lies in `area` moved `by` fractions of width and height, and a fill where it stood.

    Pixels move whole: what arrives is what left. InputError if it leaves the picture, or there is nothing to fill from.
    """
    return copy(picture, area, by, onto=lay(picture, fill(picture, area), area))


class Move(Operation):
    """Take the region elsewhere, and fill where it stood from around."""

    by: tuple[Way, Way] = Field(description="How far [right, down]; negative is left, up.")

    def operate(self, picture: Tensor) -> Tensor:
        return move(picture, self.area(picture), self.by)
