"""The generator's codebook: the corners of a cube within the unit sphere.

A cell's code is the sign of each of its values (Yu et al. 2024, "Language model beats diffusion", look-up free; on the
sphere, Zhao et al. 2024, "Image and video tokenization with binary spherical quantization"): 2^16 codes, of which none
has to be learned, moved or revived, and all are as long.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

WIDTH = 16
TURNED = 0.08
"""The largest share of a picture's signs that are turned in training."""


def corners(width: int = WIDTH) -> Tensor:
    """All codes [2^width, width]: unit vectors whose values are as large, in the order of their signs read as bits."""
    bits = torch.arange(2**width)[:, None] >> torch.arange(width) & 1
    return (2.0 * bits - 1) / width**0.5


def snap(hidden: Tensor) -> tuple[Tensor, Tensor]:
    """The cells of `hidden` [n, d, h, w] as the nearest corners.

    Returns: the codes [n, d, h, w], the gradient passed straight through the signs to the cells as unit vectors; the
        commitment loss, a scalar in [0, 2].
    """
    cells = F.normalize(hidden, dim=1)
    chosen = torch.where(cells >= 0, 1.0, -1.0) / hidden.shape[1] ** 0.5
    commitment = (cells - chosen).square().sum(1).mean()
    return cells + (chosen - cells).detach(), commitment


def disturbed(codes: Tensor, rng: torch.Generator) -> Tensor:
    """`codes` [n, d, h, w] with some signs turned, in each picture another share of them, up to `TURNED`.

    A painter turns single signs: what it finds then has to look like something too, and much like what it came from. No
    gradient goes through a turned sign.
    """
    share = TURNED * torch.rand(len(codes), 1, 1, 1, generator=rng)
    return torch.where(torch.rand(codes.shape, generator=rng) < share, -codes.detach(), codes)


def imbalance(hidden: Tensor) -> Tensor:
    """How far signs are from being free of each other, and as often plus as minus: a scalar in [0, 1], 0 at best.

    The mean square of the first moments of softened signs, and of the second ones off the diagonal.
    """
    soft = torch.tanh(2 * F.normalize(hidden, dim=1) * hidden.shape[1] ** 0.5).movedim(1, -1).flatten(0, -2)
    soft = torch.cat([soft, torch.ones(len(soft), 1)], 1)
    moments = soft.T @ soft / len(soft)
    return (moments - moments.diagonal().diag_embed()).square().sum() / (moments.numel() - len(moments))
