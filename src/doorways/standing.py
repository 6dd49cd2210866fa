"""Where a painting stands between two steps, and a step that was taken from there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from doorways.descent import Descent
from doorways.eye import Eye
from doorways.gaze import Gaze
from doorways.transfer import Fetched


@dataclass(frozen=True, eq=False)
class Standing:
    """All that a step changes.

    Attributes:
        rng: the painting's own, on the CPU.
    """

    descent: Descent
    gaze: Gaze
    eyes: tuple[Eye, ...]
    rng: torch.Generator

    @property
    def step(self) -> int:
        """Steps taken so far."""
        return self.descent.steps

    def forked(self, *, whole: bool) -> Standing:
        """Where the next step may begin while this one stays: what it draws and learns is its own.

        Args:
            whole: whether the latent is to be its own too, and what the gaze remembers, which are not small.
        """
        return Standing(
            self.descent.copy() if whole else self.descent,
            self.gaze.copy() if whole else self.gaze,
            tuple(replace(eye, residual_mean=eye.residual_mean.clone()) for eye in self.eyes),
            self.rng.clone_state(),
        )


class Taken:
    """A step: where it leads, and what it found, which is on its way to the host.

    Args:
        loss: [], and its `parts` by name, [] each.
        gradient: of the latent.
        began: when it was begun, by `time.perf_counter`.
    """

    def __init__(
        self, standing: Standing, loss: Tensor, parts: Mapping[str, Tensor], gradient: Tensor, began: float
    ) -> None:
        self.standing, self.began = standing, began
        self._names = tuple(parts)
        finite = loss.isfinite() & gradient.isfinite().all()
        numbers = [finite, loss, *parts.values()]
        self._numbers = Fetched(torch.stack([number.detach().reshape(()).to(loss) for number in numbers]))

    def read(self) -> tuple[bool, float, dict[str, float], float]:
        """Whether loss and gradient are finite, the loss, its parts, and when they arrived; waits for them."""
        finite, loss, *parts = self._numbers.read().tolist()
        return bool(finite), loss, dict(zip(self._names, parts, strict=True)), time.perf_counter()
