"""The machine that paints: what to record of it, and what to say when its memory does not suffice."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import torch

from doorways.devices import Device
from doorways.errors import OutOfMemoryError
from doorways.recipe import Recipe

PACKAGES = ("doorways", "torch", "diffusers", "transformers")


def describe_machine(place: Device) -> dict[str, Any]:
    """Versions, device, precision and threads as JSON values: the bits of a picture depend on them."""
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "processor": platform.machine(),
        "device": str(place.device),
        "precision": place.precision,
        "threads": torch.get_num_threads(),
    }


@contextmanager
def out_of_memory(recipe: Recipe) -> Iterator[None]:
    """Turns torch's and Python's ways to run out of memory into one sentence with the remedies."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error).lower()
        spent = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not spent and "allocate memory" not in text and "out of memory" not in text:
            raise
        raise OutOfMemoryError(
            f"there is too little memory for {recipe.cutouts} cutouts on {recipe.size}; ask for fewer cutouts, a "
            "smaller size, or smaller models"
        ) from error
