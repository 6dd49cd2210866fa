"""What the artist and the judge think of a painting: scores, rating, verdict, tags, boards, note, pin."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from doorways.errors import InputError
from doorways.library.entry import TO_GO_ON_WITH, VERDICTS, Entry, must_be_one_of
from doorways.library.store import Store


class Opinions(Store):
    """The part of a library that remembers what was thought of paintings; every method gives the entry as it is then."""

    def score(self, id: str, scores: Mapping[str, float], *, judge: str | None = None) -> Entry:
        """Adds measures by name; of those that were there before, the new ones count.

        Args:
            judge: the perceptor whose measures they are, if it is to be remembered. Where it was another one before,
                that one's go, since two judges' measures cannot be compared; those of rungs, `rung:…`, stay.
        """
        for name, value in scores.items():
            if not math.isfinite(value):
                raise InputError(f"score {name} {value}: must be a finite number; leave it out")
        with self.together():
            entry = self.get(id)
            before, judge = entry.scores, judge or entry.judge
            if entry.judge not in (None, judge):
                before = {name: value for name, value in before.items() if name.startswith("rung:")}
            kept = before | {name: float(value) for name, value in scores.items()}
            return self._update(id, {"scores": json.dumps(kept), "judge": judge})

    def rate(self, id: str, rating: int | None) -> Entry:
        """Gives 1 to 5, or None."""
        if rating is not None and rating not in range(1, 6):
            raise InputError(f"rating {rating}: must be 1 to 5, or none")
        return self._update(id, {"rating": rating})

    def verdict(self, id: str, verdict: str | None) -> Entry:
        """Gives one of `VERDICTS`, or None. A reject that is still to be painted, or to be gone on with, stops."""
        if verdict is not None:
            must_be_one_of("verdict", verdict, VERDICTS)
        with self.together():
            stops = verdict == "reject" and self.get(id).state in TO_GO_ON_WITH
            return self._update(id, {"verdict": verdict} | ({"state": "stopped"} if stops else {}))

    def note(self, id: str, text: str) -> Entry:
        """Writes the note, in place of the one before."""
        return self._update(id, {"note": text})

    def pin(self, id: str, pinned: bool = True) -> Entry:
        """Pins it: it is painted before others, and triage does not stop it. False takes the pin away."""
        return self._update(id, {"pinned": int(pinned)})

    def tag(self, id: str, *tags: str) -> Entry:
        """Adds tags."""
        return self._mark("tags", id, tags)

    def untag(self, id: str, *tags: str) -> Entry:
        """Takes tags away."""
        return self._unmark("tags", "tag", id, tags)

    def board(self, id: str, *boards: str) -> Entry:
        """Hangs it on boards; a board is there as soon as something hangs on it."""
        return self._mark("boards", id, boards)

    def unboard(self, id: str, *boards: str) -> Entry:
        """Takes it off boards."""
        return self._unmark("boards", "board", id, boards)

    def boards(self) -> dict[str, int]:
        """The name of every board, and how many paintings hang on it."""
        return self._counts("boards", "board")

    def tags(self) -> dict[str, int]:
        """Every tag, and how many paintings have it."""
        return self._counts("tags", "tag")

    def _mark(self, table: str, id: str, words: tuple[str, ...]) -> Entry:
        for word in words:
            if not word.strip():
                raise InputError(f"{table}: a name must not be empty")
        with self.together():
            id = self.get(id).id
            self.database.many(
                f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", [(id, w.strip()) for w in words]
            )
            return self.get(id)

    def _unmark(self, table: str, column: str, id: str, words: tuple[str, ...]) -> Entry:
        with self.together():
            id = self.get(id).id
            self.database.many(
                f"DELETE FROM {table} WHERE painting = ? AND {column} = ?",
                [(id, word.strip()) for word in words],
            )
            return self.get(id)

    def _counts(self, table: str, column: str) -> dict[str, int]:
        rows = self.database.rows(
            f"SELECT {column}, count(*) FROM {table} GROUP BY {column} ORDER BY {column}"
        )
        return {row[0]: row[1] for row in rows}
