"""How large cutouts are: three classes with weights that may change over the run, or a continuous law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from doorways.errors import InputError

CLASSES = {"large": (0.75, 1.0), "medium": (0.45, 0.75), "small": (0.2, 0.45)}
"""Sizes of each class as fractions of the canvas's shorter side; a class's sizes are uniform in its range.

Large ones hold a composition together, medium ones see single things, small ones see surfaces and details.
"""


class Changing(Protocol):
    """A number that may change over the run (`doorways.schedule.Schedule` is one)."""

    @property
    def highest(self) -> float:
        """Its greatest value."""
        ...

    def at(self, progress: float) -> float:
        """Its value when the fraction `progress` in [0, 1] of the run is done."""
        ...


@dataclass(frozen=True)
class SizeLaw:
    """The distribution of cutout sizes, as fractions of the shorter side of the canvas.

    Attributes:
        large, medium, small: weights >= 0 of the three classes of `CLASSES`; they need not sum to 1.
        size_range: (low, high) in (0, 1]; if given, sizes are log-uniform in it and the weights are not used.
    """

    large: Changing
    medium: Changing
    small: Changing
    size_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.size_range is None:
            return
        low, high = self.size_range
        if not 0 < low <= high <= 1:
            raise InputError(f"size_range {low}, {high}: needs 0 < low <= high <= 1; use 0.4, 1 for instance")

    def weights(self, progress: float) -> Tensor:
        """[3] shares of large, medium and small, summing to 1, at `progress` in [0, 1] of the run.

        Raises:
            InputError: a weight is negative or not finite, or all are zero.
        """
        values = {name: float(getattr(self, name).at(progress)) for name in CLASSES}
        for name, value in values.items():
            if not (math.isfinite(value) and value >= 0):
                raise InputError(
                    f"{name} {value:g}: a share of cutouts must be finite and >= 0; use 0 for none"
                )
        total = sum(values.values())
        if total <= 0:
            raise InputError(
                f"large, medium, small are all 0 at {progress:.0%} of the run; give one a weight"
            )
        return torch.tensor(list(values.values()), dtype=torch.float64) / total

    def largest(self) -> float:
        """The largest size that may be drawn at any time of the run, as a fraction of the shorter side."""
        if self.size_range is not None:
            return self.size_range[1]
        drawn = (high for name, (_, high) in CLASSES.items() if getattr(self, name).highest > 0)
        return max(drawn, default=1.0)

    def draw(self, which: Tensor, where: Tensor, progress: float) -> Tensor:
        """[n] sizes; of numbers in [0, 1), `which` [n] chooses the class and `where` [n] the size in it."""
        if self.size_range is not None:
            low, high = self.size_range
            return low * (high / low) ** where
        ends = self.weights(progress).cumsum(0)[:-1].contiguous()
        ranges = torch.tensor(list(CLASSES.values()), dtype=where.dtype)
        chosen = ranges[torch.searchsorted(ends, which.contiguous(), right=True)]
        return chosen[:, 0].lerp(chosen[:, 1], where)
