"""A sketch: drawings of what the prompts say, laid over a ground, one thing at a place.

A canvas is divided into squares as nearly as its shape allows, and each shows one thing of a prompt, drawn by the shares
that prompts have in its middle. Squares that mirror each other across the canvas's middle have their things at mirrored
places, equally large: worlds that echo each other begin so.
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
    """Where one thing stands.

    Args:
        x, y: its middle, in canvas heights.
        side: of the thing, in canvas heights.
        mirrored: whether left and right change places in it.
        prompt: whose thing it is, or None where nothing is wanted.
    """

    x: float
    y: float
    side: float
    mirrored: bool
    prompt: int | None


def lay_out(
    ground: Tensor,
    field: PromptField,
    drawings: Sequence[Sequence[int]],
    book: Sketchbook,
    rng: torch.Generator,
) -> Tensor | None:
    """`ground` with things on it.

    Args:
        ground: [1, 3, H, W] in [0, 1].
        field: how much of each prompt is wanted where.
        drawings: which of the book's show each of its prompts; one without any leaves its squares empty, and so does a negative
            one that stands there and outweighs it.
        rng: chooses among prompts, drawings, sides and places.

    Returns: another picture of the same shape, or None where there is nothing to draw.
    """
    picture, (height, width) = ground.clone(), ground.shape[2:]
    things = 0
    for spot in spots(field, rng):
        which = torch.rand((), generator=rng).item()
        if spot.prompt is None or not (found := drawings[spot.prompt]):
            continue
        drawing = book.drawing(found[int(which * len(found))]).to(ground)
        side = max(1, round(spot.side * height))
        left, top = (round(middle * height - side / 2) for middle in (spot.x, spot.y))
        for turn in (-width, 0, width) if field.wraps else (0,):
            _lay(picture, drawing.flip(3) if spot.mirrored else drawing, left + turn, top, side)
        things += 1
    return picture if things else None


def spots(field: PromptField, rng: torch.Generator) -> list[Spot]:
    """Where things stand: one in each square, or at the prompts' own places where one that takes a share has a y."""
    if any(site.place.y is not None for site in field.sites):
        return _at_places(field, rng)
    columns, rows = max(round(field.aspect), len(field.sites)), max(1, round(1 / field.aspect))
    width, height = field.aspect / columns, 1 / rows
    standing = []
    for row in range(rows):
        drawn = [_drawn(rng) for _ in range(columns)]
        for column in range(columns):
            twin = columns - 1 - column
            share, half, across, down = drawn[min(column, twin)]
            side, turned = share * min(width, height), column > twin
            x, y = (column + 0.5) * width, (row + 0.5) * height
            prompt = _ruling(field, torch.tensor([[x, y]], dtype=torch.float64), rng)
            x += (1 - 2 * turned) * (across - 0.5) * (width - side)
            y += (down - 0.5) * (height - side)
            standing.append(Spot(x, y, side, (half < 0.5) != turned, prompt))
    return standing


def _at_places(field: PromptField, rng: torch.Generator) -> list[Spot]:
    """A thing at each place of a prompt that takes a share, as large as prompts reach and the canvas allows."""
    most = min(2 * field.spread, 1.0, field.aspect)
    standing = []
    for site in field.sites:
        share, half, _, _ = _drawn(rng)
        y = 0.5 if site.place.y is None else site.place.y
        standing.append(Spot(site.place.x * field.aspect, y, share * most, half < 0.5, site.prompt))
    return standing


def _ruling(field: PromptField, centre: Tensor, rng: torch.Generator) -> int | None:
    """A prompt drawn by the shares at `centre` [1, 2]; None where negative ones that stand there outweigh it."""
    ruling = int(torch.multinomial(field.shares(centre)[0], 1, generator=rng))
    weights = field.loss_weights(centre)[0].tolist()
    pairs = zip(field.prompts, weights, strict=True)
    against = sum(weight for prompt, weight in pairs if prompt.places and weight < 0)
    return None if against and weights[ruling] + against <= 0 else ruling


def _drawn(rng: torch.Generator) -> tuple[float, float, float, float]:
    """The side of a thing, and three numbers in [0, 1)."""
    side, half, across, down = torch.rand(4, generator=rng).tolist()
    return SIDES[0] + (SIDES[1] - SIDES[0]) * side, half, across, down


def _lay(picture: Tensor, drawing: Tensor, left: int, top: int, side: int) -> None:
    """Puts a premultiplied drawing [1, 4, s, s] on `picture`, `side` pixels wide; what lies outside is cut off."""
    height, width = picture.shape[2:]
    first, last = (max(0, left), max(0, top)), (min(width, left + side), min(height, top + side))
    if first[0] >= last[0] or first[1] >= last[1]:
        return
    layer = F.interpolate(drawing, (side, side), mode="bilinear", antialias=True)
    layer = layer[..., first[1] - top : last[1] - top, first[0] - left : last[0] - left]
    under = picture[..., first[1] : last[1], first[0] : last[0]]
    under.mul_(1 - layer[:, 3:]).add_(layer[:, :3])
