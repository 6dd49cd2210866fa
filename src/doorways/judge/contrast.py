"""How different the two sides of a picture are, in the direction of their prompts."""

from __future__ import annotations

import torch
from torch import Tensor

from doorways.judge.squares import SIZES, Square


def outer(squares: tuple[Square, ...], aspect: float) -> Tensor:
    """Which of the left squares (indices, [k]) lie in the leftmost third; on narrow canvases, in the left half."""
    reach = max(aspect / 3, SIZES[0]) + 1e-6
    return torch.tensor([rank for rank, one in enumerate(squares) if one.x + one.side / 2 <= reach])


def contrast(left: Tensor, right: Tensor) -> tuple[float, float]:
    """How much closer the left side is to the left prompt than the right side is, and the reverse.

    With c the mean cosine of a side's pieces to a prompt: (c_left(left prompt) - c_right(left prompt),
    c_right(right prompt) - c_left(right prompt)).

    Args:
        left: [n, 2], cosines of pieces of the leftmost third to the left prompt and to the right one.
        right: [n, 2], the same of the rightmost third.

    Returns: two numbers in [-2, 2]: 0 where the sides are alike, below 0 where they are the wrong way round.

    >>> contrast(torch.tensor([[0.75, 0.25]]), torch.tensor([[0.5, 0.75]]))
    (0.25, 0.5)
    """
    here, there = left.mean(0), right.mean(0)
    return float(here[0] - there[0]), float(there[1] - here[1])
