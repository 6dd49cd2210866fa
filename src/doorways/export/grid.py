"""Paintings laid out in rows and columns by what tells them apart."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from doorways.errors import InputError
from doorways.export.exhibit import Exhibit
from doorways.export.fields import check_field, heading, value, values, varying
from doorways.formats import FORMATS
from doorways.recipe import MACHINE, Recipe

_QUIET = {"prompts", "seed", *MACHINE}
APART = ("subject", "prompts", *(name for name in Recipe.model_fields if name not in _QUIET), "step", "seed")
"""Fields by which paintings are told apart of themselves, the most telling first; machines are no matter."""


@dataclass(frozen=True)
class Tile:
    """One picture of a grid: an image, or the file of one, and what is written below it."""

    picture: Path | Image.Image
    label: str = ""
    alt: str = ""

    def open(self) -> Image.Image:
        """The image as RGB; InputError if the file is not there or no picture."""
        if isinstance(self.picture, Image.Image):
            return self.picture.convert("RGB")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # big pictures are meant here
                with Image.open(self.picture, formats=FORMATS) as image:
                    return image.convert("RGB")
        except FileNotFoundError:
            raise InputError(f"{self.picture}: there is no such picture; check its name") from None
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise InputError(
                f"{self.picture}: cannot be read as a picture ({error}); use an undamaged one"
            ) from error


@dataclass(frozen=True)
class Grid:
    """Rows and columns of pictures, ready to be drawn.

    Attributes:
        rows: heading of each row, all of them empty if rows have none.
        columns: heading of each column, likewise.
        cells: the pictures at (row, column), both from 0; places may be empty, or hold several.
        title: above all.
        remark: below the title: what all of them have in common.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[int, int], tuple[Tile, ...]] = field(repr=False)
    title: str = ""
    remark: str = ""

    @classmethod
    def of(
        cls,
        pictures: Sequence[Sequence[Image.Image]],
        *,
        rows: Sequence[str],
        columns: Sequence[str],
        title: str = "",
    ) -> Grid:
        """The grid of images that are in their rows and columns already."""
        cells = {
            (down, across): (Tile(image),)
            for down, line in enumerate(pictures)
            for across, image in enumerate(line)
        }
        return cls(tuple(rows), tuple(columns), cells, title)


def arrange(
    exhibits: Sequence[Exhibit], *, rows: str | None = None, columns: str | None = None, title: str = ""
) -> Grid:
    """The grid with a row for each value of one field, and a column for each value of another.

    Args:
        exhibits: the paintings; in a cell that several of them share, they stand below each other.
        rows, columns: names of fields (`doorways.export.fields.value`). One that is not given is found: rows by the
            subject and columns by the seed if these differ, else by other fields that do. If neither is given and
            that would leave most places empty, the pictures fill a square with what differs below each.

    Raises:
        InputError: there are no paintings, a field is unknown, or the same is asked of rows and columns.
    """
    if not exhibits:
        raise InputError("there is no picture to show; give at least one")
    apart = _apart(exhibits, {rows, columns})
    if not rows and not columns and not _fills(exhibits, apart):
        return _square(exhibits, apart, title)
    columns = check_field(columns, exhibits) if columns else _first(reversed(apart), rows or apart[0])
    rows = check_field(rows, exhibits) if rows else _first(apart, columns)
    if rows is not None and rows == columns:
        raise InputError(f"rows and columns are both by {rows}; sort one of them by another field")
    down, across = ([None] if name is None else values(exhibits, name) for name in (rows, columns))
    rest = [name for name in apart if name not in (rows, columns)]
    cells: dict[tuple[int, int], tuple[Tile, ...]] = {}
    for exhibit in exhibits:
        place = (
            0 if rows is None else down.index(value(exhibit, rows)),
            0 if columns is None else across.index(value(exhibit, columns)),
        )
        tile = Tile(exhibit.picture, _label(exhibit, rest), exhibit.alt)
        cells[place] = (*cells.get(place, ()), tile)
    return Grid(
        tuple("" if rows is None else heading(rows, one) for one in down),
        tuple("" if columns is None else heading(columns, one) for one in across),
        cells,
        title,
        _in_common(exhibits, {str(rows), str(columns)}),
    )


def _apart(exhibits: Sequence[Exhibit], asked: set[str | None]) -> list[str]:
    """The fields that tell paintings apart; of subject and prompts one, where they go hand in hand.

    Not the step, where the others do: how far each painting came, after triage, is no way to sort them.
    """
    apart = varying(exhibits, APART)
    subjects, prompts = (
        [str(value(exhibit, name)) for exhibit in exhibits] for name in ("subject", "prompts")
    )
    if len(set(subjects)) == len(set(prompts)) == len(set(zip(subjects, prompts, strict=True))) > 1:
        apart.remove("subject" if "prompts" in asked else "prompts")
    others = [name for name in apart if name != "step"]
    told = {tuple(str(value(exhibit, name)) for name in others) for exhibit in exhibits}
    return others if "step" not in asked and len(told) == len(exhibits) else apart


def _fills(exhibits: Sequence[Exhibit], apart: Sequence[str]) -> bool:
    """Whether rows by the first field and columns by the last leave less than half of their places empty."""
    if len(apart) < 2:
        return False
    down, across = values(exhibits, apart[0]), values(exhibits, apart[-1])
    return 2 * len(exhibits) >= len(down) * len(across)


def _first(names: Iterable[str], taken: str | None) -> str | None:
    return next((name for name in names if name != taken), None)


def _label(exhibit: Exhibit, names: Iterable[str]) -> str:
    return ", ".join(heading(name, value(exhibit, name)) for name in names)


def _square(exhibits: Sequence[Exhibit], apart: Sequence[str], title: str) -> Grid:
    names = apart or ["name"]
    width = math.ceil(math.sqrt(len(exhibits) / 2))  # most pictures are twice as wide as high
    cells = {
        divmod(rank, width): (Tile(exhibit.picture, _label(exhibit, names), exhibit.alt),)
        for rank, exhibit in enumerate(exhibits)
    }
    height = math.ceil(len(exhibits) / width)
    return Grid(("",) * height, ("",) * width, cells, title, _in_common(exhibits, set(names)))


def _in_common(exhibits: Sequence[Exhibit], shown: set[str]) -> str:
    """What is the same in all of them and worth saying."""
    worth = ("subject", "style", "size", "steps", "seed", "generator", "perceptor")
    same = [name for name in worth if name not in shown and len(values(exhibits, name)) == 1]
    first = exhibits[0]
    return ", ".join(
        heading(name, value(first, name)) for name in same if value(first, name) not in (None, "")
    )
