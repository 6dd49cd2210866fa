"""Whether the same things stand in the same places on both sides, each in its own world."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def agreement(here: Tensor, there: Tensor, sides: Tensor, mean: Tensor) -> tuple[float, float]:
    """Mean cosine of residuals less `mean`: of paired pieces, and of pieces of other pairs of the same size.

    The second says how much of the first is not about places.

    Args:
        here, there: residuals [p, d] of the pairs' pieces, the second brought onto the first by the symmetry:
            embedding less what the prompt field wants there, e - T.
        sides: [p], the size of each pair's pieces.
        mean: [d], what all residuals have in common (the gap between pictures and texts).

    Returns: two numbers in [-1, 1].
    """
    first, second = (F.normalize(part - mean, dim=1) for part in (here, there))
    cosines = first @ second.T
    others = (sides[:, None] == sides) & ~torch.eye(len(sides), dtype=torch.bool, device=sides.device)
    return float(cosines.diagonal().mean()), float(cosines[others].mean())


def semantic_symmetry(here: Tensor, there: Tensor, sides: Tensor) -> float:
    """How much more alike the residuals of paired places are than those of other places.

    With r = e - T less the mean of all residuals of its own side: the mean of cos(r, r') over pairs, less its mean over
    pieces of different pairs of one size. What a side's pieces have in common, its world, is gone; what is left is what
    tells a place from the others of its side.

    Args: as `agreement`; at least two pairs of one size.

    Returns: in [-2, 2]; about 0 where paired places have nothing to do with each other, 1 and more where they show the
        same things. Residuals: "Doorways" (Moulton 2021).
    """
    first, second = here - here.mean(0), there - there.mean(0)
    paired, unpaired = agreement(first, second, sides, torch.zeros_like(here[0]))
    return paired - unpaired
