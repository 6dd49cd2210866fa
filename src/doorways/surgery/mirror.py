"""Mirror: give the other side what stands here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor

from doorways.surgery.lay import lay
from doorways.surgery.operation import Operation
from doorways.symmetry import Symmetry, flip, half_turn
from doorways.symmetry import mirror as left_right

SYMMETRIES = {"mirror": left_right, "flip": flip, "half-turn": half_turn}


def mirror(picture: Tensor, area: Tensor, symmetry: Symmetry) -> Tensor:
    """`picture` with the image of what lies in `area`, under `symmetry`, laid where the symmetry takes it.

    With the left half as area, what a left-right mirror gives is its own mirror image.
    """
    return lay(picture, symmetry.apply(picture), symmetry.apply(area))


class Mirror(Operation):
    """Give the other side the mirror image of the region."""

    symmetry: Literal["mirror", "flip", "half-turn"] = Field(
        "mirror", description="Which other side: mirror (left-right), flip (top-bottom) or half-turn."
    )

    def operate(self, picture: Tensor) -> Tensor:
        return mirror(picture, self.area(picture), SYMMETRIES[self.symmetry]())
