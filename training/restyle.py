"""Drawings as other hands would have drawn them: other colours, ink around shapes, paler, coarser, bent.

A thing is drawn by a dozen families and will be met in others; without this a perceptor learns the families' styles by
heart. Drawings are [n, 4, s, s] in [0, 1], colours premultiplied by alpha.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = torch.tensor([0.299, 0.587, 0.114])
PALER, INKED, COARSER, TURNED_ROUND = 0.25, 0.3, 0.2, 0.08
"""Shares of the drawings: paler, with ink, coarser, with hues of anything."""


def restyled(drawings: Tensor, rng: torch.Generator) -> Tensor:
    """Each of `drawings` in a style of its own."""
    count = len(drawings)
    coarse = F.avg_pool2d(drawings, 3, 1, 1, count_include_pad=False)
    drawings = torch.where(chance(count, COARSER, rng), coarse, drawings)
    colours, alpha = drawings[:, :3], drawings[:, 3:]
    colours = torch.einsum("nij,njhw->nihw", hue_turns(count, rng), colours)
    grey = torch.einsum("i,nihw->nhw", LUMA, colours)[:, None]
    colours = grey + (colours - grey) * (0.2 + 1.2 * uniform(count, rng))
    colours = alpha / 2 + (colours - alpha / 2) * (0.7 + 0.6 * uniform(count, rng))
    colours = colours + alpha * 0.1 * torch.randn(count, 1, 1, 1, generator=rng)
    pale = 0.7 * uniform(count, rng) * chance(count, PALER, rng)
    colours = colours + (alpha - colours) * pale
    drawings = torch.cat([torch.minimum(colours.clamp_min(0), alpha), alpha], 1)
    return torch.where(chance(count, INKED, rng) | (pale > 0.4), inked(drawings, rng), drawings)


def inked(drawings: Tensor, rng: torch.Generator) -> Tensor:
    """With dark lines around the shape and where light and dark meet within it."""
    grown = F.max_pool2d(drawings[:, 3:], 3, 1, 1)
    light = torch.einsum("i,nihw->nhw", LUMA, drawings[:, :3])[:, None] + (1 - drawings[:, 3:])
    edges = F.max_pool2d(light, 3, 1, 1) + F.max_pool2d(-light, 3, 1, 1)
    ink = (edges * (0.5 + 1.5 * uniform(len(drawings), rng))).clamp(0, 1)
    return torch.cat([drawings[:, :3] * (1 - ink), torch.maximum(drawings[:, 3:], grown)], 1)


def tinted(drawings: Tensor, rng: torch.Generator) -> Tensor:
    """Drawings in black, each in a colour of its own; one in three stays dark."""
    colour = torch.rand(len(drawings), 3, 1, 1, generator=rng) * (
        1 - 0.9 * chance(len(drawings), 1 / 3, rng).float()
    )
    return torch.cat([drawings[:, :3] + drawings[:, 3:] * colour, drawings[:, 3:]], 1).clamp(0, 1)


def bent(grid: Tensor, rng: torch.Generator) -> Tensor:
    """A sampling grid [n, h, w, 2] with waves of a few per cent in it."""
    waves = 0.05 * torch.randn(len(grid), 2, 4, 4, generator=rng)
    waves = F.interpolate(waves, grid.shape[1:3], mode="bicubic", align_corners=True)
    return grid + waves.movedim(1, -1)


def hue_turns(count: int, rng: torch.Generator) -> Tensor:
    """[n, 3, 3]: turns of the colours about the grey axis, most of them small."""
    angle = torch.where(
        torch.rand(count, generator=rng) < TURNED_ROUND,
        2 * math.pi * torch.rand(count, generator=rng),
        0.15 * torch.randn(count, generator=rng),
    ).view(-1, 1, 1)
    axis = torch.full((3, 3), 1 / 3)
    across = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / 3**0.5
    return angle.cos() * torch.eye(3) + angle.sin() * across + (1 - angle.cos()) * axis


def chance(count: int, share: float, rng: torch.Generator) -> Tensor:
    """[n, 1, 1, 1]: true for about `share` of them."""
    return torch.rand(count, 1, 1, 1, generator=rng) < share


def uniform(count: int, rng: torch.Generator) -> Tensor:
    """[n, 1, 1, 1] in [0, 1)."""
    return torch.rand(count, 1, 1, 1, generator=rng)
