"""The attack that a robust perceptor withstands: projected gradient within an L2 ball (Madry et al. 2018).

Only a perceptor trained under it has gradients that look like things. `bench/embedded.py` measures with `attack`, in many
steps; training takes one, along the gradient that the update before left at a random place in the ball (after Shafahi et al.
2019, "Adversarial training for free!").
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

RADIUS_PER_VALUE = 0.0144
"""Root-mean-square change of a value on the surface of the ball of radius 1.0; 0.8 for a whole picture of 32 px."""


def radius_of(side_px: int, times: float = 1.0) -> float:
    """L2 radius for a picture [3, side_px, side_px] in [0, 1]: `times` RADIUS_PER_VALUE in each value."""
    return times * RADIUS_PER_VALUE * (3 * side_px**2) ** 0.5


def attack(
    loss: Callable[[Tensor], Tensor], pictures: Tensor, radius: float, steps: int, rng: torch.Generator
) -> Tensor:
    """`pictures` [n, 3, h, w], each moved within the ball of `radius` around it to where `loss` is larger.

    Begins at a random place in the ball and takes `steps` steps of 1.25 * radius / sqrt(steps) along each picture's
    own normalised gradient. What comes out may leave [0, 1] by a little, as in training: a larger ball, not a smaller.

    Args:
        loss: a scalar of the pictures, each of which it must judge by itself.
        radius: L2 norm over all values of one picture; 0 gives the pictures back.
    """
    if radius <= 0:
        return pictures
    delta = somewhere_within(pictures, radius, rng) - pictures
    for _ in range(steps):
        delta.requires_grad_(True)
        (gradient,) = torch.autograd.grad(loss(pictures + delta), delta)
        delta = moved(delta.detach(), gradient, radius, steps)
    return (pictures + delta).detach()


def somewhere_within(pictures: Tensor, radius: float, rng: torch.Generator) -> Tensor:
    """`pictures` [n, 3, h, w], each at a random place within the ball of `radius` around it."""
    delta = torch.randn(pictures.shape, generator=rng)
    delta *= (torch.rand(len(pictures), 1, 1, 1, generator=rng) * radius) / norm(delta)
    return pictures + delta


def moved(delta: Tensor, gradient: Tensor, radius: float | Tensor, steps: int) -> Tensor:
    """`delta` [n, 3, h, w], one of `steps` along the `gradient`, and back into the ball of `radius`, one or each its own."""
    delta = delta + 1.25 * radius / steps**0.5 * gradient / norm(gradient)
    return delta * (radius / norm(delta)).clamp(max=1)


def norm(x: Tensor) -> Tensor:
    """L2 norms [n, 1, 1, 1] of pictures [n, c, h, w], never zero."""
    return x.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)
