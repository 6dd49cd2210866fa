"""Choosing how to take a step so that it fits: the same step in smaller parts, then a smaller window, then less precision.

Thrift comes in this order: pieces are embedded a few at a time (micro-batches), what was decoded is decoded again on the
way back, wide canvases are painted in narrower windows, networks run in bf16. The first two change a picture by rounding
alone; the others are taken only where the artist names an amount, so that what else runs on the machine makes no other picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from doorways.amount import parse_bytes, said
from doorways.devices import Device, choose_device
from doorways.errors import InputError
from doorways.generators.base import Generator
from doorways.memory.budget import used, within_reach
from doorways.memory.forecast import Rehearse, bound, forecast, step_pixels
from doorways.recipe import Recipe

NAMES = {
    "micro_batch": "embedding {} pieces at a time",
    "recompute": "decoding again on the way back",
    "window": "painting in windows of {} columns",
    "precision": "computing in {}",
}
"""What the changes are called, in the order of their thrift."""
MARGIN = 0.9
"""The share of what is within reach that a step may take where the artist names no amount; others use the machine too."""
AMPLE = 1.1
"""How much of what is forecast for a step is set aside for it: forecasts are right on average, what is asked is a limit."""


@dataclass(frozen=True)
class Plan:
    """How steps are to be taken.

    Attributes:
        changes: to the recipe, by setting.
        note: what was chosen and why; empty where nothing had to be.
    """

    changes: dict[str, Any]
    note: str = ""


def plan(
    recipe: Recipe,
    place: Device,
    generator: Generator,
    rehearse: Rehearse,
    can_be: Callable[[Recipe], bool],
) -> Plan:
    """The least thrift that brings a step within the recipe's `memory`; or within what is free, if it can be by rounding alone.

    Args:
        recipe: what is to be painted; what it says of micro-batches and recomputation is where thrift begins.
        rehearse: takes a step of another recipe with these models.
        can_be: whether a recipe with another window can be painted.

    Raises:
        InputError: the artist named an amount that does not suffice.
    """
    device, held = place.device, used(place.device)
    asked = None if recipe.memory is None else parse_bytes(recipe.memory)
    budget = round(MARGIN * within_reach(device)) if asked is None else asked
    if held + AMPLE * bound(recipe, generator, rehearse, device) <= budget:
        return Plan({})
    tried: list[tuple[int, dict[str, Any]]] = []
    for changes in _steps_of_thrift(recipe, place, generator, can_be):
        changed = recipe.override(**changes)
        ahead = forecast(changed, generator, rehearse, device)
        for micro_batch in _halvings(recipe.micro_batch or recipe.cutouts):
            need = held + round(AMPLE * ahead.need(step_pixels(changed), changed.cutouts, micro_batch))
            whole = micro_batch >= recipe.cutouts
            tried.append((need, changes | ({} if whole else {"micro_batch": micro_batch})))
            if need <= budget:
                return Plan(tried[-1][1], _note(*tried[-1], budget, asked))
    need, changes = tried[-1]
    if asked is not None:
        raise InputError(
            f"memory {recipe.memory}: a step on {recipe.size} with {recipe.cutouts} cutouts takes about {said(need)} at "
            "the least; allow for that, or ask for a smaller size or smaller models"
        )
    return Plan(changes, _note(need, changes, budget, asked) + ", which may not suffice")


def _steps_of_thrift(
    recipe: Recipe, place: Device, generator: Generator, can_be: Callable[[Recipe], bool]
) -> Iterator[dict[str, Any]]:
    """Changes to a recipe, each with those before it."""
    changes: dict[str, Any] = {}
    yield dict(changes)
    if _may_recompute(recipe, generator):
        changes["recompute"] = True
        yield dict(changes)
    if recipe.memory is None:
        return
    window = min(recipe.window, recipe.size.width)
    while (window := window // 2) and can_be(recipe.override(window=window)):
        changes["window"] = window
        yield dict(changes)
    if recipe.precision == "auto" and place.precision == "fp32" and _computes_bf16(place):
        changes["precision"] = "bf16"
        yield dict(changes)


def _may_recompute(recipe: Recipe, generator: Generator) -> bool:
    return recipe.recompute is None and getattr(generator, "chain", None) is not None


def _computes_bf16(place: Device) -> bool:
    try:
        choose_device(place.device.type, "bf16")
    except InputError:
        return False
    return place.device.type != "mps"


def _halvings(count: int) -> Iterator[int]:
    """`count`, half of it, and so on down to 1.

    >>> list(_halvings(12))
    [12, 6, 3, 2, 1]
    """
    yield count
    while count > 1:
        count = (count + 1) // 2
        yield count


def thriftier(recipe: Recipe, generator: Generator) -> dict[str, Any] | None:
    """What to change of a painting that ran out of memory in the middle, or None when nothing is left.

    Only what changes it by rounding alone: smaller micro-batches, then recomputation.

    >>> from doorways.generators import load_generator
    >>> thriftier(Recipe.build(prompts="sea", seed=1, cutouts=32), load_generator("fourier"))
    {'micro_batch': 16}
    """
    count = min(recipe.micro_batch or recipe.cutouts, recipe.cutouts)
    if count > 1:
        return {"micro_batch": (count + 1) // 2}
    return {"recompute": True} if _may_recompute(recipe, generator) else None


def _note(need: int, changes: dict[str, Any], budget: int, asked: int | None) -> str:
    how = ", ".join(name.format(changes[key]) for key, name in NAMES.items() if key in changes)
    fits = f"a step takes about {said(need)} of the {said(budget)} {'asked for' if asked is not None else 'free'}"
    return f"{how}: {fits}" if how else fits
