"""Kinds of paintings: what those have in common whose steps cost the same, and can be taken in one pass."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from doorways.size import Size

UNTIMED = {
    "prompts",
    "style",
    "seed",
    "steps",
    "grow_noise",
    "averaging",
    "learning_rate",
    "blend",
    "transition",
    "spread",
}
"""Settings that do not change what a step costs."""


def kind_of(settings: Mapping[str, Any]) -> str:
    """The same for all recipes of a kind.

    Args:
        settings: a recipe's, as JSON values.

    >>> kind_of({"seed": 1, "cutouts": 8}) == kind_of({"cutouts": 8, "seed": 2}) != kind_of({"cutouts": 9})
    True
    """
    return json.dumps(
        {name: value for name, value in settings.items() if name not in UNTIMED}, sort_keys=True
    )


def is_painted_alone(settings: Mapping[str, Any]) -> bool:
    """Whether no other painting can be painted beside one, whatever its kind.

    A canvas in windows is; so is one whose steps are to fit an amount of memory, or whose models are to be compiled.
    """
    in_windows = Size.parse(settings["size"]).width > settings.get("window", math.inf)
    return in_windows or bool(settings.get("memory") or settings.get("compile"))
