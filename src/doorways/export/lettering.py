"""The letters of a contact sheet: a font that has them, and lines that fit a width."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from PIL import ImageFont

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

FURTHER = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc", "Arial Unicode.ttf", "msyh.ttc", "arial.ttf",
)  # fmt: skip
"""Fonts of the system that are tried for letters which Pillow's own does not have."""


@dataclass(frozen=True)
class Lettering:
    """One font in any size; `name` is that of a file of the system's, empty for Pillow's own."""

    name: str = ""

    @classmethod
    def for_texts(cls, texts: Iterable[str]) -> Lettering:
        """The font that has the most of their letters: Pillow's own if it has all."""
        letters = {letter for text in texts for letter in text if not letter.isspace()}
        best, fewest = "", len(letters) + 1
        for name in ("", *FURTHER):
            lacking = sum(not _has(name, letter) for letter in letters)
            if lacking < fewest:
                best, fewest = name, lacking
            if not fewest:
                break
        return cls(best)

    def font(self, size_px: float) -> Font:
        """The font for letters of a height."""
        return _font(self.name, size_px) or ImageFont.load_default(size_px)

    def width(self, text: str, size_px: float) -> float:
        """How wide a line is, in pixels."""
        return self.font(size_px).getlength(text)

    def lines(self, text: str, size_px: float, room_px: float, *, most: int) -> list[str]:
        """`text` broken into at most so many lines that fit; what is too much ends in an ellipsis. None if empty."""
        broken: list[str] = []
        for word in text.split():
            if broken and self.width(f"{broken[-1]} {word}", size_px) <= room_px:
                broken[-1] += f" {word}"
            else:
                broken.append(word)
        kept = broken[:most]
        if len(broken) > most:
            kept[-1] += " …"
        return [self._cut(line, size_px, room_px) for line in kept]

    def _cut(self, line: str, size_px: float, room_px: float) -> str:
        if self.width(line, size_px) <= room_px:
            return line
        line = line.removesuffix(" …")
        while line and self.width(f"{line}…", size_px) > room_px:
            line = line[:-1]
        return f"{line.rstrip()}…"


@cache
def _font(name: str, size_px: float) -> Font | None:
    """A font by the name of its file, None if the system has none."""
    try:
        return ImageFont.truetype(name, size_px) if name else ImageFont.load_default(size_px)
    except OSError:
        return None


@cache
def _has(name: str, letter: str) -> bool:
    """Whether a font has a letter: whether it is drawn otherwise than what stands for those that are missing."""
    font = _font(name, 20)
    return font is not None and bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))
