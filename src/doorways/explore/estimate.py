"""What a sweep will cost: how many paintings, how long, how much disk, from a few real steps on this machine."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from doorways.explore.kind import kind_of
from doorways.explore.rungs import Rungs
from doorways.explore.sweep import Planned
from doorways.explore.together import ALONE, Together
from doorways.growth import Growth
from doorways.recipe import Recipe
from doorways.size import Size

SAMPLE_S, SAMPLE_STEPS = 1.0, 3
"""How long steps on one canvas are timed: until either is reached."""
MOST_SHAPES = 4
"""Of so many kinds of painting steps are taken; the cost of others goes with their pixels and cutouts."""
EVENT_BYTES = 200
"""What the record of a step takes, about."""


@dataclass(frozen=True)
class Pace:
    """What one kind of painting costs on this machine.

    Attributes:
        factor: pixels a cell of the generator's latent is wide.
        step_s: seconds of a step on each canvas it grows through.
        opening_s: seconds to load its models and begin.
        judging_s: seconds to judge its picture.
        picture_bytes, state_bytes: of the PNG and the checkpoint on each canvas.
    """

    factor: int
    step_s: Mapping[Size, float]
    opening_s: float
    judging_s: float
    picture_bytes: Mapping[Size, int]
    state_bytes: Mapping[Size, int]

    def seconds(self, recipe: Recipe, first: int, last: int) -> float:
        """Seconds of the steps after `first` up to `last`."""
        growth = Growth.plan(recipe, self.factor)
        return sum(self.step_s[growth.size_at(step)] for step in range(first, last))

    def disk(self, recipe: Recipe, step: int) -> int:
        """Bytes that a painting takes once it has stopped after `step`, or is finished."""
        size = Growth.plan(recipe, self.factor).size_at(max(0, step - 1))
        return self.picture_bytes[size] + self.state_bytes[size] + step * EVENT_BYTES

    def faster(self, ratio: float) -> Pace:
        """The pace of the same painting if its steps take `ratio` times as long."""
        return replace(self, step_s={size: seconds * ratio for size, seconds in self.step_s.items()})

    def scaled(self, ratio: float, sizes: Mapping[Size, Size]) -> Pace:
        """The pace of a painting whose steps are `ratio` times the work; `sizes` names its canvases for these."""
        return replace(
            self,
            step_s={new: self.step_s[old] * ratio for new, old in sizes.items()},
            picture_bytes={new: _by_pixels(self.picture_bytes, old, new) for new, old in sizes.items()},
            state_bytes={new: _by_pixels(self.state_bytes, old, new) for new, old in sizes.items()},
        )


@dataclass(frozen=True)
class Estimate:
    """The cost of a sweep: paintings, seconds from beginning to end, bytes on disk, and how many are painted side by side."""

    paintings: int
    seconds: float
    disk_bytes: int
    together: int


class Stopwatch:
    """Gives the pace of a recipe, measured once for each kind of painting.

    Args:
        measure: takes a few real steps of a recipe (`measure` of this module, unless a test knows better).
    """

    def __init__(self, measure: Callable[[Recipe], Pace]) -> None:
        self._measure, self._paces = measure, dict[str, tuple[Recipe, Pace]]()

    def __call__(self, recipe: Recipe) -> Pace:
        """The pace of `recipe`; of what has no kin yet steps are taken now."""
        kind = kind_of(recipe.settings())
        if kind not in self._paces:
            enough = len(self._paces) >= MOST_SHAPES
            self._paces[kind] = recipe, self._nearest(recipe) if enough else self._measure(recipe)
        return self._paces[kind][1]

    def _nearest(self, recipe: Recipe) -> Pace:
        """From the measured kind whose work is most like it; work goes with pixels and cutouts alike."""

        def unlike(other: Recipe) -> float:
            ratio = _work(other) / _work(recipe)
            return max(ratio, 1 / ratio)

        like, pace = min(self._paces.values(), key=lambda known: unlike(known[0]))
        sizes = Growth.plan(recipe, pace.factor).sizes
        known = list(pace.step_s)
        nearest = {size: known[min(rank, len(known) - 1)] for rank, size in enumerate(sizes)}
        nearest[sizes[-1]] = known[-1]
        return pace.scaled(_work(recipe) / _work(like), nearest)


def estimate(
    planned: Iterable[Planned],
    rungs: Rungs | None,
    pace_of: Callable[[Recipe], Pace],
    *,
    workers: int = 1,
    side: Together = ALONE,
) -> Estimate:
    """What it costs to paint all of `planned` in rungs, or each whole, with so many workers.

    Args:
        side: how many paintings each worker paints side by side, and what that does to a step.
    """
    paintings, seconds, disk = 0, 0.0, 0.0
    subjects: dict[str, list[Recipe]] = {}
    for one in planned:
        subjects.setdefault(one.subject, []).append(one.recipe)
    for recipes in subjects.values():
        counts = rungs.counts(len(recipes)) if rungs else (len(recipes),)
        for recipe in recipes:
            pace, first = pace_of(recipe).faster(side.ratio), 0
            ends = rungs.ends(recipe.steps) if rungs else (recipe.steps,)
            shares = [counts[rung] / len(recipes) for rung in range(len(ends))] + [0.0]
            for last, (share, going) in zip(ends, pairwise(shares), strict=True):
                seconds += share * (pace.opening_s + pace.seconds(recipe, first, last) + pace.judging_s)
                disk += (share - going) * pace.disk(recipe, last)
                first = last
        paintings += len(recipes)
    return Estimate(paintings, seconds / workers, round(disk), side.count)


def measure(recipe: Recipe, *, judge: Callable[[Recipe, object], object] | None = None) -> Pace:
    """The pace of a recipe, from a few real steps on each canvas that it grows through.

    Args:
        judge: called with the recipe and a picture [1, 3, H, W], to be timed too.

    Raises:
        InputError: the recipe cannot be painted; what it would say after an hour of others it says now.
    """
    from doorways.painter import Painter
    from doorways.pictures import to_image

    room = (SAMPLE_STEPS + 1) * (len(recipe.grow_at) + 1)
    longer = recipe.override(steps=max(recipe.steps, room))
    painter = Painter(longer)
    began = time.perf_counter()
    painter = Painter(longer)  # the first one waits for what a worker waits for only once
    opening = time.perf_counter() - began
    steps: dict[Size, float] = {}
    pictures: dict[Size, int] = {}
    states: dict[Size, int] = {}
    for size in painter.growth.sizes:
        if size != painter.size:
            painter.grow(size)
        painter.take_step()  # the first one makes room for those that follow
        began, taken = time.perf_counter(), 0
        while taken < SAMPLE_STEPS and (not taken or time.perf_counter() - began < SAMPLE_S):
            painter.take_step()
            taken += 1
        steps[size] = (time.perf_counter() - began) / taken
        buffer = io.BytesIO()
        to_image(painter.picture()).save(buffer, "PNG")
        pictures[size] = buffer.tell()
        states[size] = sum(tensor.numel() * tensor.element_size() for tensor in painter.state()[0].values())
    for _ in range(2):
        began = time.perf_counter()
        if judge is not None:
            judge(painter.recipe, painter.outlook())
    return Pace(painter.generator.factor, steps, opening, time.perf_counter() - began, pictures, states)


def _work(recipe: Recipe) -> float:
    return recipe.size.width * recipe.size.height * (1 + recipe.cutouts / 32)


def _by_pixels(known: Mapping[Size, int], old: Size, new: Size) -> int:
    return round(known[old] * new.width * new.height / (old.width * old.height))
