"""How much memory a step will take at its peak, told from a few steps on a small canvas with few pieces."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from doorways.generators.base import Generator
from doorways.memory.meter import Meter
from doorways.recipe import Recipe
from doorways.size import Size

Rehearse = Callable[[Recipe, Meter], None]
"""Takes the first step of a recipe under a meter, with the models at hand, and changes nothing."""

FIRST = "look"
"""The phase that a meter begins in; the painter names the others: `see`, and `back` once the picture has its gradient."""
FEW = 4
"""Cutouts of the smallest step."""
SHRINKING = (0.5, 0.35)
"""How large the canvases are that are tried: the roots of their shares of the pixels that a step decodes."""
ALLOCATOR = {"cpu": (1.25, 40e6), "cuda": (1.1, 0.0), "mps": (1.1, 0.0)}
"""What is held for what tensors take: times the first, and the second in bytes besides. On a CPU, what convolutions keep
for themselves and what the allocator does not give back (`bench/memory_plan.py`); on a GPU blocks rounded up, not measured."""


@dataclass(frozen=True)
class Forecast:
    """Bytes of a step's tensors: in each phase they grow with pixels, with cutouts, and with those embedded at once.

    Attributes:
        growth: phase -> (constant, per pixel, per cutout, per cutout embedded at once), bytes, none below 0.
        device: its type.
    """

    growth: Mapping[str, tuple[float, float, float, float]]
    device: str

    def need(self, pixels: int, cutouts: int, micro_batch: int) -> int:
        """Bytes beyond what the models and the libraries hold, at the peak of a step."""
        sizes = (1, pixels, cutouts, min(cutouts, micro_batch))
        most = max(
            sum(rate * size for rate, size in zip(rates, sizes, strict=True))
            for rates in self.growth.values()
        )
        factor, more = ALLOCATOR[self.device]
        return round(factor * most + more)


def forecast(recipe: Recipe, generator: Generator, rehearse: Rehearse, device: torch.device) -> Forecast:
    """What steps of a recipe take, from four small ones: a step's memory is linear in what it is made of, phase by phase.

    Args:
        recipe: of which everything counts but its size, cutouts and micro-batch.
    """
    near, far = (smaller(recipe, part, generator.factor) for part in SHRINKING)
    trials = ((near, FEW, FEW), (far, FEW, FEW), (near, 2 * FEW, 2 * FEW), (near, 2 * FEW, FEW))
    peaks = [_peaks(recipe, *trial, rehearse=rehearse, device=device) for trial in trials]
    pixels = [size.width * size.height for size in (near, far)]
    growth = {}
    for phase in peaks[0]:
        least, narrower, more, split = (each.get(phase, 0) for each in peaks)
        per_pixel = max(0.0, (least - narrower) / max(1, pixels[0] - pixels[1]))
        at_once = max(0.0, (more - split) / FEW)
        per_cutout = max(0.0, (split - least) / FEW)
        constant = max(0.0, least - per_pixel * pixels[0] - (per_cutout + at_once) * FEW)
        growth[phase] = (constant, per_pixel, per_cutout, at_once)
    return Forecast(growth, device.type)


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
    """A canvas of nearly the recipe's shape, in whole cells, and `part`² of the pixels that a step decodes.

    The size itself where it has few cells.
    """
    if min(recipe.size) < 4 * factor:
        return recipe.size
    part *= math.sqrt(step_pixels(recipe) / (recipe.size.width * recipe.size.height))
    return Size(*(max(1, round(side * part / factor)) * factor for side in recipe.size))


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
        init_image=None,
        hold=0,
        suggest=None,
        mask=None,
    )
    meter = Meter(device, FIRST)
    rehearse(trial, meter)
    return meter.peaks
