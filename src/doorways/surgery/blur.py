"""Blur: take the detail out of a region, so that healing finds its own."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from doorways.objectives.filters import blur as blurred
from doorways.pictures import fit
from doorways.surgery.fields import Width
from doorways.surgery.lay import lay
from doorways.surgery.operation import Operation, size_of


def blur(picture: Tensor, area: Tensor, radius: float) -> Tensor:
    """`picture` with a Gaussian blur in `area`; `radius`, its standard deviation, in picture heights."""
    soft = fit(blurred(picture, radius * picture.shape[-2]), size_of(picture), "stretch")
    return lay(picture, soft, area)


class Blur(Operation):
    """Take the detail out of the region, or of the whole picture."""

    needs_region = False

    radius: Width = Field(0.03, description="How far the blur reaches.")

    def operate(self, picture: Tensor) -> Tensor:
        return blur(picture, self.area(picture), self.radius)
