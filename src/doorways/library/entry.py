"""An entry: what the library knows of one painting."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from doorways.errors import InputError

STATES = ("waiting", "running", "resting", "stopped", "paused", "finished", "failed")
AT_REST = tuple(state for state in STATES if state != "running")
"""The states of paintings that nobody paints at the moment."""
TO_GO_ON_WITH = ("waiting", "resting", "paused")
"""The states of paintings that nobody paints, and that are to be painted or may be painted on."""
VERDICTS = ("reject", "keep", "favourite")

COLUMNS = """
id, prompts, recipe, state, step, steps, rung, scores, rating, verdict,
(SELECT json_group_array(tag) FROM tags WHERE painting = paintings.id) AS tags,
(SELECT json_group_array(board) FROM boards WHERE painting = paintings.id) AS boards,
note, parent, change, sweep, subject, pinned, created, started, finished, seconds, worker, machine, picture_sha256, judge
"""
"""What is selected from `paintings` to make an entry."""


@dataclass(frozen=True)
class Entry:
    """One painting in a library, as it was when it was asked for.

    Attributes:
        id: eight letters and digits.
        prompts: as in the recipe.
        recipe: settings as JSON values; `Recipe.build(**entry.recipe)` checks them.
        state: `waiting` (may be claimed), `running` (claimed), `resting` (a rung is done, and triage comes), `stopped`
            (by triage or the artist), `paused` (to be gone on with), `finished` or `failed`.
        step: steps taken, of `steps`.
        rung: rungs of triage that it has passed.
        scores: the judge's measures by name.
        rating: 1 to 5, or None.
        verdict: `reject`, `keep`, `favourite`, or None.
        tags: sorted; `boards` likewise.
        note: the artist's.
        parent: the ID of the painting that it came from.
        change: what differs from the parent: a setting's name -> [before, now], or what surgery did.
        sweep: the ID of the sweep that it belongs to; `subject`, what it shows in it.
        pinned: painted before others, and not stopped by triage.
        created: UTC, ISO 8601; `started` and `finished` likewise, or None.
        seconds: spent painting, all sittings together.
        worker: who paints it while it is running.
        machine: versions, device, precision, threads, fingerprints of weights; with how many it was painted `together`.
        picture_sha256: of the file of its picture, if it has one.
        judge: the perceptor whose scores these are, if it is known.
    """

    id: str
    prompts: str
    recipe: dict[str, Any]
    state: str
    step: int
    steps: int
    rung: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    rating: int | None = None
    verdict: str | None = None
    tags: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()
    note: str = ""
    parent: str | None = None
    change: dict[str, Any] = field(default_factory=dict)
    sweep: str | None = None
    subject: str | None = None
    pinned: bool = False
    created: str = ""
    started: str | None = None
    finished: str | None = None
    seconds: float = 0.0
    worker: str | None = None
    machine: dict[str, Any] = field(default_factory=dict)
    picture_sha256: str | None = None
    judge: str | None = None

    @classmethod
    def from_row(cls, row: sqlite3.Row | Mapping[str, Any]) -> Entry:
        """The entry in a row of `COLUMNS`."""
        values = dict(row)
        for name in ("recipe", "scores", "change", "machine"):
            values[name] = json.loads(values[name])
        for name in ("tags", "boards"):
            values[name] = tuple(sorted(json.loads(values[name])))
        return cls(**values | {"pinned": bool(values["pinned"])})

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self) | {"tags": list(self.tags), "boards": list(self.boards)}


def utc_now() -> str:
    """The time as entries hold it: UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def must_be_a_limit(limit: int | None) -> None:
    """InputError for a negative one, or one that no database knows; None is no limit."""
    if limit is not None and not 0 <= limit < 2**63:
        raise InputError(f"limit {limit}: must be 0 or more, and below 2^63; leave it out for all")


def must_be_one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    """InputError naming what is allowed, if `value` is not."""
    if value not in allowed:
        raise InputError(f"{what} {value!r}: must be one of {', '.join(allowed)}")
