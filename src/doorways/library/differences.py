"""What differs between the recipes of a painting and of the one that came from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FILLED_IN = (
    "start_size",
    "learning_rate",
    "sketch",
    "device",
    "precision",
    "threads",
    "memory",
    "micro_batch",
    "recompute",
    "compile",
)
"""Settings that may be left open, or `auto`, for the painter to fill in: those of the machine (`recipe.MACHINE`) among them."""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What of a recipe's settings changed: name -> [before, now].

    What one of the two leaves open (`learning_rate`, `threads`, …) is no difference.

    >>> differences({"prompts": "sea", "seed": 3, "threads": 2}, {"prompts": "sea", "seed": 4})
    {'seed': [3, 4]}
    """
    names = list(dict.fromkeys([*after, *before]))
    pairs = {name: [before.get(name), after.get(name)] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and not _is_open(name, pair)}


def _is_open(name: str, pair: list[Any]) -> bool:
    return name in FILLED_IN and (None in pair or "auto" in pair)
