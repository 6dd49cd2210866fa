"""What cutouts look like: their blur, colours and noise, for all of them at once."""

from __future__ import annotations

import torch
from torch import Tensor

from doorways.cutouts.geometry import Cutouts
from doorways.transfer import exact, sent

SHARP_PX = 0.05
"""A Gaussian this narrow leaves pixels as they are."""

NOTHING = 1e-6
"""Weights below this are dropped from a blur: as tiny as they are they would slow every product down."""


def tinted(pieces: Tensor, cutouts: Cutouts) -> Tensor:
    """Pieces [n, 3, size, size] with the blur, colours and noise of their cutouts; values may leave [0, 1].

    The noise is drawn on the device of the pieces from `cutouts.noise_seed`: the same there every time, and
    the same for both of a pair. What no cutout asks for is not computed.
    """
    count, channels, size_px, _ = pieces.shape
    if bool((cutouts.blur > 0).any()):
        spread = _spread(sent(cutouts.blur * size_px, pieces.device, exact(pieces.device)), size_px).to(
            pieces
        )
        pieces = spread @ pieces @ spread.mT
    colour = sent(cutouts.colour, pieces.device, pieces.dtype)
    added = colour[:, :, 3:]
    if bool((cutouts.noise > 0).any()):
        added = added + _noise(cutouts, size_px, pieces)
    mixed = torch.baddbmm(added, colour[:, :, :3], pieces.reshape(count, channels, -1))
    return mixed.view(pieces.shape)


def _spread(sigma_px: Tensor, size_px: int) -> Tensor:
    """[n, 1, size, size] matrices that blur along one axis by Gaussians of `sigma_px` [n]; rows sum to 1.

    As matrices, kernels of different widths are one batched product, and the edge needs no padding.
    """
    steps = torch.arange(size_px, device=sigma_px.device)
    tail = torch.exp(-0.5 * (steps / sigma_px.clamp(min=SHARP_PX)[:, None]) ** 2)
    tail = torch.where(tail > NOTHING, tail, 0.0)
    weights = tail[:, (steps[:, None] - steps).abs()]
    return (weights / weights.sum(-1, keepdim=True))[:, None]


def _noise(cutouts: Cutouts, size_px: int, like: Tensor) -> Tensor:
    """[n, 3, size * size] Gaussian noise; the second of a pair has the first one's."""
    stream = torch.arange(len(cutouts))
    stream[cutouts.pairs[:, 1]] = cutouts.pairs[:, 0]
    owners, stream = stream.unique(return_inverse=True)
    rng = torch.Generator(like.device).manual_seed(cutouts.noise_seed)
    shape = (len(owners), 3, size_px * size_px)
    noise = torch.randn(shape, generator=rng, device=like.device, dtype=like.dtype)
    strength = sent(cutouts.noise, like.device, like.dtype)
    return noise[sent(stream, like.device)] * strength[:, None, None]
