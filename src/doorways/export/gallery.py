"""What is shown together: a gallery has sections, a section has paintings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from doorways.errors import InputError
from doorways.export.exhibit import Exhibit

MARK = "doorways-gallery.json"
"""The file by which a folder is known as a published gallery."""


@dataclass(frozen=True)
class Section:
    """Some paintings under a title, which may be empty."""

    title: str
    exhibits: tuple[Exhibit, ...]


@dataclass(frozen=True)
class Gallery:
    """All that is published at once."""

    title: str
    sections: tuple[Section, ...]
    introduction: str = ""

    @property
    def exhibits(self) -> tuple[Exhibit, ...]:
        """The paintings of all sections."""
        return tuple(exhibit for section in self.sections for exhibit in section.exhibits)


def gallery_of(paths: Sequence[Path], *, title: str = "", introduction: str = "") -> Gallery:
    """The gallery of PNGs, and of folders of them, each of whose folders is a section under its name.

    Names that begin with a dot are left out, and so are galleries that were published there. Pictures of a folder
    stand in the order of their names, as people count: 2 before 10.

    Raises:
        InputError: there is no such file or folder, no picture at all, or one that is no PNG.
    """
    sections: list[Section] = []
    for path in paths:
        sections += _folder(path, "") if path.is_dir() else [Section("", (Exhibit.from_png(path),))]
    joined: dict[str, tuple[Exhibit, ...]] = {}
    for section in sections:
        joined[section.title] = (*joined.get(section.title, ()), *section.exhibits)
    if not joined:
        where = ", ".join(map(str, paths)) or "nothing"
        raise InputError(f"{where}: there is no PNG in it; give painted pictures or folders of them")
    named = title or (
        _words(paths[0].resolve().name) if len(paths) == 1 and paths[0].is_dir() else "Doorways"
    )
    return Gallery(named, tuple(Section(name, found) for name, found in joined.items()), introduction)


def exhibits_of(paths: Sequence[Path]) -> tuple[Exhibit, ...]:
    """The paintings of PNGs and of folders of them, as in `gallery_of`."""
    return gallery_of(paths).exhibits


def _folder(folder: Path, title: str) -> Iterable[Section]:
    inside = sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=_as_counted)
    if (folder / MARK).exists():
        return
    if found := tuple(
        Exhibit.from_png(path) for path in inside if path.suffix.lower() == ".png" and path.is_file()
    ):
        yield Section(title, found)
    for path in inside:
        if path.is_dir():
            yield from _folder(path, _words(path.name))


def _as_counted(path: Path) -> list[tuple[int, str]]:
    """A name as people sort it: numbers in it by their value."""
    parts = re.split(r"(\d+)", path.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _words(name: str) -> str:
    """A folder's name as a title: `01-other-worlds` is Other worlds."""
    words = re.sub(r"^\d+[\W_]+", "", name)
    words = re.sub(r"[-_]+", " ", words).strip()
    return words[:1].upper() + words[1:]
