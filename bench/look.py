"""A second opinion: how a perceptor that did not paint sees a picture, on pieces that were not used in painting.

The pieces are a fixed grid of upright squares, undistorted, cut and resized here and not by the engine's sampler. They
stand in mirrored pairs, and no pair overlaps: near the axis both would show the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from doorways.objectives import targets
from doorways.perceptors import Perceptor
from doorways.prompts import parse_prompts
from doorways.prompts.field import PromptField

SIZES = (0.5, 0.66, 0.9)
"""Sides of the pieces, in canvas heights."""
ACROSS, DOWN = 3, 3
"""At most so many places of each size, on each half and from top to bottom."""


@dataclass(frozen=True)
class Square:
    """A piece: its middle and its side, in canvas heights."""

    x: float
    y: float
    side: float


def pairs(aspect: float) -> tuple[Square, ...]:
    """The left squares of all pairs on a canvas `aspect` heights wide; a pair's right one has `aspect - x`."""
    squares = []
    for side in SIZES:
        room = aspect / 2 - side  # for the left edge of a square that stays on the left half
        if room < 0:
            continue
        lefts = torch.linspace(0, room, ACROSS if room > 0 else 1).tolist()
        tops = torch.linspace(0, 1 - side, DOWN).tolist()
        squares += [Square(left + side / 2, top + side / 2, side) for left in lefts for top in tops]
    return tuple(squares)


def crop(picture: Tensor, square: Square, size_px: int) -> Tensor:
    """The square [1, 3, size_px, size_px] of a picture [1, 3, H, W], resized with antialiasing."""
    height = picture.shape[-2]
    side = max(1, round(square.side * height))
    left = min(max(0, round((square.x - square.side / 2) * height)), picture.shape[-1] - side)
    top = min(max(0, round((square.y - square.side / 2) * height)), height - side)
    piece = picture[..., top : top + side, left : left + side]
    return F.interpolate(piece, (size_px, size_px), mode="bilinear", antialias=True).clamp(0, 1)


@torch.no_grad()
def embed(perceptor: Perceptor, picture: Tensor, squares: tuple[Square, ...]) -> Tensor:
    """Unit vectors [n, d] of the squares of a picture."""
    return perceptor.embed_pictures(torch.cat([crop(picture, one, perceptor.size_px) for one in squares]))


@dataclass(frozen=True, eq=False)
class Look:
    """How the second perceptor sees one painting of two prompts, left and right.

    Attributes:
        left: unit vectors [p, d] of the pairs' left squares, as they are.
        right: of the right ones, as they are.
        twin: of the right ones, mirrored.
        squares: the left squares.
        aspect: width of the canvas in heights.
        words: the two prompts' unit vectors [2, d].
    """

    left: Tensor
    right: Tensor
    twin: Tensor
    squares: tuple[Square, ...]
    aspect: float
    prompts: str
    words: Tensor

    @classmethod
    def at(cls, picture: Tensor, prompts: str, perceptor: Perceptor) -> Look:
        """Looks at `picture`, painted of `prompts` ("left | right")."""
        aspect = picture.shape[-1] / picture.shape[-2]
        squares, flipped = pairs(aspect), picture.flip(-1)
        right = tuple(Square(aspect - one.x, one.y, one.side) for one in squares)
        words = perceptor.embed_texts([prompt.text for prompt in parse_prompts(prompts)])
        return cls(
            embed(perceptor, picture, squares),
            embed(perceptor, picture, right),
            embed(perceptor, flipped, squares),
            squares,
            aspect,
            prompts,
            words,
        )

    @cached_property
    def residuals(self) -> tuple[Tensor, Tensor]:
        """E - T of the left squares and of their mirrored twins, T what the prompt field wants there."""
        field = PromptField(parse_prompts(self.prompts), aspect=self.aspect)
        here = torch.tensor([[one.x, one.y] for one in self.squares])
        there = torch.tensor([[self.aspect - one.x, one.y] for one in self.squares])
        return (
            self.left - targets(field.shares(here), self.words),
            self.twin - targets(field.shares(there), self.words),
        )

    def agreement(self, mean: Tensor) -> tuple[float, float]:
        """Correlation of residuals less `mean` [d]: of mirrored squares, and of squares of other pairs.

        The second says how much of the first is not about places: of one size, each left square against the twins of
        the others.
        """
        left, twin = (F.normalize(part - mean, dim=1) for part in self.residuals)
        cosines = left @ twin.T
        sides = torch.tensor([one.side for one in self.squares])
        others = (sides[:, None] == sides) & ~torch.eye(len(sides), dtype=torch.bool)
        return float(cosines.diagonal().mean()), float(cosines[others].mean())

    def match(self, others: Tensor) -> float:
        """Cosine to the own prompt less the mean cosine to `others` [k, d], over both halves."""
        halves = [
            part @ word - (part @ others.T).mean(1)
            for part, word in zip((self.left, self.right), self.words, strict=True)
        ]
        return float(torch.cat(halves).mean())

    def sides(self) -> tuple[float, float]:
        """How much closer the leftmost third is to the left prompt than the rightmost, and the reverse."""
        outer = [
            rank for rank, one in enumerate(self.squares) if one.x + one.side / 2 <= self.aspect / 3 + 1e-6
        ]
        left, right = ((part[outer] @ self.words.T).mean(0) for part in (self.left, self.right))
        return float(left[0] - right[0]), float(right[1] - left[1])


def tone_agreement(picture: Tensor, *, rows: int = 12) -> float:
    """Pearson correlation of grey means over square tiles, `rows` from top to bottom, of one half and the mirrored other."""
    grey = picture.mean(1, keepdim=True)
    columns = 2 * max(1, round(rows * picture.shape[-1] / picture.shape[-2] / 2))
    tiles = F.adaptive_avg_pool2d(grey, (rows, columns))[0, 0]
    left, right = tiles[:, : columns // 2].flatten(), tiles.flip(1)[:, : columns // 2].flatten()
    return float(torch.corrcoef(torch.stack([left, right]))[0, 1])
