"""Sweeps: what many paintings were made for together. `doorways.explore` makes and runs them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from doorways.errors import InputError
from doorways.library.entry import STATES, must_be_one_of, utc_now
from doorways.library.ids import new_id
from doorways.library.store import Store

SWEEP_STATES = ("running", "paused", "done")


@dataclass(frozen=True)
class Sweep:
    """One sweep, as it was when it was asked for.

    Attributes:
        theme: TOML, as it was given.
        created: UTC, ISO 8601.
        state: `running`, `paused` or `done`.
        settings: JSON values, which `doorways.explore` reads.
    """

    id: str
    title: str
    theme: str
    created: str
    state: str
    settings: dict[str, Any]


class Sweeps(Store):
    """The part of a library that remembers sweeps. Their IDs are as paintings' are, and may be shortened likewise."""

    def add_sweep(self, title: str, theme: str, settings: Mapping[str, Any] | None = None) -> Sweep:
        """A new sweep, which is `running`; its paintings are added with its ID."""
        sweep = Sweep(new_id(), title, theme, utc_now(), "running", dict(settings or {}))
        self._insert_sweep(sweep)
        return sweep

    def _insert_sweep(self, sweep: Sweep) -> None:
        """Adds a sweep, if it is not there."""
        values = asdict(sweep) | {"settings": json.dumps(sweep.settings, ensure_ascii=False)}
        self.database.rows(
            f"INSERT INTO sweeps ({', '.join(values)}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            tuple(values.values()),
        )

    def get_sweep(self, id: str) -> Sweep:
        """The sweep with this ID; InputError if there is none, or if the beginning given is that of several."""
        wanted = id.strip().lower()
        rows = self.database.rows(
            "SELECT * FROM sweeps WHERE id >= ? AND id < ? LIMIT 9", (wanted, wanted + "~")
        )
        if not rows or not wanted:
            raise InputError(f"{id}: there is no such sweep in the library {self.folder}")
        if len(rows) > 1:
            found = ", ".join(row["id"] for row in rows)
            raise InputError(f"{id}: several sweeps begin so, {found}; give more of its ID")
        return _sweep(rows[0])

    def sweeps(self) -> list[Sweep]:
        """All sweeps, oldest first."""
        return [_sweep(row) for row in self.database.rows("SELECT * FROM sweeps ORDER BY created, id")]

    def update_sweep(
        self,
        id: str,
        *,
        state: str | None = None,
        theme: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Sweep:
        """Changes what is given of a sweep."""
        if state is not None:
            must_be_one_of("state of a sweep", state, SWEEP_STATES)
        with self.together():
            id = self.get_sweep(id).id
            self.database.rows(
                "UPDATE sweeps SET state = coalesce(?, state), theme = coalesce(?, theme),"
                " settings = coalesce(?, settings) WHERE id = ?",
                (
                    state,
                    theme,
                    None if settings is None else json.dumps(dict(settings), ensure_ascii=False),
                    id,
                ),
            )
            return self.get_sweep(id)

    def counts(self, sweep: str | None = None) -> dict[str, int]:
        """How many paintings are in each state, of a sweep or of the whole library."""
        where = "" if sweep is None else " WHERE sweep = ?"
        rows = self.database.rows(
            f"SELECT state, count(*) FROM paintings{where} GROUP BY state", () if sweep is None else (sweep,)
        )
        found = {row[0]: row[1] for row in rows}
        return {state: found[state] for state in STATES if state in found}


def _sweep(row: sqlite3.Row) -> Sweep:
    return Sweep(**dict(row) | {"settings": json.loads(row["settings"])})
