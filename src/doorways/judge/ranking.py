"""Ranking: many measures of many pictures into one order, by weights that the artist sets."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev

from doorways.errors import InputError

WEIGHTS: Mapping[str, float] = {
    "match": 1.0,
    "contrast": 0.5,
    "semantic_symmetry": 0.25,
    "repetition": -0.25,
    "unwanted": -0.5,
    "taste": 1.0,
}
"""What each measure counts unless the artist says otherwise; below 0, less of it is better."""
MEASURES = (*WEIGHTS, "tone_symmetry", "edge_symmetry", "sharpness")
"""What can be weighed, and beside it `count:THING` and `unwanted:THING` (`things_weighed`)."""


def combine(rows: Sequence[Mapping[str, float]], weights: Mapping[str, float] = WEIGHTS) -> list[float]:
    """One number for each row of scores, the larger the better: sum_m weight_m * (score_m - mean_m) / deviation_m.

    Each measure is first brought to mean 0 and deviation 1 over the rows, so that a weight says how much a measure
    counts whatever its unit. A row without a measure gets its mean.

    Args:
        rows: the scores of each picture (`Judgement.scores`).
        weights: measure -> finite number; measures that are not named do not count.

    Raises:
        InputError: a weight that is not finite; a score that is not.

    >>> combine([{"match": 1.0}, {"match": 3.0}], {"match": 2.0})
    [-2.0, 2.0]
    """
    values = [0.0] * len(rows)
    for name, weight in weights.items():
        if not math.isfinite(weight):
            raise InputError(f"weight {name}={weight}: must be a finite number; write for example {name}=0.5")
        known = [float(row[name]) for row in rows if name in row]
        if wrong := [score for score in known if not math.isfinite(score)]:
            raise InputError(f"score {name} {wrong[0]}: must be a finite number; judge that picture again")
        if not known or (deviation := pstdev(known)) < 1e-9:
            continue
        mean = fmean(known)
        for rank, row in enumerate(rows):
            values[rank] += weight * (float(row.get(name, mean)) - mean) / deviation
    return values


def rank(rows: Sequence[Mapping[str, float]], weights: Mapping[str, float] = WEIGHTS) -> list[int]:
    """Indices of the rows, the best first (`combine`); of equals the earlier one.

    >>> rank([{"match": 0.1}, {"match": 0.3}, {"match": 0.2}])
    [1, 2, 0]
    """
    return in_order(combine(rows, weights))


def in_order(values: Sequence[float]) -> list[int]:
    """Indices of values, the largest first; of equals the earlier one."""
    return sorted(range(len(values)), key=lambda index: -values[index])


def read_weights(texts: Sequence[str]) -> dict[str, float]:
    """`WEIGHTS` with those changed that texts such as `match=2` name; `only` at first forgets the others.

    Raises:
        InputError: a text that is not NAME=NUMBER, or names what no judge measures.

    >>> read_weights(["only", "match=2", "repetition=-1"])
    {'match': 2.0, 'repetition': -1.0}
    """
    weights = {} if texts and texts[0].strip() == "only" else dict(WEIGHTS)
    for text in texts[1:] if not weights else texts:
        found = re.fullmatch(r"\s*([^=]+?)\s*=\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*", text)
        try:
            name, weight = (found[1], float(found[2])) if found else ("", math.nan)
        except ValueError:
            name, weight = "", math.nan
        if not name:
            raise InputError(
                f"weight {text!r}: is not NAME=NUMBER; write for example match=2 or repetition=-0.5"
            )
        if not is_measured(name):
            raise InputError(
                f"weight {text!r}: the judge does not measure {name!r}; it knows {', '.join(MEASURES)}"
            )
        weights[name] = weight
    return weights


def is_measured(name: str) -> bool:
    """Whether a judge measures what is called so; of a thing, when it is asked to look for it."""
    kind, _, thing = name.partition(":")
    return name in MEASURES or (kind in {"count", "unwanted"} and bool(thing.strip()))


def things_weighed(kind: str, weights: Mapping[str, float], given: Sequence[str] = ()) -> list[str]:
    """What a judge is to look for: the things given, and those that weights name; each once.

    Args:
        kind: `count` or `unwanted`.

    >>> things_weighed("count", {"count:a door": -1.0, "count:a moon": 1.0, "match": 1.0}, ["a moon"])
    ['a moon', 'a door']
    """
    named = (name.removeprefix(f"{kind}:") for name in weights if name.startswith(f"{kind}:"))
    return list(dict.fromkeys([*given, *named]))
