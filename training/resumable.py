"""What trainings share: their state on disk, whole or not at all; the average of their weights; clock and precision."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from doorways.devices import cpu_has_bf16

BF16 = cpu_has_bf16()
"""Whether networks compute in half precision while they are trained; faster where the processor can."""


def keep(state: dict[str, Any], path: Path) -> None:
    """Writes `state` beside `path` first, so that a run killed here leaves the last one whole."""
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").rename(path)


def copy_of(module: nn.Module) -> dict[str, Tensor]:
    """The weights of `module` as they are now."""
    return {key: value.detach().clone() for key, value in module.state_dict().items()}


@torch.no_grad()
def follow(average: dict[str, Tensor], module: nn.Module, step: int) -> None:
    """Moves the running average of the weights on, over about 500 steps and over fewer at the beginning."""
    decay = min(0.998, step / (step + 50))
    for key, value in module.state_dict().items():
        average[key].lerp_(value, 1 - decay)


class Clock:
    """Says when the minutes that a piece of training may take are over, and how fast it goes."""

    def __init__(self, minutes: float) -> None:
        self.minutes = minutes
        self.started = self.lap = time.time()

    def over(self) -> bool:
        """Whether the minutes are over."""
        return time.time() - self.started > 60 * self.minutes

    def speed(self, steps: int) -> float:
        """Steps a second, `steps` having been done since this was last asked."""
        now = time.time()
        speed, self.lap = steps / (now - self.lap), now
        return speed
