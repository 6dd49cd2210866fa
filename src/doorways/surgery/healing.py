"""Healing: the recipe that paints an operated picture on, at its wounds or everywhere.

It is the parent's recipe with the preset `detail`, the operated picture to start from, and the wound as mask.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from doorways.errors import InputError
from doorways.metadata import CHUNK, is_png, read_text
from doorways.pictures import read_picture, to_image
from doorways.png import write_png
from doorways.recipe import Recipe
from doorways.size import Size
from doorways.surgery.changed import changed
from doorways.surgery.record import read_record
from doorways.surgery.wound import wound

STEPS = 100
"""Steps of a healing: it only has to find details."""
STRENGTH = 0.7
HOLD = 10.0
"""Weight of holding on at half strength. With the embedded models 0.3 leaves nothing of a thing that was moved, 3 its
shape, and 10 its shape and colours; 30 heals no more.
"""


def healing(
    picture: Path,
    *,
    mask: Path | None,
    parent: Path | None = None,
    strength: float = STRENGTH,
    **given: Any,
) -> Recipe:
    """The recipe that heals the picture in a file.

    Args:
        picture: what was operated on.
        mask: white where it may change, or None for everywhere.
        parent: a painting that has the recipe, if `picture` has none.
        strength: in (0, 1], how freely it is painted anew: 1 does not hold on to the picture, and near 0 nothing moves.
        given: settings that win over those of the recipe and over the preset, `prompts` among them.

    Raises:
        InputError: there is no recipe and no prompts, or a setting is wrong.
    """
    if not 0 < strength <= 1:
        raise InputError(f"strength {strength:g}: must be more than 0 and at most 1; try {STRENGTH:g}")
    changes: dict[str, Any] = {
        "size": Size(*_size(picture)),
        "steps": STEPS,
        "init_image": picture,
        "suggest": None,
        "mask": mask,
        "hold": round(HOLD * (1 - strength) / strength, 3),
        "detail": True,
        "threads": None,
        "compile": None,
        "precision": "auto",
    } | given
    source = next((path for path in (picture, parent) if path and _holds_recipe(path)), None)
    if source is not None:
        return Recipe.from_png(source, **changes)
    if "prompts" not in given:
        raise InputError(
            f"{picture}: holds no recipe, so that nothing says what it shows; give its --prompts, or with --parent the "
            "painting that it was made from"
        )
    return Recipe.build(**changes)


def save_wound(path: Path, picture: Path, *, parent: Path | None = None) -> None:
    """Writes the mask for healing the picture in a file: a PNG that is white where it was operated on.

    Args:
        parent: the picture that it was before; if None, `picture` has the record of its surgery.

    Raises:
        InputError: nothing says what was changed, or nothing was; `path` cannot be written.
    """
    write_png(path, to_image(wound(_changed(picture, parent)).expand(1, 3, -1, -1)).convert("L"), {})


def _changed(picture: Path, parent: Path | None) -> Tensor:
    if parent is not None:
        where = changed(read_picture(parent), read_picture(picture))
    elif (record := read_record(picture)) is not None:
        where = record.changed
    else:
        raise InputError(
            f"{picture}: does not say what was changed; heal all of it with --all, or give the picture that it was "
            "before with --parent, or a --mask"
        )
    if not where.any():
        raise InputError(f"{picture}: nothing in it was changed; heal all of it with --all, or give a --mask")
    return where


def _holds_recipe(path: Path) -> bool:
    return is_png(path) and read_text(path, CHUNK) is not None


def _size(picture: Path) -> tuple[int, int]:
    """Width and height of the picture in a file, in pixels."""
    pixels = read_picture(picture)
    return pixels.shape[-1], pixels.shape[-2]
