"""The kinds of values that the fields of an operation take, each with its rule and its words for the wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from PIL import ImageColor
from pydantic import AfterValidator, Field, PlainSerializer, Strict, ValidationInfo

FARTHEST = 1.0
"""How far beyond the picture's edges a point may lie, in pictures."""
MOST_POINTS = 10_000


def _on_the_picture(value: float) -> float:
    if not -FARTHEST <= value <= 1 + FARTHEST:
        raise ValueError(
            "must be a fraction of the picture, 0 at its left or top edge and 1 at the other; divide pixels by its "
            "width or height"
        )
    return value


def _in_order(corners: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = corners
    if not (left < right and top < bottom):
        raise ValueError(
            "must be [left, top, right, bottom] with left < right and top < bottom; put it in order"
        )
    return corners


def _colour(name: str) -> str:
    try:
        ImageColor.getrgb(name)
    except ValueError:
        raise ValueError("must be a colour; write it as #c04020 or by a name such as teal") from None
    return name


def _beside_the_script(path: Path, info: ValidationInfo) -> Path:
    return Path(info.context["folder"]) / path if info.context else path


Number = Annotated[float, Strict()]
Coordinate = Annotated[Number, AfterValidator(_on_the_picture)]
Point = tuple[Coordinate, Coordinate]
Rectangle = Annotated[tuple[Coordinate, Coordinate, Coordinate, Coordinate], AfterValidator(_in_order)]
Polygon = Annotated[tuple[Point, ...], Field(min_length=3, max_length=MOST_POINTS)]
Trail = Annotated[tuple[Point, ...], Field(min_length=2, max_length=MOST_POINTS)]
Stroke = Annotated[tuple[Point, ...], Field(min_length=1, max_length=MOST_POINTS)]
Strokes = Annotated[tuple[Stroke, ...], Field(min_length=1, max_length=MOST_POINTS)]
Share = Annotated[Number, Field(ge=0, le=1)]
Width = Annotated[Number, Field(gt=0, le=1)]
Way = Annotated[Number, Field(ge=-1, le=1)]
Colour = Annotated[str, AfterValidator(_colour)]
File = Annotated[
    Path,
    AfterValidator(_beside_the_script),
    PlainSerializer(lambda path: path.as_posix(), return_type=str),
]
