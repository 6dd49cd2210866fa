"""Erase: let a region go, and fill it from around."""

from __future__ import annotations

from torch import Tensor

from doorways.surgery.fill import fill
from doorways.surgery.lay import lay
from doorways.surgery.operation import Operation


def erase(picture: Tensor, area: Tensor) -> Tensor:
    """`picture` with what lies in `area` replaced by colours that flow in from around; InputError if nothing is around."""
    return lay(picture, fill(picture, area), area)


class Erase(Operation):
    """Let the region go, and fill it from around."""

    def operate(self, picture: Tensor) -> Tensor:
        return erase(picture, self.area(picture))
