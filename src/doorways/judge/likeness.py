"""How alike pictures are: near-duplicates folded together, and an order that keeps diversity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from doorways.errors import InputError

DUPLICATE = 0.99
"""Cosine of two portraits from which on one picture is a near-duplicate of the other. By the embedded judge, a picture and
its copy with noise, brighter or at half the size exceed it; one seed with and without an objective has 0.93 to 0.98."""

Portraits = Sequence[Sequence[float]]


def as_table(portraits: Portraits) -> np.ndarray:
    """Portraits as an array [n, d]; InputError where they are not of one length."""
    if len({len(portrait) for portrait in portraits}) > 1:
        raise InputError(
            "the portraits are of different lengths: pictures that are compared must be judged by one perceptor; judge "
            "them again"
        )
    return np.asarray(portraits, dtype=np.float64).reshape(len(portraits), -1)


def cosines(portraits: Portraits) -> np.ndarray:
    """The cosines [n, n] of pictures' portraits (`Judgement.portrait`)."""
    table = as_table(portraits)
    table = table / np.linalg.norm(table, axis=1, keepdims=True).clip(1e-12)
    return np.asarray(table @ table.T)


def fold(portraits: Portraits, order: Sequence[int], *, threshold: float = DUPLICATE) -> dict[int, list[int]]:
    """Near-duplicates under the best of them.

    Args:
        portraits: of all pictures.
        order: indices of the pictures, the best first; they are taken in this order, and each is put under the first
            one kept that it is like.
        threshold: cosine from which on two are near-duplicates, in (0, 1]; 1 folds only equals.

    Returns: index of each picture that stays -> those under it, both in the given order.
    """
    if not 0 < threshold <= 1:
        raise InputError(
            f"threshold {threshold}: must lie above 0 and be at most 1; {DUPLICATE} is the default"
        )
    alike = cosines(portraits) >= threshold - 1e-9
    kept: dict[int, list[int]] = {}
    for index in order:
        like = next((best for best in kept if alike[best, index]), None)
        if like is None:
            kept[index] = []
        else:
            kept[like].append(index)
    return kept


def diverse(
    values: Sequence[float],
    portraits: Portraits,
    *,
    diversity: float = 0.3,
    among: Sequence[int] | None = None,
) -> list[int]:
    """An order in which what comes next is good and unlike what came before: greedy maximal marginal relevance.

    Next is always argmax (1 - diversity) * value - diversity * (largest cosine to those already taken), values and cosines
    each brought to [0, 1] over the pictures.

    Args:
        values: how good each picture is (`ranking.combine`).
        portraits: of the pictures.
        diversity: in [0, 1]; 0 is the order of the values alone, 1 takes the most unlike whatever its value.
        among: indices to order; all if not given.

    Returns: the indices in order; of equals the earlier one.

    Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking" (1998).
    """
    if not 0 <= diversity <= 1:
        raise InputError(f"diversity {diversity}: must lie between 0 (best first) and 1; 0.3 is the default")
    left = sorted(range(len(values)) if among is None else among)
    if not left:
        return []
    good = _unit([values[index] for index in left])
    table = cosines([portraits[index] for index in left])
    apart = table[~np.eye(len(left), dtype=bool)]
    low, reach = (float(apart.min()), float(np.ptp(apart))) if len(apart) else (0.0, 0.0)
    alike = (table - low) / reach if reach > 1e-12 else np.zeros_like(table)
    nearest, open_ = np.zeros(len(left)), np.ones(len(left), dtype=bool)
    order: list[int] = []
    for _ in left:
        gain = np.where(open_, (1 - diversity) * good - diversity * nearest, -np.inf)
        best = int(gain.argmax()) if order else int(good.argmax())
        order.append(left[best])
        open_[best] = False
        nearest = np.maximum(nearest, alike[best])
    return order


def _unit(values: Sequence[float]) -> np.ndarray:
    """Values brought to [0, 1]; all 0 where they are equal."""
    table = np.asarray(values, dtype=np.float64)
    reach = float(np.ptp(table))
    return np.asarray((table - table.min()) / reach) if reach > 1e-12 else np.zeros(len(table))
