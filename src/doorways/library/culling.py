"""Culling: paintings are gone through one by one, something is said of each, and all that was done can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from doorways.errors import InputError
from doorways.library.entry import Entry
from doorways.library.library import Library
from doorways.library.offspring import reroll, vary


@dataclass(frozen=True)
class _Done:
    """What was done: in words, at which of the paintings, and how it is undone."""

    what: str
    at: int
    undo: Callable[[], object]


class Culling:
    """A walk through paintings of a library.

    Verdicts and ratings go on to the next painting; notes, rerolls and variations stay. Every action says in a few words
    what it did.

    Args:
        entries: at least one.
    """

    def __init__(self, library: Library, entries: Sequence[Entry]) -> None:
        if not entries:
            raise InputError("there is no painting to go through; ask for others, or explore a theme first")
        self.library = library
        self.ids = [entry.id for entry in entries]
        self.at = 0
        self.done: list[_Done] = []

    @property
    def entry(self) -> Entry:
        """The painting that is looked at, as it is now."""
        return self.library.get(self.ids[self.at])

    @property
    def is_last(self) -> bool:
        """Whether no other comes after it."""
        return self.at == len(self.ids) - 1

    def go(self, by: int) -> None:
        """Looks at the one so many further on, or back; it stops at the ends."""
        self.at = min(max(self.at + by, 0), len(self.ids) - 1)

    def verdict(self, verdict: str) -> str:
        """`reject`, `keep` or `favourite`; the one that it has already takes it away.

        A reject that is still to be painted, or to be gone on with, stops.
        """
        entry = self.entry
        given = None if entry.verdict == verdict else verdict
        state = self.library.verdict(entry.id, given).state

        def undo() -> None:
            self.library.verdict(entry.id, entry.verdict)
            if state == "stopped" != entry.state:
                self.library.release(entry.id, entry.state)

        self._did(verdict if given else f"no longer {verdict}", undo)
        self.go(1 if given else 0)
        return self.done[-1].what

    def rate(self, rating: int) -> str:
        """1 to 5."""
        entry = self.entry
        self.library.rate(entry.id, rating)
        self._did(f"rated {rating}", lambda: self.library.rate(entry.id, entry.rating))
        self.go(1)
        return self.done[-1].what

    def note(self, text: str) -> str:
        """Writes its note, in place of the one before."""
        entry = self.entry
        self.library.note(entry.id, text)
        return self._did("noted", lambda: self.library.note(entry.id, entry.note))

    def reroll(self) -> str:
        """Has it painted again with another seed."""
        child = reroll(self.library, self.entry.id)
        return self._did(
            f"{child.id} waits with seed {child.recipe['seed']}", lambda: self._take_back(child.id)
        )

    def vary(self) -> str:
        """Has another painted that begins with its layout."""
        child = vary(self.library, self.entry.id)
        return self._did(f"{child.id} waits with its layout", lambda: self._take_back(child.id))

    def undo(self) -> str:
        """Undoes the last action and goes back to its painting; what cannot be undone stays done.

        Raises:
            InputError: nothing was done, or what was asked for is being painted by now.
        """
        if not self.done:
            raise InputError("there is nothing to undo")
        last = self.done.pop()
        self.at = last.at
        last.undo()
        return f"undone: {last.what}"

    def _did(self, what: str, undo: Callable[[], object]) -> str:
        self.done.append(_Done(what, self.at, undo))
        return what

    def _take_back(self, id: str) -> None:
        child = self.library.get(id)
        if child.state != "waiting" or child.step:
            raise InputError(
                f"{id}: is {child.state} by now, and stays; `doorways library delete {id}` takes it away"
            )
        self.library.delete(id)
