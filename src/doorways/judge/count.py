"""How many times a thing stands in a picture, from left to right."""

from __future__ import annotations

from collections.abc import Sequence

from doorways.judge.presence import PRESENT

PROMINENCE = 0.35
"""How far a curve must fall on both sides of a peak, as a share of the curve's range."""


def peaks(values: Sequence[float], prominence: float = PROMINENCE) -> list[float]:
    """The heights that a curve rises to by `prominence` of its range and falls from by as much, its ends taken as low.

    Returns: one height a peak, from left to right; none for a flat curve.

    >>> peaks([0, 1, 0, 1, 0]), peaks([0, 1, 0.9, 1, 0]), peaks([0, 1, 0.2, 0.9, 0.1, 0.8])
    ([1, 1], [1], [1, 0.9, 0.8])
    """
    low, high = min(values), max(values)
    least = prominence * (high - low) or 1.0
    found, rising, turn = [], True, low
    for value in [*values, low]:
        if rising and value < turn - least:
            found.append(turn)
            rising, turn = False, value
        elif not rising and value > turn + least:
            rising, turn = True, value
        turn = max(turn, value) if rising else min(turn, value)
    return found


def count(shown: Sequence[float], prominence: float = PROMINENCE) -> int:
    """The peaks of a thing's presence over x that are high enough for the thing to be seen there.

    Cosines would not do, whose range a curve has of its own: also that of a thing which is nowhere has a highest place,
    and that of one which is everywhere has ripples. Presence has a zero, the level of things in general, and falls are
    measured from there: what fills the picture from end to end is one thing, even where it is only just to be seen
    (`presence.PRESENT`).

    Args:
        shown: the thing's presence at each of p places from left to right.

    Returns: 0 or more.

    >>> count([0.5, 6, 1, 5, 0]), count([6, 5.5, 6, 5.2, 6]), count([3.1, 2.9, 3.2, 2.8]), count([0.5, 1.2, 0.3, 1.4])
    (2, 1, 1, 0)
    """
    levels = [0.0, *(max(0.0, value) for value in shown), 0.0]
    return sum(height >= PRESENT for height in peaks(levels, prominence))
