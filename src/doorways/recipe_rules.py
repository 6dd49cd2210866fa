"""What no recipe may be: texts, first canvases and weights of sizes that could not be painted with."""

from __future__ import annotations

import json
from typing import Any

from doorways.errors import InputError
from doorways.schedule import Schedule
from doorways.size import Size

ROUNDING_PX = 32
"""How far rounding to the cells of a generator may bring a start size from the shape of the size."""


def check_text(name: str, value: Any) -> None:
    """InputError for texts that no picture could hold: bytes of another encoding, which Python lets pass."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{name}: holds a character that is not Unicode text, {error.object[error.start]!r}; write it anew, in UTF-8"
        ) from None


def check_start(start: Size, size: Size) -> None:
    """InputError for a first canvas that is larger than the last one, or of another shape."""
    if start.width > size.width or start.height > size.height:
        raise InputError(f"start_size {start}: must not be larger than size {size}; use {size} or less")
    fitting = Size(max(1, round(start.height * size.aspect)), start.height)
    if abs(start.width - fitting.width) > max(ROUNDING_PX, 0.15 * start.width):
        raise InputError(f"start_size {start}: must have the shape of size {size}; use {fitting}")


def check_weights(weights: dict[str, Schedule]) -> None:
    """InputError for weights of sizes of cutouts that are negative, or all 0 at some time of the run."""
    for name, weight in weights.items():
        if weight.lowest < 0:
            raise InputError(f"{name} {weight}: the weight of a size must not be negative; use 0 for none")
    turns = {0.0, 1.0} | {fraction for weight in weights.values() for fraction, _ in weight.keyframes}
    for progress in sorted(turns):
        if not any(weight.at(progress) for weight in weights.values()):
            raise InputError(
                f"large, medium and small are all 0 at {progress:.0%} of the run, which leaves no cutouts; "
                "make one of them positive there"
            )
