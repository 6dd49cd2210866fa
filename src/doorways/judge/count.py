"""How many times a thing stands in a picture, from left to right."""

from __future__ import annotations

from collections.abc import Sequence

PROMINENCE = 0.35
"""How far a curve must fall on both sides of a peak, as a share of the curve's range."""


def peaks(values: Sequence[float], prominence: float = PROMINENCE) -> int:
    """How many times a curve rises by `prominence` of its range and falls by as much again, its ends taken as low.

    Returns: 0 or more; 0 for a flat curve.

    >>> peaks([0, 1, 0, 1, 0]), peaks([0, 1, 0.9, 1, 0]), peaks([0, 1, 0.2, 0.9, 0.1, 0.8])
    (2, 1, 3)
    """
    low, high = min(values), max(values)
    least = prominence * (high - low) or 1.0
    count, rising, turn = 0, True, low
    for value in [*values, low]:
        if rising and value < turn - least:
            count, rising, turn = count + 1, False, value
        elif not rising and value > turn + least:
            rising, turn = True, value
        turn = max(turn, value) if rising else min(turn, value)
    return count


def count(values: Sequence[float], present: Sequence[bool], prominence: float = PROMINENCE) -> int:
    """The peaks of a thing's match over x, where the thing is to be seen at all.

    Any curve has a highest place, also that of a thing which is nowhere: a place where the thing is not `present`
    counts as the curve's lowest.

    Args:
        values: the curve of the thing (`match.curve`), p numbers from left to right.
        present: whether it is to be seen at each of these places (`presence.PRESENT`).

    Returns: 0 or more.

    >>> count([0.1, 0.5, 0.1, 0.4, 0.1], [True, True, True, False, True])
    1
    """
    low = min(values)
    return peaks([value if here else low for value, here in zip(values, present, strict=True)], prominence)
