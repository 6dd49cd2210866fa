"""What an operation changed: where two pictures differ once they are saved."""

from __future__ import annotations

from torch import Tensor

from doorways.errors import InputError

LEAST = 0.5 / 255
"""Differences that 8 bits do not tell are none."""


def changed(before: Tensor, after: Tensor) -> Tensor:
    """1 where two pictures [1, 3, H, W] differ in any channel, else 0: [1, 1, H, W].

    Raises:
        InputError: they are of different sizes.
    """
    if before.shape != after.shape:
        old, new = (f"{picture.shape[-1]}x{picture.shape[-2]}" for picture in (before, after))
        raise InputError(f"the picture is {new} and was {old} before; scale or crop it back to {old}")
    return ((after - before).abs().amax(1, keepdim=True) > LEAST).to(after)
