"""How much memory a step will take at its peak, told from a few steps on small canvases with few pieces."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch

from doorways.generators.base import Generator
from doorways.memory.budget import give_back
from doorways.memory.meter import Meter
from doorways.recipe import Recipe
from doorways.size import Size

Rehearse = Callable[[Recipe, Meter], None]
"""Takes the first step of a recipe under a meter, with the models at hand, and changes nothing of what is painted."""

FIRST = "look"
"""The phase that a meter begins in; the painter names the others: `see`, and `back` once the picture has its gradient."""
FEW = 4
"""Cutouts of the smallest step."""
SHRINKING = (0.5, 0.35)
"""How large the canvases are that are tried: the roots of their shares of the pixels that a step decodes."""
ALLOCATOR = {"cpu": (1.4, 60e6), "cuda": (1.1, 0.0), "mps": (1.1, 0.0)}
"""What is held for what tensors take: times the first, and the second in bytes besides (`bench/memory_plan.py`).

On a CPU the second is what libraries keep after their first operations, and what the greediest convolution takes for itself.
The first is the holes in glibc's heap: it keeps freed blocks of up to 32 MB, and what comes later does not fit all of them. How
many there are differs from process to process, so that more digits would mean nothing. On a GPU it is blocks rounded up, and
not measured."""


class Rates(NamedTuple):
    """How the bytes of a phase grow; none is below 0."""

    constant: float
    pixel: float
    cutout: float
    at_once: float = 0.0
    """Of a cutout of one micro-batch, besides."""

    def bytes(self, pixels: int, cutouts: int, micro_batch: int) -> float:
        """Of so much of everything."""
        return self.constant + self.pixel * pixels + self.cutout * cutouts + self.at_once * micro_batch


@dataclass(frozen=True)
class Forecast:
    """Bytes of a step's tensors, phase by phase.

    Attributes:
        whole: where all pieces are embedded at once.
        split: where they are embedded in micro-batches.
        device: its type.
    """

    whole: Mapping[str, Rates]
    split: Mapping[str, Rates]
    device: str

    def need(self, pixels: int, cutouts: int, micro_batch: int) -> int:
        """Bytes beyond what the models and the libraries hold, at the peak of a step."""
        phases = self.whole if micro_batch >= cutouts else self.split
        most = max(rates.bytes(pixels, cutouts, micro_batch) for rates in phases.values())
        factor, more = ALLOCATOR[self.device]
        return round(factor * most + more)


def forecast(recipe: Recipe, generator: Generator, rehearse: Rehearse, device: torch.device) -> Forecast:
    """What steps of a recipe take, from six small ones: a step's memory is linear in what it is made of, phase by phase.

    Args:
        recipe: of which everything counts but its size, cutouts and micro-batch.
    """
    near, far = (smaller(recipe, part, generator.factor) for part in SHRINKING)
    pixels, fewer = near.width * near.height, far.width * far.height

    def peaks(size: Size, cutouts: int, micro_batch: int) -> dict[str, int]:
        return _peaks(recipe, size, cutouts, micro_batch, rehearse=rehearse, device=device)

    base, narrow, more = peaks(near, FEW, FEW), peaks(far, FEW, FEW), peaks(near, 2 * FEW, 2 * FEW)
    halves, quarters, many = (
        peaks(near, *counts) for counts in ((2 * FEW, FEW), (2 * FEW, FEW // 2), (4 * FEW, FEW))
    )
    whole, split = {}, {}
    for phase in base:
        pixel = max(0.0, (base[phase] - narrow[phase]) / max(1, pixels - fewer))
        cutout = max(0.0, (more[phase] - base[phase]) / FEW)
        whole[phase] = Rates(max(0.0, base[phase] - pixel * pixels - cutout * FEW), pixel, cutout)
        cutout = max(0.0, (many[phase] - halves[phase]) / (2 * FEW))
        at_once = max(0.0, (halves[phase] - quarters[phase]) / (FEW - FEW // 2))
        rest = halves[phase] - pixel * pixels - cutout * 2 * FEW - at_once * FEW
        split[phase] = Rates(max(0.0, rest), pixel, cutout, at_once)
    return Forecast(whole, split, device.type)


def bound(recipe: Recipe, generator: Generator, rehearse: Rehearse, device: torch.device) -> int:
    """Bytes that a step takes at most, from one small step: what is linear grows by no more than its largest part."""
    size = smaller(recipe, SHRINKING[0], generator.factor)
    peaks = _peaks(recipe, size, FEW, FEW, rehearse=rehearse, device=device)
    factor, more = ALLOCATOR[device.type]
    scale = max(step_pixels(recipe) / (size.width * size.height), recipe.cutouts / FEW)
    return round(factor * max(peaks.values()) * scale + more)


def step_pixels(recipe: Recipe) -> int:
    """Pixels that a step decodes, on the largest canvas."""
    return min(recipe.size.width, recipe.window) * recipe.size.height


def smaller(recipe: Recipe, part: float, factor: int) -> Size:
    """A canvas of nearly the recipe's shape, in whole cells, and about `part`² of the pixels that a step decodes.

    Never less wide for its height, so that it has room for the prompts; the size itself where it has few cells.
    """
    if min(recipe.size) < 4 * factor:
        return recipe.size
    part *= math.sqrt(step_pixels(recipe) / (recipe.size.width * recipe.size.height))
    width, height = (side * part / factor for side in recipe.size)
    return Size(math.ceil(width) * factor, max(1, math.floor(height)) * factor)


def _peaks(
    recipe: Recipe, size: Size, cutouts: int, micro_batch: int, *, rehearse: Rehearse, device: torch.device
) -> dict[str, int]:
    trial = recipe.override(
        size=size,
        start_size=size,
        cutouts=cutouts,
        overviews=min(recipe.overviews, 1),
        micro_batch=micro_batch,
        window=max(recipe.window, size.width),
        sketch=False,
        init_image=None,
        hold=0,
        suggest=None,
        mask=None,
    )
    meter = Meter(device, FIRST)
    rehearse(trial, meter)
    give_back()  # or the painting would hold its own besides
    return meter.peaks
