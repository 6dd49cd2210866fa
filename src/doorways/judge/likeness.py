"""How alike pictures are: near-duplicates folded together, and an order that keeps diversity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from doorways.errors import InputError

DUPLICATE = 0.99
"""Cosine of two portraits from which on one picture is a near-duplicate of the other. By the embedded judge, a picture and
its copy with noise, brighter or at half the size exceed it; one seed with and without an objective has 0.93 to 0.98."""
DIVERSITY = 0.2
"""How much unlikeness counts beside value, unless something else is said."""

Portraits = Sequence[Sequence[float]]


def as_table(portraits: Portraits) -> np.ndarray:
    """Portraits as an array [n, d]; InputError where they are not of one length."""
    if len({len(portrait) for portrait in portraits}) > 1:
        raise InputError(
            "the portraits are of different lengths: pictures that are compared must be judged by one perceptor; judge "
            "them again"
        )
    return np.asarray(portraits, dtype=np.float64).reshape(len(portraits), -1)


def unit_rows(portraits: Portraits) -> np.ndarray:
    """Portraits as unit vectors [n, d]: the product of two is their cosine."""
    table = as_table(portraits)
    return np.asarray(table / np.linalg.norm(table, axis=1, keepdims=True).clip(1e-12))


def check_duplicate(duplicate: float) -> None:
    """InputError for a cosine from which on nothing, or all, would be a near-duplicate."""
    if not 0 < duplicate <= 1:
        raise InputError(
            f"duplicate {duplicate:g}: must lie above 0 and be at most 1; {DUPLICATE} is the default"
        )


def check_diversity(diversity: float) -> None:
    """InputError for a share of unlikeness that is none."""
    if not 0 <= diversity <= 1:
        raise InputError(
            f"diversity {diversity:g}: must lie between 0 (best first) and 1; {DIVERSITY} is the default"
        )


def fold(portraits: Portraits, order: Sequence[int], *, duplicate: float = DUPLICATE) -> dict[int, list[int]]:
    """Near-duplicates under the best of them.

    Args:
        portraits: of all pictures.
        order: indices of the pictures, the best first; they are taken in this order, and each is put under the first
            one kept that it is like.
        duplicate: cosine from which on two are near-duplicates, in (0, 1]; 1 folds only equals.

    Returns: index of each picture that stays -> those under it, both in the given order.
    """
    check_duplicate(duplicate)
    table = unit_rows(portraits)
    kept: dict[int, list[int]] = {}
    apart = np.empty_like(table)  # the rows of those kept, in their order
    for index in order:
        alike = apart[: len(kept)] @ table[index] >= duplicate - 1e-9
        if alike.any():
            kept[[*kept][int(alike.argmax())]].append(index)
        else:
            apart[len(kept)] = table[index]
            kept[index] = []
    return kept


def diverse(
    values: Sequence[float],
    portraits: Portraits,
    *,
    diversity: float = DIVERSITY,
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
    check_diversity(diversity)
    left = sorted(range(len(values)) if among is None else among)
    if not left:
        return []
    good = _unit([values[index] for index in left])
    table = unit_rows([portraits[index] for index in left])
    low, reach = range_of_products(table)
    nearest, open_ = np.zeros(len(left)), np.ones(len(left), dtype=bool)
    order: list[int] = []
    for _ in left:
        gain = np.where(open_, (1 - diversity) * good - diversity * nearest, -np.inf)
        best = int(gain.argmax()) if order else int(good.argmax())
        order.append(left[best])
        open_[best] = False
        if reach > 1e-12:
            nearest = np.maximum(nearest, (table @ table[best] - low) / reach)
    return order


def range_of_products(table: np.ndarray, at_once: int = 1024) -> tuple[float, float]:
    """The smallest product of two different rows, and how far the largest lies above it; 0, 0 where there are no two."""
    least, most = np.inf, -np.inf
    for start in range(0, len(table), at_once):
        products = table[start : start + at_once] @ table.T
        others = np.ones(products.shape, dtype=bool)
        others[np.arange(len(products)), start + np.arange(len(products))] = False
        if others.any():
            least, most = min(least, products[others].min()), max(most, products[others].max())
    return (float(least), float(most - least)) if most >= least else (0.0, 0.0)


def _unit(values: Sequence[float]) -> np.ndarray:
    """Values brought to [0, 1]; all 0 where they are equal."""
    table = np.asarray(values, dtype=np.float64)
    reach = float(np.ptp(table))
    return np.asarray((table - table.min()) / reach) if reach > 1e-12 else np.zeros(len(table))
