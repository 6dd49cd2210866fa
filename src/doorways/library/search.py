"""Full-text search over prompts and notes."""

from __future__ import annotations

from doorways.library.entry import COLUMNS, Entry, must_be_a_limit
from doorways.library.store import Store


class Search(Store):
    """The part of a library that finds paintings by words."""

    def find(self, text: str, *, limit: int | None = None) -> list[Entry]:
        """The paintings whose prompts and note hold all words of `text`, or words that begin so; the closest first."""
        must_be_a_limit(limit)
        query = match_all(text)
        if not query:
            return []
        rows = self.database.rows(
            f"SELECT {COLUMNS} FROM (SELECT rowid, rank FROM search WHERE search MATCH ? ORDER BY rank, rowid DESC LIMIT ?)"
            " AS found JOIN paintings ON paintings.number = found.rowid ORDER BY found.rank, number DESC",
            (query, -1 if limit is None else limit),
        )
        return [Entry.from_row(row) for row in rows]


def match_all(text: str) -> str:
    """Words as SQLite's search takes them, whatever signs stand in them.

    >>> match_all('kelp "deep')
    '"kelp"* "deep"*'
    """
    words = text.replace('"', " ").split()
    return " ".join(f'"{word}"*' for word in words if any(map(str.isalnum, word)))
