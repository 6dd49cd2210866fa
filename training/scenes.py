"""Scenes: things composed over scenery, in batches, each with its words.

Every draw comes from one torch generator, so that a resumed training sees what an uninterrupted one would.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.drawings import BORROWED
from training.fetch import WORK
from training.restyle import bent, restyled, tinted

COLOURS = {
    "red": (205, 40, 40), "orange": (245, 140, 40), "yellow": (250, 215, 60), "green": (70, 160, 60),
    "blue": (50, 110, 210), "purple": (130, 70, 190), "pink": (245, 140, 185), "brown": (125, 80, 45),
    "black": (30, 30, 35), "white": (245, 245, 245), "grey": (140, 140, 145),
}  # fmt: skip
TIMES = {
    ("at night", "under a night sky"): (0.38, 0.42, 0.7), ("at sunset", "in the evening"): (1.1, 0.72, 0.5),
    ("at dawn", "in the early morning"): (1.0, 0.85, 0.95), ("at noon", "in bright sunlight"): (1.2, 1.2, 1.1),
}  # fmt: skip
"""What a time of day is called, and what it does to red, green and blue."""
NUMBERS = {2: "two", 3: "three"}


@dataclass(frozen=True)
class Batch:
    """Scenes with their words.

    Args:
        pictures: [n, 3, s, s] in [0, 1].
        labels: [n, 4] places in the list of names of the three things and of what is behind; -1: none or unknown.
        shares: [n, 4], how much of the scene each is; rows sum to one, 0: not there.
        captions: a sentence for each.
        drawn: [n], which drawing is the first thing, -1: none.
    """

    pictures: Tensor
    labels: Tensor
    shares: Tensor
    captions: list[str]
    drawn: Tensor


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a manifest, one JSON object a line."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def concept_names(split: str, folder: Path = WORK) -> list[str]:
    """All names of the drawings of `split` and of the scenery that goes with it, sorted."""
    scenery = read_rows(folder / "scenery.jsonl")
    behind = [row["names"] for row in scenery if row["held_out"] == (split == "held_out")]
    return sorted(
        {row["name"] for row in read_rows(folder / f"{split}.jsonl")} | {n for names in behind for n in names}
    )


def shrink(rgba: np.ndarray, side: int) -> Tensor:
    """uint8 [n, s, s, 4] -> uint8 [n, 4, side, side], colours premultiplied by alpha."""
    parts = []
    for start in range(0, len(rgba), 1024):
        part = torch.from_numpy(rgba[start : start + 1024].astype(np.float32)).permute(0, 3, 1, 2)
        part[:, :3] *= part[:, 3:] / 255
        parts.append(F.adaptive_avg_pool2d(part, side).round().to(torch.uint8))
    return torch.cat(parts)


def main_colour(rgba: Tensor) -> str:
    """The colour word nearest to the mean of a drawing's (premultiplied) pixels that are not grey."""
    pixels = rgba.float().flatten(1)
    colours, alpha = pixels[:3], pixels[3]
    lively = (colours.amax(0) - colours.amin(0)) * (alpha > 128)
    weight = lively if lively.sum() > 20 * (alpha > 128).sum() else (alpha > 128).float()
    mean = (colours * weight).sum(1) / weight.sum().clamp_min(1)
    return min(COLOURS, key=lambda word: float((mean - torch.tensor(COLOURS[word])).square().sum()))


class Scenes:
    """Draws batches of scenes.

    Args:
        split: `trained`, `large` (fewer, from near), or `held_out`: families and photographs that nothing is
            trained on.
        source_px: side of the drawings that are pasted (their full size is 96, of `large` 192).
        names: the list that labels point into; by default all names of drawings and scenery, sorted.
        folder: where `render.py` and `scenery.py` have written.
    """

    def __init__(
        self,
        split: str = "trained",
        *,
        source_px: int = 48,
        names: list[str] | None = None,
        folder: Path = WORK,
    ) -> None:
        drawings, scenery = read_rows(folder / f"{split}.jsonl"), read_rows(folder / "scenery.jsonl")
        kept = [i for i, row in enumerate(scenery) if row["held_out"] == (split == "held_out")]
        self.drawings = shrink(np.load(folder / f"{split}.npy"), source_px)
        backgrounds = torch.from_numpy(np.load(folder / "scenery.npy")[kept]).permute(0, 3, 1, 2)
        self.backgrounds = F.interpolate(
            backgrounds.float(), scale_factor=min(source_px / 96, 1.0), mode="area"
        ).to(torch.uint8)
        self.drawing_names = [row["name"] for row in drawings]
        self.background_names = [scenery[i]["names"] for i in kept]
        self.names = names or concept_names(split, folder)
        self.place = {name: i for i, name in enumerate(self.names)}
        self.weights = torch.tensor([row["weight"] for row in drawings])
        black = self.drawings[:, :3].amax((1, 2, 3)) < 40
        self.in_ink = black & torch.tensor([row["family"] in BORROWED for row in drawings])
        self.colours = [main_colour(drawing) for drawing in self.drawings]

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that tell these drawings, grounds and names from others."""
        words = [self.drawing_names, self.background_names, self.names, self.weights.tolist()]
        found = hashlib.sha256(json.dumps(words).encode())
        for pixels in (self.drawings, self.backgrounds):
            found.update(pixels.numpy().tobytes())
        return found.hexdigest()[:16]

    def draw(
        self,
        count: int,
        side_px: int,
        rng: torch.Generator,
        *,
        bare: float = 0.2,
        second: float = 0.3,
        third: float = 0.0,
        repeated: float = 0.0,
        lit: float = 0.0,
        near: float = 1.0,
        paper: float = 0.0,
        restyle: bool = False,
    ) -> Batch:
        """A batch of `count` scenes; of those before scenery a share `bare` shows it alone.

        A share `second` of the others shows two things, a share `third` of those three, and in a share `repeated` of those
        it is the same drawing each time; a share `lit` of all is seen at another time of day. `near` > 1 brings things up
        to that many times nearer, so that the picture shows a part of them. A share `paper` of what is behind is white
        instead. With `restyle` things look as other hands would have drawn them (`restyle.py`), and of those that this
        tints no colour is said.
        """
        chance = random.Random(int(torch.randint(2**62, (), generator=rng)))
        pictures, backgrounds = self.draw_backgrounds(count, side_px, rng)
        white = torch.rand(count, generator=rng) < paper
        pictures[white] = 1.0
        backgrounds = [-1 if plain else i for i, plain in zip(backgrounds, white.tolist(), strict=True)]
        behind = [chance.choice(self.background_names[i]) if i >= 0 else None for i in backgrounds]
        unnamed = torch.tensor([name is None for name in behind])
        first = (torch.rand(count, generator=rng) >= bare) | unnamed
        two = first & (torch.rand(count, generator=rng) < second)
        present = (first, two, two & (torch.rand(count, generator=rng) < third))
        chosen = torch.multinomial(self.weights, 3 * count, replacement=True, generator=rng).view(3, count)
        chosen = torch.where(torch.rand(count, generator=rng) < repeated, chosen[0], chosen)
        places = []
        for slot, there in enumerate(present):
            scale = (0.55 + 0.75 * torch.rand(count, generator=rng)) * (
                0.55 if slot else torch.where(two, 0.7, 1.0)
            )
            scale = scale * near ** torch.rand(count, generator=rng)
            places.append(self._put(pictures, chosen[slot], there, scale, rng, restyle=restyle))
        shown = [
            [self.drawing_names[i] if seen else None for i, seen in zip(*pair, strict=True)]
            for pair in zip(chosen.tolist(), torch.stack(present).tolist(), strict=True)
        ]
        rows = list(zip(*shown, behind, strict=True))
        times = [chance.choice(list(TIMES)) if chance.random() < lit else None for _ in range(count)]
        light = torch.tensor([TIMES[time] if time else (1.0, 1.0, 1.0) for time in times])
        captions = [
            caption(
                chance,
                [name for name in row[:3] if name],
                row[3],
                colour=None if restyle and self.in_ink[drawing] else self.colours[drawing],
                where=whereabouts(*place),
                time=chance.choice(time) if time else None,
            )
            for row, drawing, place, time in zip(
                rows, chosen[0].tolist(), places[0].tolist(), times, strict=True
            )
        ]
        labels = torch.tensor([[self.place.get(name, -1) if name else -1 for name in row] for row in rows])
        drawn = torch.where(first, chosen[0], -1)
        pictures = (pictures * light[:, :, None, None]).clamp(0, 1)
        return Batch(pictures, labels, shares_of(rows), captions, drawn)

    def _put(
        self,
        pictures: Tensor,
        chosen: Tensor,
        there: Tensor,
        scale: Tensor,
        rng: torch.Generator,
        *,
        restyle: bool,
    ) -> Tensor:
        """Pastes those of the drawings `chosen` [n] into `pictures` that are `there` [n]; gives their places (`paste`)."""
        reach = (1.15 - scale).abs().clamp_min(0.1)
        shift = (2 * torch.rand(len(scale), 2, generator=rng) - 1) * reach[:, None]
        if len(rows := there.nonzero()[:, 0]):
            pictures[rows] = self.paste(
                pictures[rows], chosen[rows], scale[rows], shift[rows], rng, restyle=restyle
            )
        return shift

    def draw_backgrounds(self, count: int, side_px: int, rng: torch.Generator) -> tuple[Tensor, list[int]]:
        """Crops of scenery (three in five), gradients and plain colours; and which scenery each is, -1: none."""
        chosen = torch.randint(len(self.backgrounds), (count,), generator=rng)
        source = self.backgrounds[chosen].float() / 255
        scale = 0.45 + 0.55 * torch.rand(count, generator=rng)
        theta = torch.zeros(count, 2, 3)
        theta[:, 0, 0] = scale / 2 * torch.where(torch.rand(count, generator=rng) < 0.5, -1.0, 1.0)
        theta[:, 1, 1] = scale
        theta[:, 0, 2] = (2 * torch.rand(count, generator=rng) - 1) * (1 - scale / 2)
        theta[:, 1, 2] = (2 * torch.rand(count, generator=rng) - 1) * (1 - scale)
        grid = F.affine_grid(theta, [count, 3, side_px, side_px], align_corners=False)
        crops = F.grid_sample(source, grid, padding_mode="border", align_corners=False)
        ends = torch.rand(count, 3, 2, 1, generator=rng) ** 0.7
        ends = torch.where(torch.rand(count, 1, 1, 1, generator=rng) < 0.3, ends[:, :, :1], ends)
        plain = F.interpolate(ends, (side_px, side_px), mode="bilinear", align_corners=True)
        named = torch.rand(count, generator=rng) < 0.6
        pictures = torch.where(named[:, None, None, None], crops, plain)
        return pictures, torch.where(named, chosen, -1).tolist()

    def paste(
        self,
        pictures: Tensor,
        chosen: Tensor,
        scale: Tensor,
        shift: Tensor,
        rng: torch.Generator,
        *,
        restyle: bool = False,
    ) -> Tensor:
        """Pastes the drawings `chosen` [n] at a side of `scale` [n] times the picture's.

        Their middles are `shift` [n, 2] away from the picture's, in halves of its side; they are a little turned,
        flipped at times, in a little other light; with `restyle` stretched, bent and drawn otherwise besides.
        """
        count, _, side_px, _ = pictures.shape
        angle = torch.randn(count, generator=rng) * (0.2 if restyle else 0.12)
        flip = torch.where(torch.rand(count, generator=rng) < 0.3, -1.0, 1.0)
        theta = picture_to_drawing(angle, flip, scale, shift, stretches(count, rng) if restyle else None)
        grid = F.affine_grid(theta, [count, 4, side_px, side_px], align_corners=False)
        drawings = self.drawings[chosen].float() / 255
        if restyle:
            in_ink = self.in_ink[chosen].view(-1, 1, 1, 1)
            drawings = restyled(torch.where(in_ink, tinted(drawings, rng), drawings), rng)
            grid = bent(grid, rng)
        layer = F.grid_sample(drawings, grid, align_corners=False)
        light = (
            1
            + 0.12 * torch.randn(count, 1, 1, 1, generator=rng)
            + 0.05 * torch.randn(count, 3, 1, 1, generator=rng)
        )
        return pictures * (1 - layer[:, 3:]) + (layer[:, :3] * light).clamp(0, 1)


def stretches(count: int, rng: torch.Generator) -> Tensor:
    """[n, 2, 2]: wider or higher, and slanted, by some ten per cent."""
    wider = (0.12 * torch.randn(count, generator=rng)).exp()
    slant, zero = 0.1 * torch.randn(count, generator=rng), torch.zeros(count)
    return torch.stack([wider, slant, zero, 1 / wider], 1).view(-1, 2, 2)


def picture_to_drawing(
    angle: Tensor, flip: Tensor, scale: Tensor, shift: Tensor, stretch: Tensor | None = None
) -> Tensor:
    """Affine maps [n, 2, 3] from places in the picture to places in the drawing, both in [-1, 1].

    `shift` [n, 2] is where the drawing's middle is; `stretch` [n, 2, 2] is done to the picture first.
    """
    zero = torch.zeros(len(angle))
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    theta = torch.stack([flip * cos, -flip * sin, zero, sin, cos, zero], 1).view(-1, 2, 3)
    if stretch is not None:
        theta[:, :, :2] = theta[:, :, :2] @ stretch
    theta[:, :, 2] = -(theta[:, :, :2] @ shift[:, :, None])[..., 0]
    return theta


def shares_of(rows: Sequence[Sequence[str | None]]) -> Tensor:
    """How much of each scene its three things and what is behind them are: [n, 4], rows sum to one."""
    shares = torch.tensor(
        [
            [0.7, 0.3 * (second is not None), 0.2 * (third is not None), 0.2 * (behind is not None)]
            if first is not None
            else [0.0, 0.0, 0.0, 1.0]
            for first, second, third, behind in rows
        ]
    )
    return shares / shares.sum(1, keepdim=True)


def whereabouts(x: float, y: float) -> str | None:
    """What to call the place (x, y) in [-1, 1], seen from the middle; None for the middle itself."""
    if max(abs(x), abs(y)) < 0.3:
        return None
    if abs(x) >= abs(y):
        return "on the right" if x > 0 else "on the left"
    return "at the bottom" if y > 0 else "at the top"


def plural(name: str) -> str:
    """More than one of it.

    >>> plural("castle"), plural("fox"), plural("cherry")
    ('castles', 'foxes', 'cherries')
    """
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def caption(
    chance: random.Random,
    things: Sequence[str],
    behind: str | None,
    *,
    colour: str | None,
    where: str | None = None,
    time: str | None = None,
) -> str:
    """A small grammar of what, how many, in which colour, where, with what, in front of what, and when.

    "two red castles on the left and a tree in front of hills at night". `colour` and `where` are the first thing's; None
    is never said.
    """
    if not things:
        text = chance.choice(["{}", "a picture of {}", "{} landscape"]).format(behind)
        return f"{text} {time}" if time else text
    first, others = things[0], [thing for thing in things[1:] if thing != things[0]]
    number = len(things) - len(others)
    hue = f"{colour} " if chance.random() < 0.3 and colour else ""
    if number > 1:
        text = f"{NUMBERS[number]} {hue}{plural(first)}"
    else:
        text = f"a {hue}{first}" if hue else chance.choice([first, f"a {first}"])
    if where is not None and chance.random() < 0.3:
        text += f" {where}"
    for other in others:
        if chance.random() < 0.8:
            text += chance.choice([" and a ", " with a ", " beside a "]) + other
    if behind is not None and chance.random() < 0.7:
        text += chance.choice([" in front of ", " with ", " and "]) + behind
    return f"{text} {time}" if time else text
