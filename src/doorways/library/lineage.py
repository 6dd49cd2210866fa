"""Lineage: who came from whom."""

from __future__ import annotations

from dataclasses import dataclass

from doorways.errors import InputError
from doorways.library.entry import COLUMNS, Entry
from doorways.library.store import Store


@dataclass(frozen=True)
class Branch:
    """A painting and all that came from it; `children` in the order in which they were added."""

    entry: Entry
    children: tuple[Branch, ...]


class Lineage(Store):
    """The part of a library that knows where paintings come from."""

    def children(self, id: str) -> list[Entry]:
        """The paintings that came from this one."""
        rows = self.database.rows(
            f"SELECT {COLUMNS} FROM paintings WHERE parent = ? ORDER BY number", (self.get(id).id,)
        )
        return [Entry.from_row(row) for row in rows]

    def root(self, id: str) -> Entry:
        """The first of its line that is in the library."""
        entry, seen = self.get(id), set[str]()
        while entry.parent is not None and entry.id not in seen:
            seen.add(entry.id)
            try:
                entry = self.get(entry.parent)
            except InputError:  # deleted, or left behind in another library
                break
        return entry

    def tree(self, id: str) -> Branch:
        """The whole tree that a painting belongs to, from its root."""
        return self._branch(self.root(id), frozenset())

    def _branch(self, entry: Entry, above: frozenset[str]) -> Branch:
        above |= {entry.id}
        below = [child for child in self.children(entry.id) if child.id not in above]
        return Branch(entry, tuple(self._branch(child, above) for child in below))
