"""The trajectory of a painting: how it was after a third, two thirds and all of its steps, and how it began.

It shows whether fewer steps would have done. `doorways.export.strip` lays it out on one sheet.
"""

from __future__ import annotations


def trajectory_steps(steps: int) -> tuple[int, ...]:
    """The steps to keep of a run of `steps` >= 1: the first, a third, two thirds, the last.

    >>> trajectory_steps(300), trajectory_steps(2)
    ((1, 100, 200, 300), (1, 2))
    """
    return tuple(sorted({1, max(1, round(steps / 3)), max(1, round(2 * steps / 3)), steps}))
