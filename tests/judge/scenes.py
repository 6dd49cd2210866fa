"""Pictures made to be high or low on a measure, and a perceptor that sees their colours."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize

from tests.colours import NAMES, Colours

RED, GREEN, BLUE, GREY = (0.9, 0.1, 0.1), (0.1, 0.9, 0.1), (0.1, 0.1, 0.9), (0.5, 0.5, 0.5)


class Painter(Colours):
    """Knows three colours by name; every other word is a colour near grey, each its own."""

    def embed_texts(self, texts: list[str]) -> Tensor:
        """The colour that a text ends in, else one near grey that its letters decide."""
        return torch.cat([self._word(text) for text in texts])

    def _word(self, text: str) -> Tensor:
        if text.split()[-1] in NAMES:
            return torch.tensor([NAMES[text.split()[-1]]])
        rng = torch.Generator().manual_seed(sum(map(ord, text)))
        return normalize(torch.ones(1, 3) + 0.5 * torch.randn(1, 3, generator=rng), dim=1)


EYES = Painter("c0105")


def plain(colour: tuple[float, float, float] = GREY, width: int = 128, height: int = 64) -> Tensor:
    """A picture [1, 3, height, width] of one colour."""
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, height, width).clone()


def beside(*pictures: Tensor) -> Tensor:
    """Pictures side by side."""
    return torch.cat(pictures, 3)


def melting(left: tuple[float, float, float], right: tuple[float, float, float]) -> Tensor:
    """Two colours on a 2:1 canvas that give way to each other as the prompt field wants it."""
    share = (((torch.arange(128) + 0.5) / 128 - 0.25) / 0.5).clamp(0, 1)
    return torch.lerp(plain(left), plain(right), share)


def discs(
    picture: Tensor,
    *places: tuple[float, float],
    colour: tuple[float, float, float] = GREEN,
    radius: float = 0.18,
) -> Tensor:
    """Discs at places (x in heights, y) on a picture."""
    height, width = picture.shape[-2:]
    y, x = torch.meshgrid(
        (torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / height, indexing="ij"
    )
    painted = picture.clone()
    for across, down in places:
        inside = (x - across).square() + (y - down).square() < radius**2
        painted[..., inside] = torch.tensor(colour).view(1, 3, 1)
    return painted


def waves(periods: float, width: int = 192, height: int = 64) -> Tensor:
    """Colours that run round the wheel so many times from left to right."""
    angle = (torch.arange(width) + 0.5) / width * periods * 2 * math.pi
    channels = [0.5 + 0.4 * torch.cos(angle + shift * 2 * math.pi / 3) for shift in range(3)]
    return torch.stack(channels)[None, :, None].expand(1, 3, height, width).clone()
