"""Phantoms: what a perceptor would take for a thing where there is none.

A painter moves its picture to where the perceptor is content, which lies far outside any ball around a
drawing: faint outlines are enough. So empty grounds are moved towards names, as a painter would move them, and the perceptor
learns to see no name in what comes out (what it is content with is what it holds for likely: Grathwohl et al. 2020, "Your
classifier is secretly an energy based model and you should treat it like one").
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from training.attack import moved, norm, radius_of
from training.scenes import Scenes

FARTHEST = 7.5
"""Radius of the largest ball, times `attack.RADIUS_PER_VALUE`: 6 for a picture of 32 px."""
TURNS = 5
"""Steps that a phantom is painted in."""
WHITE = 0.2
"""Share of the grounds that are white paper."""
GRAIN = 0.1
"""Largest deviation of the noise that a phantom begins with."""


def grounds(scenes: Scenes, count: int, side_px: int, rng: torch.Generator) -> Tensor:
    """[count, 3, side_px, side_px] in [0, 1]: scenery, gradients, plain colours and white, and nothing on it."""
    pictures, _ = scenes.draw_backgrounds(count, side_px, rng)
    pictures[torch.rand(count, generator=rng) < WHITE] = 1.0
    return pictures


def phantoms(
    embed: Callable[[Tensor], Tensor],
    grounds: Tensor,
    names: Tensor,
    rng: torch.Generator,
    *,
    share: float = 1.0,
) -> Tensor:
    """`grounds` [n, 3, s, s], each moved towards one of `names` within a ball of its own size.

    Args:
        embed: pictures to unit vectors [n, d].
        names: unit vectors [l, d], of which each ground is given one by chance.
        share: of `FARTHEST`, which no ball is larger than.
    """
    count = len(grounds)
    wanted = names[torch.randint(len(names), (count,), generator=rng)].detach()
    largest = radius_of(grounds.shape[-1], FARTHEST * share)
    radius = largest * torch.rand(count, 1, 1, 1, generator=rng)
    grain = GRAIN * torch.rand(count, 1, 1, 1, generator=rng)
    delta = grain * torch.randn(grounds.shape, generator=rng)
    delta = delta * (radius / norm(delta)).clamp(max=1)
    for _ in range(TURNS):
        pictures = (grounds + delta).requires_grad_(True)
        (gradient,) = torch.autograd.grad((embed(pictures) * wanted).sum(), pictures)
        delta = (grounds + moved(delta, gradient, radius, TURNS)).clamp(0, 1) - grounds
    return (grounds + delta).detach()
