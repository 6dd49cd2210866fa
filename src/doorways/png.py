"""Pictures with their recipe inside: PNG with the text chunks `doorways` and `parameters`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from doorways.atomic import whole
from doorways.metadata import CHUNK, Metadata, read_metadata
from doorways.recipe import Recipe

__all__ = ["parameters_text", "read_metadata", "save_png", "write_png"]

PARAMETERS = "parameters"
"""The text chunk that other tools show."""


def save_png(
    path: Path | str,
    image: Image.Image,
    recipe: Recipe,
    *,
    step: int,
    finished: bool,
    machine: Mapping[str, Any] | None = None,
) -> None:
    """Writes `image` to `path`, whole or not at all, with all that repeats it.

    Args:
        path: ends in .png by custom; what it names is replaced.
        recipe: resolved, so that a repeat has the same seed, threads and precision.
        step: steps that had been taken when `image` was.
        finished: whether the run has come to its end.
        machine: versions, threads, precision, device, fingerprints of weights: JSON values.

    Raises:
        InputError, DoorwaysError: `path` cannot be written (`doorways.atomic.whole`).
    """
    metadata = Metadata(recipe.settings(), step, finished, dict(machine or {}))
    write_png(path, image, {CHUNK: metadata.to_json(), PARAMETERS: parameters_text(recipe, step=step)})


def write_png(path: Path | str, image: Image.Image, texts: Mapping[str, str]) -> None:
    """Writes `image` to `path`, whole or not at all, with text chunks by their keywords; errors as in `save_png`."""
    chunks = PngInfo()
    for keyword, text in texts.items():
        chunks.add_text(keyword, text)
    with whole(path) as part:
        image.save(part, format="PNG", pnginfo=chunks)


def parameters_text(recipe: Recipe, *, step: int) -> str:
    """The recipe as AUTOMATIC1111's web UI writes its own: the prompt, then `Name: value` pairs.

    Other tools show this text, and read size, seed and steps from it; a repeat needs the other chunk.
    """
    named = {
        "Steps": step,
        "Sampler": "Adam",
        "Seed": recipe.seed,
        "Size": recipe.size,
        "Model": recipe.generator,
        "Perceptor": " + ".join(recipe.perceptor),
        "Style": recipe.style,
        "Symmetry": recipe.symmetry,
        "Semantic symmetry": recipe.semantic_symmetry,
        "Tone symmetry": recipe.tone_symmetry,
        "Version": "Doorways",
    }
    pairs = ", ".join(f"{name}: {_quoted(str(value))}" for name, value in named.items() if str(value))
    return f"{recipe.prompts}\n{pairs}".replace("\0", " ")


def _quoted(value: str) -> str:
    """A value that holds what parts values is put in quotes, as that UI does."""
    return json.dumps(value, ensure_ascii=False) if any(sign in value for sign in ",:\n") else value
