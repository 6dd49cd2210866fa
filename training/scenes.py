"""Scenes: things composed over scenery, in batches, each with its words.

Every draw comes from one torch generator, so that a resumed training sees what an uninterrupted one would.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.fetch import WORK

COLOURS = {
    "red": (205, 40, 40), "orange": (245, 140, 40), "yellow": (250, 215, 60), "green": (70, 160, 60),
    "blue": (50, 110, 210), "purple": (130, 70, 190), "pink": (245, 140, 185), "brown": (125, 80, 45),
    "black": (30, 30, 35), "white": (245, 245, 245), "grey": (140, 140, 145),
}  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """Pictures [n, 3, s, s] in [0, 1]; `labels` [n, 3] places in the list of names (-1: none) with `shares` [n, 3]
    that sum to one; a caption for each.
    """

    pictures: Tensor
    labels: Tensor
    shares: Tensor
    captions: list[str]


def read_rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


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
        split: `trained`, `large` (fewer, from near), or `held_out`: families and photographs that nothing is trained on.
        source_px: side of the drawings that are pasted (their full size is 96, of `large` 192).
        names: the list that labels point into; by default all names of drawings and scenery, sorted.
    """

    def __init__(
        self, split: str = "trained", *, source_px: int = 48, names: list[str] | None = None
    ) -> None:
        drawings, scenery = read_rows(WORK / f"{split}.jsonl"), read_rows(WORK / "scenery.jsonl")
        kept = [i for i, row in enumerate(scenery) if row["held_out"] == (split == "held_out")]
        self.drawings = shrink(np.load(WORK / f"{split}.npy"), source_px)
        backgrounds = torch.from_numpy(np.load(WORK / "scenery.npy")[kept]).permute(0, 3, 1, 2)
        self.backgrounds = F.interpolate(
            backgrounds.float(), scale_factor=min(source_px / 96, 1.0), mode="area"
        ).to(torch.uint8)
        self.drawing_names = [row["name"] for row in drawings]
        self.background_names = [scenery[i]["names"] for i in kept]
        self.names = names or sorted(
            {*self.drawing_names, *(n for row in self.background_names for n in row)}
        )
        self.place = {name: i for i, name in enumerate(self.names)}
        self.weights = torch.tensor([row["weight"] for row in drawings])
        self.colours = [main_colour(drawing) for drawing in self.drawings]

    def draw(
        self,
        count: int,
        side_px: int,
        rng: torch.Generator,
        *,
        bare: float = 0.2,
        second: float = 0.3,
        near: float = 1.0,
    ) -> Batch:
        """A batch of `count` scenes; a share `bare` shows scenery alone, a share `second` of the others two things.

        `near` > 1 brings things up to that many times nearer, so that the picture shows a part of them.
        """
        chance = random.Random(int(torch.randint(2**62, (), generator=rng)))
        pictures = self.draw_backgrounds(count, side_px, rng)
        behind = [chance.choice(self.background_names[i]) if i >= 0 else None for i in self.last_backgrounds]
        has_first = (torch.rand(count, generator=rng) >= bare) | torch.tensor(
            [name is None for name in behind]
        )
        has_second = has_first & (torch.rand(count, generator=rng) < second)
        labels, shares, names = torch.full((count, 3), -1), torch.zeros(count, 3), []
        chosen = torch.multinomial(self.weights, 2 * count, replacement=True, generator=rng).view(2, count)
        for slot, present in enumerate((has_first, has_second)):
            scale = (0.55 + 0.75 * torch.rand(count, generator=rng)) * (0.55 if slot else 1.0)
            scale = torch.where(has_second, scale * (1.0 if slot else 0.7), scale)
            scale = scale * near ** torch.rand(count, generator=rng)
            pictures = self.paste(pictures, chosen[slot], scale, present, rng)
            shares[:, slot] = present * (0.3 if slot else 0.7)
        for i in range(count):
            first, other = (
                self.drawing_names[int(row[i])] if present[i] else None
                for row, present in zip(chosen, (has_first, has_second), strict=True)
            )
            for slot, name in enumerate((first, other, behind[i])):
                labels[i, slot] = -1 if name is None else self.place[name]
            shares[i, 2] = 0.0 if behind[i] is None else (0.2 if first else 1.0)
            names.append(caption(chance, first, self.colours[int(chosen[0, i])], other, behind[i]))
        return Batch(pictures.clamp(0, 1), labels, shares / shares.sum(1, keepdim=True), names)

    def draw_backgrounds(self, count: int, side_px: int, rng: torch.Generator) -> Tensor:
        """Crops of scenery (three in five), gradients and plain colours; `last_backgrounds` tells which, -1: unnamed."""
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
        self.last_backgrounds = torch.where(named, chosen, -1).tolist()
        return torch.where(named[:, None, None, None], crops, plain)

    def paste(
        self, pictures: Tensor, chosen: Tensor, scale: Tensor, present: Tensor, rng: torch.Generator
    ) -> Tensor:
        """Pastes drawings at a side of `scale` times the picture's, somewhere, flipped at times, in a little other light."""
        count, _, side_px, _ = pictures.shape
        angle = torch.randn(count, generator=rng) * 0.12
        flip = torch.where(torch.rand(count, generator=rng) < 0.3, -1.0, 1.0)
        reach = (1.15 - scale).abs().clamp_min(0.1)
        shift = (2 * torch.rand(count, 2, generator=rng) - 1) * reach[:, None]
        cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
        theta = torch.stack(
            [flip * cos, -flip * sin, torch.zeros(count), sin, cos, torch.zeros(count)], 1
        ).view(count, 2, 3)
        theta[:, :, 2] = -(theta[:, :, :2] @ shift[:, :, None])[..., 0]
        grid = F.affine_grid(theta, [count, 4, side_px, side_px], align_corners=False)
        layer = F.grid_sample(self.drawings[chosen].float() / 255, grid, align_corners=False)
        light = (
            1
            + 0.12 * torch.randn(count, 1, 1, 1, generator=rng)
            + 0.05 * torch.randn(count, 3, 1, 1, generator=rng)
        )
        layer = layer * present[:, None, None, None]
        return pictures * (1 - layer[:, 3:]) + (layer[:, :3] * light).clamp(0, 1)


def caption(
    chance: random.Random, first: str | None, colour: str, other: str | None, behind: str | None
) -> str:
    """A small grammar of what, in which colour, with what, and where."""
    if first is None:
        return chance.choice(["{}", "a picture of {}", "{} landscape"]).format(behind)
    text = f"a {colour} {first}" if chance.random() < 0.3 else chance.choice([first, f"a {first}"])
    if other is not None and chance.random() < 0.8:
        text += chance.choice([" and a ", " with a ", " beside a "]) + other
    if behind is not None and chance.random() < 0.7:
        text += chance.choice([" in front of ", " with ", " and "]) + behind
    return text
