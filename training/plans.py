"""The plans of the perceptors: shape, length and attack of each, and which one it begins with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from doorways.perceptors.tower import TowerConfig
from training.attack import radius_of

AT_ONCE = (0, 200)
"""The ramp of what has learned names already."""


@dataclass(frozen=True)
class Plan:
    """One training: shape, length, attack.

    Args:
        radius: of the ball at its largest, times `attack.RADIUS_PER_VALUE`.
        ramp: between which steps the radius grows from 0; before it nothing is attacked.
        cooling: the last so many steps, over which the learning rate falls to 0.
        sides: from which step on pictures have which side in pixels.
        batch: scenes in a step.
        teaching: weight of the teacher's view of the pictures.
        phantoms: how many of them are shown in a step.
        after: the plan whose towers and words it begins with, as they are exported, unless others are given; none: with chance.
    """

    name: str
    config: TowerConfig
    steps: int
    seed: int
    radius: float = 1.0
    ramp: tuple[int, int] = (1000, 1050)
    cooling: int = 400
    sides: tuple[tuple[int, int], ...] = ((0, 24), (400, 32))
    learning_rate: float = 2e-3
    batch: int = 256
    teaching: float = 4.0
    phantoms: int = 0
    after: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """All but the ramp, which depends on what it begins with."""
        return {key: value for key, value in asdict(self).items() if key != "ramp"}

    def side_px(self, step: int) -> int:
        """Side of the pictures at `step`."""
        return [side for start, side in self.sides if step >= start][-1]

    def radius_at(self, step: int) -> float:
        """L2 radius of the ball at `step`."""
        start, end = self.ramp
        return radius_of(self.side_px(step), self.radius * min(1.0, max(0.0, (step - start) / (end - start))))

    def going_on(self) -> Plan:
        """The same for weights that have learned names already: attacked from the first step on."""
        return replace(self, ramp=AT_ONCE)

    def phantoms_at(self, step: int) -> float:
        """How far phantoms go at `step`, as a share of the farthest: from a fifth on, and all the way after 80 steps."""
        return min(1.0, 0.2 + step / 100)

    def rate_at(self, step: int) -> float:
        """Learning rate: up for 200 steps, level, then straight down to 0."""
        return self.learning_rate * min(1.0, step / 200, (self.steps - step) / self.cooling)


PLANS: dict[str, Plan] = {
    # Attacked by none. Painted with for comparison too (`bench/concepts.py`).
    "ordinary": Plan(
        "ordinary",
        TowerConfig(size_px=32),
        6000,
        seed=6,
        radius=0.0,
        cooling=3000,
        sides=((0, 24), (3000, 32)),
    ),
    "judge": Plan(
        "judge",
        TowerConfig(
            channels=(32, 64, 128, 192), blocks=(1, 1, 2, 1), activation="gelu", dimension=192, size_px=32
        ),
        4800,
        seed=2,
        radius=0.4,
        ramp=(3300, 3400),
        cooling=4800,
        sides=((0, 24), (1000, 32)),
    ),
}
PLANS["perceptor"] = replace(
    PLANS["ordinary"],
    name="perceptor",
    steps=4600,
    seed=5,
    radius=1.0,
    ramp=AT_ONCE,
    cooling=4600,
    sides=((0, 32),),
    after="ordinary",
)
# What ships.
PLANS["hardened"] = replace(
    PLANS["perceptor"],
    name="hardened",
    steps=700,
    seed=11,
    cooling=700,
    learning_rate=1e-3,
    phantoms=64,
    after="perceptor",
)
