"""What the embedded generator keeps of pictures, and how many of its codes it uses: a part of `bench.embedded`.

2,000 scenes of held-out drawings over held-out photographs, one or two things each, are encoded and decoded. At
64 px most things and photographs are shrunk, so that all their detail falls on few cells; at 128 px most are enlarged a
little, since both are kept at 96 px. PSNR is of the squared error over all pictures; beside it stands that of the same scenes
shrunk as far as a cell is wide, and enlarged again. Codes: how many of them the scenes of 64 px use, these 2,000, which have
two cells for each, and ten times as many; the perplexity says how evenly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from doorways.generators import vqgan
from training.scenes import Scenes

SCENE_SIDES, SCENES, MORE = (64, 128), 2000, 10
"""Sides in pixels of the scenes that the generator is measured on, how many they are, and of which multiple its codes are
counted besides: 2,000 scenes of 64 px have two cells for each code, too few to use them all.
"""
BATCH, SEED = 128, 0

Figures = dict[str, Any]


def held_out_scenes(count: int, side_px: int) -> Iterator[Tensor]:
    """`count` scenes of held-out drawings over held-out photographs: no gradients, no scenery alone.

    In parts [n, 3, side, side] of at most `BATCH`.
    """
    scenes, rng = Scenes("held_out", source_px=96), torch.Generator().manual_seed(SEED)
    while count > 0:
        batch = scenes.draw(BATCH, side_px, rng, bare=0.0)
        part = batch.pictures[(batch.shares[:, 0] > 0) & (batch.shares[:, -1] > 0)][:count]
        yield part
        count -= len(part)


def squared_errors(made: Tensor, real: Tensor) -> Tensor:
    """The mean [n] of each picture's squared error."""
    return (made - real).square().mean((1, 2, 3))


def decibels(squared_error: Tensor) -> float:
    """PSNR of values in [0, 1]."""
    return round(float(-10 * torch.log10(squared_error)), 2)


@torch.inference_mode()
def measure_rebuilding(generator: vqgan.VQGAN, scenes: Iterable[Tensor]) -> Figures:
    """PSNR of what the generator makes of `scenes`, and of what is left of them when they are shrunk as far as it does."""
    errors, blurred = [], []
    for part in scenes:
        errors.append(squared_errors(generator.decode(generator.encode(part)), part))
        small = F.avg_pool2d(part, generator.factor)
        blur = F.interpolate(small, scale_factor=generator.factor, mode="bicubic")
        blurred.append(squared_errors(blur.clamp(0, 1), part))
    each = torch.cat(errors)
    return {
        "psnr_db": decibels(each.mean()), "psnr_db_median": decibels(each.median()),
        "psnr_db_of_a_blur": decibels(torch.cat(blurred).mean()),
    }  # fmt: skip


@torch.inference_mode()
def measure_codes(
    generator: vqgan.VQGAN, scenes: Iterable[Tensor], counts: Iterable[int]
) -> dict[str, Figures]:
    """How many codes the first so many of `scenes` use, for each of `counts`."""
    latents = torch.cat([generator.encode(part) for part in scenes])
    found = {}
    for count in counts:
        cells = latents[:count].movedim(1, -1).flatten(0, 2)
        uses = cells.unique(dim=0, return_counts=True)[1].double()
        perplexity = torch.special.entr(uses / uses.sum()).sum().exp()
        found[str(count)] = {
            "cells": len(cells), "share": round(len(uses) / len(generator.codes), 4), "perplexity": round(float(perplexity)),
        }  # fmt: skip
    return found


def measure_generator(generator: vqgan.VQGAN, count: int) -> Figures:
    """PSNR on `count` scenes of each of `SCENE_SIDES`, and the codes that `count` and `MORE` times as many use."""
    return {
        "factor": generator.factor, "scenes": count,
        "rebuilt": {
            str(side): measure_rebuilding(generator, held_out_scenes(count, side)) for side in SCENE_SIDES
        },
        "codes": len(generator.codes), "code_scenes_px": SCENE_SIDES[0],
        "used": measure_codes(generator, held_out_scenes(MORE * count, SCENE_SIDES[0]), (count, MORE * count)),
    }  # fmt: skip


@torch.inference_mode()
def walks(generator: vqgan.VQGAN, count: int = 8, side: int = 16, nearest_of: int = 21) -> Tensor:
    """Pictures [count, 3, h, w] of random walks in the codebook.

    From cell to cell the walk goes to one of the codes nearest to the mean of the cells above and to the left: to one
    of the nearest in `nearest_of` of them all.
    """
    codes, rng = generator.codes, torch.Generator().manual_seed(SEED)
    near = len(codes) // nearest_of
    grid = torch.zeros(count, side, side, codes.shape[1])
    for y in range(side):
        for x in range(side):
            before = [grid[:, y - 1, x]] * (y > 0) + [grid[:, y, x - 1]] * (x > 0)
            wanted = (
                torch.stack(before).mean(0) if before else torch.randn(count, codes.shape[1], generator=rng)
            )
            nearest = (wanted @ codes.T).topk(near).indices
            step = torch.randint(near, (count, 1), generator=rng)
            grid[:, y, x] = codes[nearest.gather(1, step)[:, 0]]
    return generator.decode(grid.movedim(-1, 1).contiguous())
