"""How many times a thing stands in a picture, from left to right."""

from __future__ import annotations

from collections.abc import Sequence

from doorways.judge.presence import PRESENT

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


def count(shown: Sequence[float], prominence: float = PROMINENCE) -> int:
    """The peaks of a thing's presence over x.

    Cosines would not do, whose range a curve has of its own: also that of a thing which is nowhere has a highest place,
    and that of one which is everywhere has ripples. Presence has a zero, the level of things in general, and falls are
    measured from there: what fills the picture from end to end is one thing. A place where the thing is
    not to be seen (`presence.PRESENT`) counts as that zero.

    Args:
        shown: the thing's presence at each of p places from left to right.

    Returns: 0 or more.

    >>> count([0.5, 6, 1, 5, 0]), count([6, 5.5, 6, 5.2, 6]), count([0.5, 1.2, 0.3, 1.4])
    (2, 1, 0)
    """
    seen = [value if value >= PRESENT else 0.0 for value in shown]
    return peaks([0.0, *seen, 0.0], prominence)
