r"""The language of prompts: `doorway @0.25 @0.75 | a doorway @0.5 :-2 | image(moss.png) @all :0.2`.

    prompts  prompt ("|" prompt)*
    prompt   body suffix*
    body     text, or image(path), or image("path") for a path with a parenthesis that has no partner
    suffix   "@" x, "@" x "," y, "@all", ":" weight; any number of places, one weight, in any order

A colon begins a weight only where a number ends the text and no digit stands before the colon: "3:00 am" and
"psalm 23:4" are text. An `@` always begins a place. `\|`, `\:`, `\@`, `\(` and `\\` stand for the characters
themselves, any other backslash is a backslash, and inside image(...) every character is itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from doorways.errors import InputError
from doorways.prompts.prompt import Place, Prompt

_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[-+]?[0-9]+)?", re.IGNORECASE)
_NOT_FINITE = re.compile(r"[-+]?(nan|inf|infinity)", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:(?P<place>@)|(?P<weight>:)\s*)(?P<value>[^\s@:]*)")
_PLACE_FORMS = r"write @0.25, @0.25,0.5 (fractions of the canvas) or @all, or \@ for the character itself"
_WEIGHT_FORMS = r"write a number, as in :0.5 or :-1, or \: for the character itself"


def parse_prompts(text: str, *, style: str = "") -> tuple[Prompt, ...]:
    r"""The prompts that a text describes, in their order.

    Args:
        text: prompts separated by `|`, in the grammar of this module.
        style: put after the text of every prompt that is wanted (weight 0 or more) and is no image.

    Raises:
        InputError: naming the prompt, the column (counted from 1 in `text`), the rule and the remedy.

    >>> [prompt.text for prompt in parse_prompts("3:00 am | psalm 23:4 :0.5", style="by James Gurney")]
    ['3:00 am by James Gurney', 'psalm 23:4 by James Gurney']
    >>> door = parse_prompts("doorway @0.25 @0.75 | a doorway @0.5 :-2")[1]
    >>> door.text, door.weight, door.places
    ('a doorway', -2.0, (Place(x=0.5, y=None),))
    """
    prompts: list[Prompt] = []
    start = 0
    while start <= len(text):
        start = _after_space(text, start)
        prompt, end = _Reader(text, start, number=len(prompts) + 1).read()
        prompts.append(prompt)
        start = end + 1
    if not any(prompt.takes_share for prompt in prompts):
        raise InputError(
            f"prompt 1, column {prompts[0].column}: every prompt is negative or @all, so nothing says what "
            "to paint where; "
            "add a prompt that is neither, or leave out @all"
        )
    return tuple(_styled(prompt, style.strip()) for prompt in prompts)


def _styled(prompt: Prompt, style: str) -> Prompt:
    if not style or prompt.weight < 0 or prompt.image is not None:
        return prompt
    gap = "" if style[0] in ",.;:" else " "
    return replace(prompt, text=f"{prompt.text}{gap}{style}")


@dataclass(frozen=True)
class _Letters:
    """A stretch of the source with its escapes resolved.

    `marks` has a backslash, which is no grammar, where `plain` has a character that was escaped; letter i stood at
    index `origin[i]` of the source, and the stretch ended at index `origin[-1]`.
    """

    plain: str
    marks: str
    origin: list[int]

    @classmethod
    def until_bar(cls, source: str, start: int) -> _Letters:
        """The letters from `start` to the next `|` that is not escaped, or to the end."""
        plain, marks, origin, index = [], [], [], start
        while index < len(source) and source[index] != "|":
            origin.append(index)
            escaped = source[index] == "\\" and source[index + 1 : index + 2] in tuple("|:@(\\")
            index += escaped
            plain.append(source[index])
            marks.append("\\" if escaped else source[index])
            index += 1
        return cls("".join(plain), "".join(marks), [*origin, index])


class _Reader:
    """Reads the prompt that begins at index `start` of the source and is its `number`-th."""

    def __init__(self, source: str, start: int, *, number: int) -> None:
        self.source, self.start, self.number = source, start, number
        self.weights: list[float] = []
        self.places: list[Place] = []
        self.everywhere = False

    def read(self) -> tuple[Prompt, int]:
        """The prompt and the index where it ends: its `|`, or the end of the source."""
        image, text = None, ""
        if self.source.startswith("image(", self.start):
            image, after = self._image_path(self.start + len("image("))
            letters = _Letters.until_bar(self.source, after)
            rest = 0
        else:
            letters = _Letters.until_bar(self.source, self.start)
            rest = self._end_of_text(letters)
            text = letters.plain[:rest].strip()
        self._read_suffixes(letters, rest)
        weight = self.weights[0] if self.weights else 1.0
        try:
            prompt = Prompt(text, weight, tuple(self.places), self.everywhere, image, column=self.start + 1)
        except InputError as error:
            raise self._error(self.start, str(error)) from None
        return prompt, letters.origin[-1]

    def _end_of_text(self, letters: _Letters) -> int:
        """The index of the first suffix: the first `@`, or the weight that ends the text before it."""
        at = letters.marks.find("@")
        end = len(letters.marks) if at < 0 else at
        colon = letters.marks.rfind(":", 0, end)
        if colon < 0 or letters.marks[:colon][-1:].isdecimal():
            return end
        tail = letters.marks[colon + 1 : end].strip()
        if not (_NUMBER.fullmatch(tail) or _NOT_FINITE.fullmatch(tail)):
            return end
        before = letters.marks.rfind(":", 0, colon)
        if before >= 0 and not letters.marks[:before][-1:].isdecimal():
            other = letters.marks[before + 1 : colon].strip()
            if _NUMBER.fullmatch(other) or _NOT_FINITE.fullmatch(other):
                raise self._error(letters.origin[before], self._twice(other, tail))
        return colon

    def _read_suffixes(self, letters: _Letters, index: int) -> None:
        while (index := _after_space(letters.marks, index)) < len(letters.marks):
            found = _SUFFIX.match(letters.marks, index)
            if found is None:
                raise self._error(
                    letters.origin[index],
                    f"{_shortened(letters.plain[index:])!r} stands where only places and a weight can; "
                    "put the text before them, or write a | if a new prompt begins",
                )
            read = self._read_place if found["place"] else self._read_weight
            read(found["value"], letters.origin[index])
            index = found.end()

    def _read_place(self, value: str, index: int) -> None:
        if value == "all":
            self.everywhere = True
            return
        coordinates = value.split(",")
        if len(coordinates) > 2 or not all(_NUMBER.fullmatch(coordinate) for coordinate in coordinates):
            raise self._error(index, f"'@{_shortened(value)}' is no place; {_PLACE_FORMS}")
        try:
            self.places.append(Place(*map(float, coordinates)))
        except InputError as error:
            raise self._error(index, str(error)) from None

    def _read_weight(self, value: str, index: int) -> None:
        weight = float(value) if _NUMBER.fullmatch(value) else float("nan")
        if not abs(weight) < float("inf"):
            raise self._error(index, f"weight {_shortened(value)!r} is not a finite number; {_WEIGHT_FORMS}")
        if self.weights:
            raise self._error(index, self._twice(self.weights[0], value))
        self.weights.append(weight)

    def _image_path(self, start: int) -> tuple[Path, int]:
        """The path that begins at index `start`, just after `image(`, and the index after its parenthesis."""
        if self.source.startswith('"', start):
            end = self.source.find('")', start + 1)
            path, after = self.source[start + 1 : end], end + 2
        else:
            depth, end = 1, -1
            for parenthesis in re.finditer(r"[()]", self.source[start:]):
                depth += 1 if parenthesis[0] == "(" else -1
                if depth == 0:
                    end = start + parenthesis.start()
                    break
            path, after = self.source[start:end].strip(), end + 1
        if end < 0:
            raise self._error(
                self.start,
                'image( is never closed; write image(path), image("path") for a path whose parentheses do not '
                r"pair up, or image\( if it is text",
            )
        if not path or "\0" in path:
            raise self._error(self.start, "image() names no file; put a path between the parentheses")
        return Path(path), after

    def _twice(self, first: str | float, second: str) -> str:
        return f"two weights, {first} and {second}; keep one, or write \\: if one of them is text"

    def _error(self, index: int, message: str) -> InputError:
        snippet = _shortened(self.source[self.start :].partition("|")[0].strip())
        return InputError(f"prompt {self.number} ({snippet!r}), column {index + 1}: {message}")


def _after_space(text: str, index: int) -> int:
    while index < len(text) and text[index].isspace():
        index += 1
    return index


def _shortened(text: str, length: int = 40) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
