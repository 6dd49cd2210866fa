"""How the command keeps a painting in the library: in which one, as which painting, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doorways.errors import DoorwaysError, InputError

if TYPE_CHECKING:
    from doorways.library import Entry, Library
    from doorways.library.recorder import Recorder
    from doorways.painter import Painter
    from doorways.recipe import Recipe

LOADING_S = 900.0
"""For how long a painting that is gone on with is ours before its recorder begins: models may load slowly."""

PAINTING = "painting"
"""Under which name a checkpoint beside a picture holds the painting's ID."""

ASKED = "asked"
"""And under which the options of its run (`Outputs.asked`)."""


@dataclass
class Keeping:
    """What is known of a run before it begins.

    Attributes:
        library: where it is kept.
        parent: ID of the painting that it comes from.
        change: what was done to it, beside what differs in the recipe.
        entry: the painting itself, where one is gone on with; it is ours already.
        was: the state that it had before.
    """

    library: Library
    parent: str | None = None
    change: dict[str, Any] = field(default_factory=dict)
    entry: Entry | None = None
    was: str = "paused"

    def begin(self, painter: Painter, *, checkpoint_every: int) -> Recorder:
        """The recorder of the run; a painting that is new is added to the library."""
        from doorways.library import this_worker
        from doorways.library.recorder import Recorder

        if self.entry is None:
            with self.library.together():
                added = self.library.add(
                    painter.recipe, parent=self.parent, beside=self.change, state="paused"
                )
                self.entry = self.library.take(added.id, this_worker())
        return Recorder(self.library, self.entry, painter, checkpoint_every=checkpoint_every)

    def take(self, id: str) -> Entry:
        """Goes on with a painting of the library, which is ours from now on."""
        from doorways.library import this_worker

        with self.library.together():
            self.was = self.library.get(id).state
            self.entry = self.library.take(id, this_worker(), lease_s=LOADING_S)
        return self.entry

    def find(self, meta: Mapping[str, Any]) -> None:
        """Goes on with the painting that a checkpoint is of, if the library has it and it is not finished."""
        try:
            entry = self.library.get(str(meta.get(PAINTING, "")))
        except InputError:
            return
        if entry.state != "finished":
            self.take(entry.id)

    def give_back(self) -> None:
        """The painting could not be gone on with: it is as it was, and others may try."""
        if self.entry is not None:
            state = "paused" if self.was == "running" else self.was  # by one who was killed
            self.library.release(self.entry.id, state, worker=self.entry.worker)


def open_keeping(folder: Path | None, *, wanted: bool) -> Keeping | None:
    """Where to keep a painting; None if it is not `wanted`."""
    if not wanted:
        return None
    from doorways.library import Library

    try:
        return Keeping(Library.open(folder))
    except DoorwaysError as error:
        raise type(error)(f"{error}; or paint with --no-library") from error


def in_library(keeping: Keeping | None, given: Path) -> Entry | None:
    """The painting whose ID, or the beginning of it, was given in place of a file; None if it is a file's name."""
    from doorways.library.ids import is_id

    if keeping is None or not is_id(given):
        return None
    return keeping.library.get(str(given))


def picture_of(given: Path, folder: Path | None = None) -> Path:
    """The picture of the painting whose ID was given in place of a file; or the file itself, if it is one's name.

    Args:
        folder: of the library; the default one if not given.

    Raises:
        InputError: there is no such painting, or it has no picture yet.
    """
    from doorways.library import Library
    from doorways.library.ids import is_id

    if not is_id(given):
        return given
    with Library.open(folder) as library:
        entry = library.get(str(given))
        picture = library.files(entry.id).picture
    if not picture.exists():
        raise InputError(f"{entry.id}: has no picture yet, it is {entry.state}; paint it first")
    return picture


def recipe_of(keeping: Keeping, entry: Entry, changes: Mapping[str, Any]) -> Recipe:
    """The recipe of a painting in the library, with some settings changed.

    Pictures that it names and that have moved or changed since are the library's copies of them.
    """
    from doorways.library.sources import is_same, kept_sources, renamed
    from doorways.recipe import Recipe

    copies = kept_sources(entry.recipe, keeping.library.files(entry.id).sources)
    moved = {name: copy for name, copy in copies.items() if not is_same(name, copy)}
    return Recipe.build(**renamed(entry.recipe, moved)).override(**changes)


def parent_of(keeping: Keeping, *pictures: Path | None) -> str | None:
    """The ID of the painting that the first of these pictures is, of those that are one's of the library."""
    for picture in pictures:
        if picture is not None and picture.is_file():
            found = keeping.library.with_picture(picture)
            if found is not None:
                return found.id
    return None
