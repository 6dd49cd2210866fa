"""A hole filled from around it: colours flow in from its edge, smoothly, and nothing of what it held is left."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from doorways.errors import InputError

MARGIN = 0.5
"""How much around a hole is looked at, as a fraction of its width and height."""
ROUNDS = 4
"""How often each level evens out what it filled."""


def fill(picture: Tensor, hole: Tensor) -> Tensor:
    """The picture with what lies in a hole replaced by what lies around.

    Args:
        picture: [1, 3, H, W] in [0, 1].
        hole: [1, 1, H, W]; all that is not 0 is replaced.

    Returns: [1, 3, H, W], unchanged outside the hole; inside no channel exceeds what it has outside.

    Raises:
        InputError: the hole is the whole picture.

    A pyramid fills it: each level takes what its own pixels know, and the rest from the coarser level ("pull-push",
    Gortler et al. 1996); then each new pixel becomes the mean of its neighbours a few times, which brings the
    fill near to the membrane that is spanned by the hole's edge.
    """
    if bool((hole != 0).all()):
        raise InputError("nothing is left around it to fill it from; make the region or its feather smaller")
    if not hole.any():
        return picture
    rows, columns = _around(hole.amax(-1)), _around(hole.amax(-2))
    near, inside = picture[..., rows, columns], hole[..., rows, columns] != 0
    known = (~inside).to(picture)
    filled = picture.clone()
    filled[..., rows, columns] = torch.where(inside, _filled(near * known, known), near)
    return filled


def _around(line: Tensor) -> slice:
    """From the first place of a line that is not 0 to the last, and `MARGIN` of that on both sides."""
    places = line.flatten().nonzero()
    first, end = int(places[0]), int(places[-1]) + 1
    margin = 2 + round(MARGIN * (end - first))
    return slice(max(0, first - margin), end + margin)


def _filled(sums: Tensor, known: Tensor) -> Tensor:
    """The colours `sums` / `known` where `known` > 0, continued to where it is 0."""
    colours = sums / known.clamp(min=1e-6)
    if bool((known > 0).all()):
        return colours
    height, width = sums.shape[-2:]
    odd = (0, width % 2, 0, height % 2)
    coarse = _filled(avg_pool2d(pad(sums, odd), 2), avg_pool2d(pad(known, odd), 2))
    finer = interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
    filled = torch.where(known > 0, colours, finer[..., :height, :width])
    for _ in range(ROUNDS):
        filled = torch.where(known > 0, colours, _neighbours(filled))
    return filled


def _neighbours(image: Tensor) -> Tensor:
    """The mean of each pixel's four neighbours."""
    padded = pad(image, (1, 1, 1, 1), mode="replicate")
    across = padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
    return (across + padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1]) / 4
