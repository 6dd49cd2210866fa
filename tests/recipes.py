"""Recipes that are painted in a tenth of a second, with tiny real models on disk."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from doorways.painter import Painter
from doorways.recipe import Recipe
from tests import tiny


@cache
def home() -> Path:
    """A folder that lasts as long as the tests."""
    folder = Path(tempfile.mkdtemp(prefix="doorways-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def clip(seed: int = 0, size_px: int = 16) -> str:
    """The spec of a tiny CLIP."""
    folder = home() / f"clip-{seed}-{size_px}"
    tiny.clip(folder, seed=seed, size_px=size_px)
    return str(folder)


@cache
def vqgan() -> str:
    """The spec of a tiny VQGAN of factor 4."""
    return str(tiny.save(tiny.vqmodel(), home() / "vqgan"))


def quick(**changes: object) -> Recipe:
    """Six steps of "fire | ocean" on 48x24, without growth, on one thread, in fp32; `changes` win."""
    settings = {
        "prompts": "fire | ocean",
        "generator": "fourier",
        "perceptor": clip(),
        "size": "48x24",
        "grow_at": (),
        "steps": 6,
        "cutouts": 6,
        "seed": 1,
        "threads": 1,
        "precision": "fp32",
    }
    return Recipe.build(**{**settings, **changes})


def painted_alone(recipe: Recipe) -> np.ndarray:
    """The picture of a recipe, uint8 [H, W, 3], painted at one go and without any library."""
    painter = Painter(recipe)
    for _ in painter:
        pass
    return np.asarray(painter.painting().image)
