r"""Wordings: the sentence that a subject is put into.

    enormous {doorway|archway} to {subject} at __hour__ {style}

`{a|b}` is one or the other, and may nest; `__hour__` is every line of a list; `{subject}` and `{style}` are holes. Each
way to choose is a variant of the wording, and all sides of a picture are worded by the same one. `\{`, `\}` and `\_`
stand for the characters themselves. What fills a hole is text: signs that the grammar of prompts would misread in it
are escaped; what the wording itself says may use that grammar (`{subject} @0.3`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from doorways.errors import InputError

Lists = Callable[[str], Sequence[str]]
"""The lines of the list of a name; InputError where there is none."""

_TOKEN = re.compile(r"\\(?P<escaped>[{}_])|__(?P<list>[^\W_](?:\w*[^\W_])??)__|(?P<sign>[{}|])")
_COULD_END_AS_A_WEIGHT = re.compile(
    r"\s*[-+]?([\d.]*(e[-+]?\d*)?|n(an?)?|i(n(f(i(n(i(ty?)?)?)?)?)?)?)\s*", re.IGNORECASE
)


@dataclass(frozen=True)
class Hole:
    """A place for a subject or a style."""

    name: str


@dataclass(frozen=True)
class Choice:
    """One of several wordings."""

    options: tuple[Wording, ...]


@dataclass(frozen=True)
class Wording:
    """A template, read.

    >>> gate = Wording.parse("{a gate|an archway} to {subject}")
    >>> gate.count
    2
    >>> [variant.fill({"subject": "Rome: 2"}) for variant in gate.variants()]
    ['a gate to Rome\\\\: 2', 'an archway to Rome\\\\: 2']
    """

    parts: tuple[str | Hole | Choice, ...]

    @classmethod
    def parse(cls, text: str, lists: Lists | None = None) -> Wording:
        """Reads a template; InputError for a brace without its partner, or a list that is not there or names itself."""
        return _Reader(text, lists or _no_list, ()).read()

    @property
    def count(self) -> int:
        """How many variants there are; counted, not listed."""
        choices = (part for part in self.parts if isinstance(part, Choice))
        return prod(sum(option.count for option in choice.options) for choice in choices)

    @property
    def holes(self) -> frozenset[str]:
        """The names of its holes, in any variant."""
        found: set[str] = set()
        for part in self.parts:
            if isinstance(part, Hole):
                found.add(part.name)
            elif isinstance(part, Choice):
                found.update(*(option.holes for option in part.options))
        return frozenset(found)

    def variants(self) -> Iterator[Wording]:
        """Every way to choose, in the order in which it is written; none of them has a choice left."""
        ways = (
            [variant.parts for option in part.options for variant in option.variants()]
            if isinstance(part, Choice)
            else [(part,)]
            for part in self.parts
        )
        for chosen in product(*ways):
            yield Wording(tuple(part for parts in chosen for part in parts))

    def fill(self, texts: Mapping[str, str]) -> str:
        """The text of a variant, its holes filled; runs of spaces become one.

        Raises:
            InputError: a hole that `texts` does not fill.
        """
        written = []
        for part in self.parts:
            assert not isinstance(part, Choice), "a variant has no choice left"
            if isinstance(part, Hole):
                if part.name not in texts:
                    raise InputError(_unfilled(part.name, texts))
                part = escaped(texts[part.name])
            written.append(part)
        return " ".join("".join(written).split())


def escaped(text: str) -> str:
    r"""`text` with a backslash before what the grammar of prompts would misread, whatever is written around it.

    >>> print(escaped("at 3:00 am"), escaped("Act: 2"), escaped("me@home|away"))
    at 3:00 am Act\: 2 me\@home\|away
    """
    marked = re.sub(r"\\(?=[|:@(\\]|$)|[|@]", r"\\\g<0>", text.strip())
    head, colon, tail = marked.rpartition(":")
    if colon and not head[-1:].isdecimal() and _COULD_END_AS_A_WEIGHT.fullmatch(tail):
        marked = f"{head}\\:{tail}"
    return re.sub(r"^image\(", r"image\\(", marked)


def _unfilled(name: str, texts: Mapping[str, str]) -> str:
    if name == "style":
        return 'the hole {style} is left unfilled; give the theme a style, such as style = "by James Gurney"'
    known = " and ".join(f"{{{hole}}}" for hole in sorted({"subject", "style", *texts}))
    return (
        f"the hole {{{name}}} is left unfilled; holes are {known}, alternatives are written {{{name}|another}}, "
        rf"and \{{ is the sign itself"
    )


def _no_list(name: str) -> Sequence[str]:
    raise InputError(f"there is no list __{name}__ here; write the words themselves")


class _Reader:
    """Reads one template; `within` are the lists that it is a line of."""

    def __init__(self, text: str, lists: Lists, within: tuple[str, ...]) -> None:
        self.text, self.lists, self.within = text, lists, within
        self.index = 0

    def read(self) -> Wording:
        options, _ = self._options(top=True)
        return options[0]

    def _options(self, *, top: bool) -> tuple[list[Wording], bool]:
        """The wordings up to the brace that closes them (at the top, up to the end), and whether a bar parts them."""
        opened = self.index
        options: list[list[str | Hole | Choice]] = [[]]
        while found := _TOKEN.search(self.text, self.index):
            options[-1].append(self.text[self.index : found.start()])
            self.index = found.end()
            if found["escaped"]:
                options[-1].append(found["escaped"])
            elif found["list"]:
                options[-1].append(self._list(found["list"]))
            elif found["sign"] == "{":
                options[-1].append(self._braces())
            elif found["sign"] == "|" and not top:
                options.append([])
            elif found["sign"] == "}" and not top:
                return [_wording(parts) for parts in options], len(options) > 1
            elif found["sign"] == "}":
                raise InputError(
                    rf"{self.text!r} has a }} that closes nothing; write \}} for the sign itself"
                )
            else:
                options[-1].append(found["sign"])
        if not top:
            raise InputError(
                rf"{self.text!r}: the {{ before {self.text[opened:][:20]!r} is never closed; add the }}, or write \{{ for "
                "the sign itself"
            )
        options[-1].append(self.text[self.index :])
        return [_wording(options[0])], False

    def _braces(self) -> Hole | Choice:
        start = self.index
        options, parted = self._options(top=False)
        if parted:
            return Choice(tuple(options))
        return Hole(self.text[start : self.index - 1].strip())

    def _list(self, name: str) -> Choice:
        if name in self.within:
            chain = " -> ".join(f"__{step}__" for step in (*self.within, name))
            raise InputError(f"the list __{name}__ names itself ({chain}); take it out of its own lines")
        lines = self.lists(name)
        if not lines:
            raise InputError(f"the list __{name}__ is empty; put one text on each of its lines")
        return Choice(tuple(_Reader(line, self.lists, (*self.within, name)).read() for line in lines))


def _wording(parts: list[str | Hole | Choice]) -> Wording:
    """Neighbouring texts as one, so that equal wordings are equal."""
    joined: list[str | Hole | Choice] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return Wording(tuple(joined))
