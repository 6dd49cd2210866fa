"""The pictures that `judge` and `rank` look at: files, or paintings of the library, and what they were painted of."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doorways.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from doorways.judge.judgement import Judgement
    from doorways.judge.judging import Judge
    from doorways.library import Entry, Library


@dataclass(frozen=True)
class Seen:
    """A picture to look at.

    Attributes:
        name: as it is told: a file's path, or a painting's ID.
        asked: the recipe's settings, or prompts alone where the picture holds no recipe.
        machine: what the picture says of the machine that painted it.
        entry: the painting, where it is one of the library.
        named: whether it was asked for by name, and not found among others.
    """

    name: str
    picture: Path
    asked: Mapping[str, Any] | str
    machine: Mapping[str, Any]
    entry: Entry | None = None
    named: bool = True

    def judged(self, judge: Judge, pixels: Tensor, **wanted: Any) -> Judgement:
        """What `judge` makes of its `pixels` [1, 3, H, W]."""
        try:
            return judge.judge(pixels, self.asked, machine=self.machine, **wanted)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error


@contextmanager
def opened(folder: Path | None) -> Iterator[Library]:
    """The library in `folder`, or the user's; it must be there."""
    from doorways.library import Library

    with Library.open(folder, create=False) as library:
        yield library


def look_up(names: Iterable[str], folder: Path | None, prompts: str | None) -> list[Seen]:
    """The pictures called `names`: each a file, or (the beginning of) the ID of a painting in the library.

    Prompts that are given take the place of those in recipes; InputError for a name that is neither, and for a picture
    without a recipe where no prompts are given.
    """
    from doorways.library.ids import is_id

    found = []
    for name in names:
        if is_id(name):
            with opened(folder) as library:
                found.append(painting(library, library.get(name), prompts))
        else:
            found.append(_file(Path(name), prompts))
    return found


def painting(library: Library, entry: Entry, prompts: str | None = None) -> Seen:
    """A painting of the library; InputError where nothing of it has been painted yet."""
    from doorways.library.sources import kept_sources, renamed

    files = library.files(entry.id)
    if not files.picture.is_file():
        raise InputError(f"{entry.id}: has no picture yet, it is {entry.state}; paint it first")
    recipe = renamed(entry.recipe, kept_sources(entry.recipe, files.sources))
    asked = recipe if prompts is None else recipe | {"prompts": prompts}
    return Seen(entry.id, files.picture, asked, entry.machine, entry)


def paintings(library: Library, prompts: str | None = None, **only: str | None) -> list[Seen]:
    """All paintings of the library that have a picture and fit `only` (`Library.list`), the oldest first.

    Those whose picture was taken away are left out, which is said.
    """
    found = []
    for entry in library.list(**only):  # type: ignore[arg-type]
        if entry.picture_sha256 and not library.files(entry.id).picture.is_file():
            sys.stderr.write(f"doorways: {entry.id}: its picture is no longer there; it is left out\n")
        elif entry.picture_sha256:
            found.append(replace(painting(library, entry, prompts), named=False))
    return found


def _file(path: Path, prompts: str | None) -> Seen:
    from doorways.metadata import read_metadata

    try:
        found = read_metadata(path)
    except InputError as error:
        if prompts is not None and path.is_file():
            return Seen(str(path), path, prompts, {})
        remedy = (
            "; or say what it should show, with --prompts 'forest | kelp forest'" if path.is_file() else ""
        )
        raise InputError(f"{error}{remedy}") from error
    asked = found.recipe if prompts is None else found.recipe | {"prompts": prompts}
    return Seen(str(path), path, asked, found.machine)


def judge_all(seen: list[Seen], judge: Judge, **wanted: Any) -> Iterator[tuple[Seen, Judgement]]:
    """Judges pictures one after the other, with a bar on a terminal where there are several.

    One that cannot be read ends it if it was asked for by name, and else is left out, which is said.
    """
    from rich.console import Console
    from rich.progress import track

    from doorways.pictures import read_picture

    console = Console(stderr=True)
    hidden = len(seen) < 2 or not console.is_terminal
    for one in track(seen, "judging", console=console, transient=True, disable=hidden):
        try:
            pixels = read_picture(one.picture)
        except InputError as error:
            if one.named:
                raise InputError(f"{one.name}: {error}") from error
            sys.stderr.write(f"doorways: {one.name}: {error}; it is left out\n")
        else:
            yield one, one.judged(judge, pixels, **wanted)


def eyes(perceptor: str, device: str, aesthetic: Path | None = None) -> Judge:
    """The judge with this perceptor, fetched first if it is not here; what is to be said of it goes to stderr."""
    from doorways.cli.fetching import fetch

    for spec, folder in fetch([perceptor]):
        sys.stderr.write(f"doorways: {spec}: {folder}\n")
    from doorways.devices import choose_device
    from doorways.judge import Judge

    return Judge.load(perceptor, device=str(choose_device(device).device), aesthetic=aesthetic)
