"""How many paintings a worker paints side by side: where it may be more than one, and how many are the fastest.

On a CPU they are painted one at a time, so that they repeat bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from doorways.errors import InputError
from doorways.explore.kind import is_painted_alone
from doorways.recipe import Recipe

COUNTS = (1, 2, 4, 8)
"""How many are tried."""
WARM_STEPS, SAMPLE_STEPS, SAMPLE_S = 5, 40, 2.0
"""Steps of each that are not timed, and how long those after them are: until either is reached."""


@dataclass(frozen=True)
class Together:
    """How many paintings are painted side by side, and how long a step of each takes: times that of one alone."""

    count: int
    ratio: float


ALONE = Together(1, 1.0)


def must_not_be_on_cpu(together: int, recipes: Iterable[Mapping[str, Any]]) -> None:
    """InputError where any of these settings is painted on a CPU, and more than one is to be painted side by side."""
    if together > 1 and on_cpu(recipes):
        raise InputError(
            f"together {together}: on a CPU paintings are painted one at a time, so that they repeat bit for bit; leave it "
            "out, or give the theme a device such as cuda"
        )


def on_cpu(recipes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any of these settings is painted on this machine's CPU."""
    from doorways.devices import choose_device

    devices = {str(settings.get("device") or "auto") for settings in recipes}
    return any(choose_device(device).device.type == "cpu" for device in devices)


def measured(recipe: Recipe, asked: int | None = None) -> Together:
    """The fastest for paintings like this one, measured on CUDA, or as many as `asked`; one at a time elsewhere."""
    from doorways.devices import choose_device

    if asked == 1 or is_painted_alone(recipe.settings()):
        return Together(asked or 1, 1.0)
    if asked is not None:
        ratio = step_s(recipe, asked) / step_s(recipe, 1)
        return Together(asked, ratio if math.isfinite(ratio) else 1.0)
    if choose_device(recipe.device).device.type != "cuda":
        return ALONE
    return fastest(lambda count: step_s(recipe, count))


def fastest(step_s: Callable[[int], float]) -> Together:
    """Of `COUNTS` the one for which a step takes least; more are tried as long as it gets faster.

    Args:
        step_s: seconds of a step of each of so many paintings, infinite where memory does not suffice.

    >>> fastest({1: 0.5, 2: 0.3, 4: 0.25, 8: 0.26}.get)
    Together(count=4, ratio=0.5)
    """
    alone = step_s(1)
    best, least = 1, alone
    for count in COUNTS[1:]:
        if (seconds := step_s(count)) >= least:
            break
        best, least = count, seconds
    return Together(best, least / alone)


def step_s(recipe: Recipe, count: int) -> float:
    """Seconds that a step of each of `count` paintings takes, on the last canvas; infinite where memory runs out.

    One painting alone is compiled where a worker would have it compiled.
    """
    from doorways.ensemble import Ensemble
    from doorways.painter import Painter
    from doorways.prompts import parse_prompts
    from doorways.side_by_side import SideBySide

    steps = max(recipe.steps, WARM_STEPS + SAMPLE_STEPS)
    wanted = recipe.override(start_size=recipe.size, grow_at=(), steps=steps)
    if count == 1:
        painters = [Painter(wanted)]
    else:
        models = Ensemble.open(wanted, parse_prompts(wanted.prompts, style=wanted.style))
        painters = [Painter(wanted.override(seed=seed), ensemble=models) for seed in range(count)]
    group, began = SideBySide(), 0.0
    for _ in zip(*(group.events(painter) for painter in painters), strict=True):
        taken = painters[-1].step - WARM_STEPS
        if taken == 0:
            began = time.perf_counter()
        if taken == SAMPLE_STEPS or (taken > 0 and time.perf_counter() - began > SAMPLE_S):
            break
    seconds = (time.perf_counter() - began) / (taken * count)
    return seconds if group.most is None else math.inf
