"""A picture in the sizes and formats of the web: AVIF, or WebP where Pillow has none, and JPEG for all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, features

WIDTHS_PX = (480, 768, 1200, 1800, 2700)
"""Widths that are made besides the full one, as far as they are smaller."""
FALLBACK = "jpg"


@dataclass(frozen=True)
class Rendition:
    """One file of a picture: its name, its width in pixels, its kind (the ending)."""

    file: str
    width: int
    kind: str


def modern() -> str:
    """The best kind that Pillow writes here: `avif` or `webp`."""
    return "avif" if features.check("avif") else "webp"


def renditions(image: Image.Image, folder: Path, stem: str, *, whole: bool = True) -> list[Rendition]:
    """Writes an image into `folder` in every size and kind, the smallest first in each kind.

    Args:
        image: RGB.
        folder: is there.
        stem: of the names of the files, `STEM-WIDTH.KIND`.
        whole: in its full size too; a big picture that has tiles does without.
    """
    made = []
    for kind in (modern(), FALLBACK):
        for small in _sizes(image, whole):
            name = f"{stem}-{small.width}.{kind}"
            small.save(folder / name, **_options(kind, full=small.width == image.width))
            made.append(Rendition(name, small.width, kind))
    return made


def _sizes(image: Image.Image, whole: bool) -> Iterator[Image.Image]:
    for width in WIDTHS_PX:
        if width < 0.8 * image.width:  # one that is hardly smaller saves nothing
            yield image.resize(
                (width, max(1, round(width * image.height / image.width))), Image.Resampling.LANCZOS
            )
    if whole or image.width <= WIDTHS_PX[0]:
        yield image


def _options(kind: str, *, full: bool) -> dict[str, Any]:
    """How well a kind is kept: the full size, which is looked at closely, better."""
    return {
        "avif": {"format": "AVIF", "quality": 75 if full else 62, "speed": 6},
        "webp": {"format": "WEBP", "quality": 86 if full else 78, "method": 5},
        "jpg": {"format": "JPEG", "quality": 88 if full else 80, "progressive": True, "optimize": True},
    }[kind]
