"""Exploring a theme: the product of its subjects, wordings, seeds and settings, painted in rungs; the best go on.

    theme = Theme.from_file("seasons.toml")
    for planned in plan(theme):
        print(planned.subject, planned.recipe.prompts)

Nothing here waits for torch but what paints: `work`, and `measure` in `doorways.explore.estimate`.
"""

from __future__ import annotations

from doorways.explore.campaign import compare, enlist, find_sweep
from doorways.explore.rungs import Rungs, Standing, triage
from doorways.explore.sweep import Planned, count, plan
from doorways.explore.theme import Theme
from doorways.explore.working import work

__all__ = [
    "Planned",
    "Rungs",
    "Standing",
    "Theme",
    "compare",
    "count",
    "enlist",
    "find_sweep",
    "plan",
    "triage",
    "work",
]
