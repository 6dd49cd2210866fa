"""What a painting tells while it comes: frozen records for the command line, a recorder, or your own callback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doorways.recipe import Recipe
from doorways.size import Size


@dataclass(frozen=True)
class Started:
    """The first event of a run: its resolved recipe, and what the artist should know before it begins."""

    recipe: Recipe
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Grew:
    """The canvas grew to `size` before the step after `step`."""

    step: int
    size: Size


@dataclass(frozen=True)
class Squeezed:
    """Memory ran out in the step after `step`; it and those that follow are taken with less, as `note` and `recipe` say."""

    step: int
    note: str
    recipe: Recipe


@dataclass(frozen=True)
class Stepped:
    """A step was taken.

    Attributes:
        step: steps taken so far, 1 after the first.
        steps: steps of the whole run.
        loss: the weighted sum that was minimised, before this step changed the latent.
        parts: each objective's own value, unweighted (of several perceptors, their weighted mean); `hold` is the mean
            squared distance to the latent of the picture started from, where the recipe holds on to it.
        size: the canvas, in pixels.
        seconds: what the step took until its loss was known. On CUDA a step is queued while the one before is computed; the
            time then counts from when that one's loss was known, so that the seconds of a run sum to what it took.
    """

    step: int
    steps: int
    loss: float
    parts: Mapping[str, float]
    size: Size
    seconds: float


@dataclass(frozen=True)
class Finished:
    """The last event of a run that was not stopped."""

    step: int


Event = Started | Grew | Squeezed | Stepped | Finished
