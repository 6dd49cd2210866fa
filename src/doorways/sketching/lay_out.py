"""A sketch: drawings of what the prompts say, laid over a ground, one thing at a place.

A canvas is divided into squares as nearly as its shape allows, and each shows one thing of the prompt that rules there.
Squares that mirror each other across the middle have their things at mirrored places, equally large: worlds that echo each
other begin so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from doorways.prompts.field import PromptField
from doorways.sketching.book import Sketchbook

SIDES = (0.75, 0.95)
"""Sides of things, as fractions of their squares' sides, drawn uniformly."""


@dataclass(frozen=True)
class Spot:
    """Where one thing stands: the middle and the side of its square in canvas heights, and whether it is mirrored."""

    x: float
    y: float
    side: float
    mirrored: bool


def lay_out(
    ground: Tensor, field: PromptField, texts: Sequence[str], book: Sketchbook, rng: torch.Generator
) -> Tensor:
    """`ground` with things on it.

    Args:
        ground: [1, 3, H, W] in [0, 1].
        field: how much of each prompt is wanted where.
        texts: what each of its prompts says; a prompt without a text, or with one that no drawing is near to, leaves its
            squares empty, and so does a negative one that stands there and outweighs it.
        rng: chooses among drawings, sides and prompts.

    Returns: another picture of the same shape.
    """
    picture, height = ground.clone(), ground.shape[2]
    found = [book.find(text) if text else () for text in texts]
    for spot in spots(field, rng):
        centre = torch.tensor([[spot.x, spot.y]], dtype=torch.float64)
        ruling = int(torch.multinomial(field.shares(centre)[0], 1, generator=rng))
        which = torch.rand((), generator=rng).item()
        if (drawings := found[ruling]) and not _kept_free(field, centre, ruling):
            drawing = book.drawing(drawings[int(which * len(drawings))]).to(ground)
            side = max(1, round(spot.side * height))
            left, top = (round(middle * height - side / 2) for middle in (spot.x, spot.y))
            _lay(picture, drawing.flip(3) if spot.mirrored else drawing, left, top, side)
    return picture


def _kept_free(field: PromptField, centre: Tensor, ruling: int) -> bool:
    """Whether negative prompts that stand at places of their own outweigh the ruling one at `centre` [1, 2]."""
    weights = field.loss_weights(centre)[0]
    against = sum(
        float(weight)
        for prompt, weight in zip(field.prompts, weights, strict=True)
        if prompt.places and weight < 0
    )
    return against < 0 and float(weights[ruling]) + against <= 0


def spots(field: PromptField, rng: torch.Generator) -> list[Spot]:
    """Where things stand: one in each square, or at the prompts' own places where one of them has a y."""
    if field.has_rows:
        places = [site.place for site in field.sites]
        return [
            Spot(
                place.x * field.aspect,
                0.5 if place.y is None else place.y,
                side * 2 * field.spread,
                half < 0.5,
            )
            for place in places
            for side, half in [_drawn(rng)[:2]]
        ]
    columns, rows = max(1, round(field.aspect)), max(1, round(1 / field.aspect))
    width, height = field.aspect / columns, 1 / rows
    standing = []
    for row in range(rows):
        drawn = [_drawn(rng) for _ in range(columns)]
        for column in range(columns):
            twin = columns - 1 - column
            share, half, across, down = drawn[min(column, twin)]
            side, turned = share * min(width, height), column > twin
            x = (column + 0.5) * width + (1 - 2 * turned) * (across - 0.5) * (width - side)
            y = (row + 0.5) * height + (down - 0.5) * (height - side)
            standing.append(Spot(x, y, side, (half < 0.5) != turned))
    return standing


def _drawn(rng: torch.Generator) -> tuple[float, float, float, float]:
    """The side of a thing, and three numbers in [0, 1)."""
    side, *others = torch.rand(4, generator=rng).tolist()
    return SIDES[0] + (SIDES[1] - SIDES[0]) * side, *others


def _lay(picture: Tensor, drawing: Tensor, left: int, top: int, side: int) -> None:
    """Puts a premultiplied drawing [1, 4, s, s] on `picture`, `side` pixels wide; what lies outside is cut off."""
    layer = F.interpolate(drawing, (side, side), mode="bilinear", antialias=True)
    height, width = picture.shape[2:]
    first, last = (max(0, left), max(0, top)), (min(width, left + side), min(height, top + side))
    layer = layer[..., first[1] - top : last[1] - top, first[0] - left : last[0] - left]
    under = picture[..., first[1] : last[1], first[0] : last[0]]
    under.mul_(1 - layer[:, 3:]).add_(layer[:, :3])
