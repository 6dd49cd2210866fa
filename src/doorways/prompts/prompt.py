"""A prompt and its places, and how they are written."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from doorways.errors import InputError


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the canvas in fractions, x from the left edge, y from the top; without y, a whole column."""

    x: float
    y: float | None = None

    def __post_init__(self) -> None:
        for value in (self.x, 0.0 if self.y is None else self.y):
            if not 0 <= value <= 1:
                raise InputError(
                    f"place {value:g} is outside [0, 1]; places are fractions of the canvas, as in @0.25 or @0.25,0.5"
                )

    def __str__(self) -> str:
        return f"@{number_text(self.x)}" + ("" if self.y is None else f",{number_text(self.y)}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One text or image to paint, or with a weight below 0 to keep away from.

    Args:
        text: what to paint; empty for an image prompt.
        weight: scales the prompt's part of the loss; finite.
        places: where it stands; empty for its default place (or, with a weight below 0, everywhere).
        everywhere: `@all`: it takes no share of the canvas and is added to what is wanted everywhere.
        image: file whose picture is to be resembled, instead of a text.
        column: where it began in the text it was read from, counted from 1; no part of its identity.
    """

    text: str
    weight: float = 1.0
    places: tuple[Place, ...] = ()
    everywhere: bool = False
    image: Path | None = None
    column: int = field(default=1, compare=False)

    def __post_init__(self) -> None:
        if self.image is None and not self.text.strip():
            raise InputError("the prompt is empty; write what to paint, or remove the | beside it")
        if self.image is not None and self.text:
            raise InputError(
                f"the prompt has a text ({self.text!r}) and an image; make them two prompts with a | between"
            )
        if not math.isfinite(self.weight):
            raise InputError(f"weight {self.weight} is not a finite number; write one, as in :0.5 or :-1")
        if self.everywhere and self.places:
            raise InputError("@all and a place contradict each other; keep one of them")
        if len(set(self.places)) < len(self.places):
            raise InputError("the same place is given twice; keep one of the two")

    @property
    def takes_share(self) -> bool:
        """Whether it rules a part of the canvas: neither negative nor `@all`."""
        return self.weight >= 0 and not self.everywhere

    def __str__(self) -> str:
        """The prompt as it is written; `parse_prompts` reads it back as the same prompt."""
        body = _escaped(self.text) if self.image is None else f"image({_path_text(self.image)})"
        suffixes = [str(place) for place in self.places] + ["@all"] * self.everywhere
        if self.weight != 1:
            suffixes.append(f":{number_text(self.weight)}")
        return " ".join([body, *suffixes])


def format_prompts(prompts: Iterable[Prompt]) -> str:
    r"""The text that `parse_prompts` reads back as these prompts.

    >>> format_prompts([Prompt("doorway", places=(Place(0.25), Place(0.75))), Prompt("a|b", -0.5)])
    'doorway @0.25 @0.75 | a\\|b :-0.5'
    """
    return " | ".join(str(prompt) for prompt in prompts)


def number_text(number: float) -> str:
    """The shortest decimal text that reads back as exactly this float, without a superfluous `.0`."""
    return repr(float(number)).removesuffix(".0")


def _escaped(text: str) -> str:
    """`text` with a backslash before every character that would otherwise be read as grammar."""
    marked = re.sub(r"[\\|@]", r"\\\g<0>", text.strip())
    head, colon, tail = marked.rpartition(":")
    if (
        colon and not head[-1:].isdecimal() and re.fullmatch(r"\s*[\w.+-]*\s*", tail)
    ):  # might be read as a weight
        marked = f"{head}\\:{tail}"
    return re.sub(r"^image\(", r"image\\(", marked)


def _path_text(path: Path) -> str:
    text = str(path)
    if '")' in text:
        raise InputError(
            f"image path {text!r} holds a quote before a parenthesis, which ends it; rename the file"
        )
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
    plain = depth == 0 and text == text.strip() and not text.startswith('"')
    return text if plain else f'"{text}"'
