"""Painted PNGs without the painting: one colour, and a recipe inside."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from doorways.export.exhibit import Exhibit
from doorways.png import save_png
from doorways.recipe import Recipe


def painted(path: Path, colour: str = "red", *, step: int = 300, **settings: object) -> Path:
    """A PNG of `size` (64x32 if not given) in one colour, whose recipe has these settings."""
    recipe = Recipe.build(**{"prompts": "fire | ocean", "seed": 0, "size": "64x32", **settings})
    image = Image.new("RGB", tuple(recipe.size), colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_png(path, image, recipe, step=step, finished=step == recipe.steps)
    return path


def exhibit(path: Path, colour: str = "red", **settings: object) -> Exhibit:
    """What `painted` writes, to be shown."""
    return Exhibit.from_png(painted(path, colour, **settings))
