"""The store: paintings by their IDs, their rows and their files. What else a library does is built on it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from doorways.atomic import check_writable, writing
from doorways.consequences import has_sketch, steps_for
from doorways.errors import InputError
from doorways.library.database import Database
from doorways.library.differences import differences
from doorways.library.entry import (
    AT_REST,
    COLUMNS,
    STATES,
    VERDICTS,
    Entry,
    must_be_a_limit,
    must_be_one_of,
    utc_now,
)
from doorways.library.files import PAINTINGS, Files, sha256
from doorways.library.folder import DATABASE, library_folder
from doorways.library.ids import LAST, LENGTH, new_id
from doorways.library.orders import order_by
from doorways.library.sources import Copies, keep_sources
from doorways.library.workers import is_dead

if TYPE_CHECKING:
    from PIL.Image import Image

    from doorways.recipe import Recipe

Entries = list[Entry]
"""`list` is the name of a method here."""


class Store:
    """Rows and files of paintings in one folder. Use `Library.open`.

    Wherever an ID is taken, the beginning of it will do if no other ID begins so, and `last` is the newest painting.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.database = folder, database
        self._copies: Copies = {}

    @classmethod
    def open(cls, folder: Path | str | None = None, *, create: bool = True) -> Self:
        """The library in `folder`, brought to this version; made there if it is not and `create` says so.

        Args:
            folder: `library_folder()` if not given.

        Raises:
            InputError: no library there, one of a newer version, or a folder that may not be written to.
            DoorwaysError: the disk is full, or fails.
        """
        folder = library_folder() if folder is None else Path(folder)
        path = folder / DATABASE
        if not create and not path.exists():
            raise InputError(f"{folder}: there is no library in it; check the folder's name")
        with writing(folder):
            (folder / PAINTINGS).mkdir(parents=True, exist_ok=True)
        check_writable(path)
        return cls(folder, Database(path))

    def close(self) -> None:
        """Ends the connection to the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written in the block is kept whole, or, if it fails, not at all; and many rows come quickly."""
        with self.database.transaction():
            yield

    def add(
        self,
        recipe: Recipe | Mapping[str, Any],
        *,
        parent: str | None = None,
        change: Mapping[str, Any] | None = None,
        beside: Mapping[str, Any] | None = None,
        sweep: str | None = None,
        subject: str | None = None,
        tags: Iterable[str] = (),
        boards: Iterable[str] = (),
        note: str = "",
        state: str = "waiting",
    ) -> Entry:
        """A new painting, of which nothing has been painted yet.

        Args:
            recipe: a recipe, or its settings as JSON values.
            parent: ID of the painting that it comes from.
            change: what differs from the parent; found by comparing the recipes if not given. `beside` is added to it.
            sweep: ID of the sweep that it belongs to; `subject`: what it shows in it.
            state: any but `running`, which comes of a claim.

        Pictures that the recipe names are copied into the library; those that have moved, from the parent's copies.

        Raises:
            InputError: such a picture or the parent is not there, or the recipe has no prompts.
        """
        settings = dict(recipe) if isinstance(recipe, Mapping) else recipe.settings()
        must_be_one_of("state", state, AT_REST)
        if not settings.get("prompts"):
            raise InputError(
                "a recipe without prompts cannot be added; give at least one, such as 'forest | kelp forest'"
            )
        with self.together():
            if parent is not None:
                before = self.get(parent)
                parent = before.id
                change = differences(before.recipe, settings) if change is None else change
            entry = Entry(
                id=self._unused_id(),
                prompts=settings["prompts"],
                recipe=settings,
                state=state,
                step=0,
                steps=settings.get("steps") or steps_for(sketch=has_sketch(settings)),
                tags=tuple(sorted(set(tags))),
                boards=tuple(sorted(set(boards))),
                note=note,
                parent=parent,
                change=dict(change or {}) | dict(beside or {}),
                sweep=sweep,
                subject=subject,
                created=utc_now(),
            )
            self._comes_and_goes(self._files(entry.id).folder)
            keep_sources(
                settings,
                self._files(entry.id).sources,
                before=self._files(parent).sources if parent else None,
                copies=self._copies,
            )
            self._insert(entry)
            return entry

    def get(self, id: str) -> Entry:
        """The painting with this ID; InputError if there is none, or if the beginning given is that of several."""
        wanted = id.strip().lower()
        if wanted == LAST:
            rows = self.database.rows(f"SELECT {COLUMNS} FROM paintings ORDER BY number DESC LIMIT 1")
        elif len(wanted) == LENGTH:
            rows = self.database.rows(f"SELECT {COLUMNS} FROM paintings WHERE id = ?", (wanted,))
        else:
            rows = self.database.rows(
                f"SELECT {COLUMNS} FROM paintings WHERE id >= ? AND id < ? LIMIT 9", (wanted, wanted + "~")
            )
        if len(rows) == 1 and wanted:
            return Entry.from_row(rows[0])
        if not rows or not wanted:
            raise InputError(
                f"{id}: there is no such painting in the library {self.folder}; `doorways library list`"
            )
        found = ", ".join(row["id"] for row in rows)
        raise InputError(f"{id}: several paintings begin so, {found}; give more of its ID")

    def list(
        self,
        *,
        state: str | None = None,
        sweep: str | None = None,
        board: str | None = None,
        tag: str | None = None,
        subject: str | None = None,
        verdict: str | None = None,
        order: str = "created",
        limit: int | None = None,
    ) -> Entries:
        """The paintings of which all that is given is true.

        Args:
            order: `created` (oldest first), `newest`, `rating`, `step`, `seconds`, or `score:NAME`, largest first.
            limit: at most so many.

        Raises:
            InputError: there is no such state, verdict or order, or the limit is negative.
        """
        if state is not None:
            must_be_one_of("state", state, STATES)
        if verdict is not None:
            must_be_one_of("verdict", verdict, VERDICTS)
        must_be_a_limit(limit)
        conditions = {
            "state = ?": state,
            "sweep = ?": sweep,
            "subject = ?": subject,
            "verdict = ?": verdict,
            "id IN (SELECT painting FROM tags WHERE tag = ?)": tag,
            "id IN (SELECT painting FROM boards WHERE board = ?)": board,
        }
        given = {condition: value for condition, value in conditions.items() if value is not None}
        where = f" WHERE {' AND '.join(given)}" if given else ""
        by, values = order_by(order)
        # Which ones, before what is known of them is gathered: of a large library only a few are asked for.
        chosen = f"SELECT number FROM paintings{where} ORDER BY {by} LIMIT ?"
        rows = self.database.rows(
            f"SELECT {COLUMNS} FROM paintings WHERE number IN ({chosen}) ORDER BY {by}",
            (*given.values(), *values, -1 if limit is None else limit, *values),
        )
        return [Entry.from_row(row) for row in rows]

    def files(self, id: str) -> Files:
        """Where the files of a painting lie; its folder is made if it is not there."""
        files = self._files(self.get(id).id)
        with writing(files.folder):
            files.folder.mkdir(parents=True, exist_ok=True)
        return files

    def keep(
        self,
        id: str,
        image: Image,
        recipe: Recipe,
        step: int,
        finished: bool,
        machine: Mapping[str, Any] | None = None,
        *,
        seconds: float = 0.0,
    ) -> Entry:
        """Keeps the picture of a painting as it is now: first the file, then the row, each whole or not at all.

        Args:
            image: the picture after `step` steps.
            recipe: as it was painted, with what was left open filled in.
            finished: whether it has come to its end; its state is then `finished`.
            machine: what painted it, as JSON values.
            seconds: what this sitting took, which is added to the others.
        """
        from doorways.png import save_png

        files = self.files(id)
        save_png(files.picture, image, recipe, step=step, finished=finished, machine=machine)
        values: dict[str, Any] = {
            "recipe": _json(recipe.settings()),
            "prompts": recipe.prompts,
            "step": step,
            "steps": recipe.steps,
            "machine": _json(dict(machine or {})),
            "picture_sha256": sha256(files.picture),
        }
        if finished:
            values |= {"state": "finished", "finished": utc_now(), "worker": None, "lease": None}
        with self.together():
            return self._update(id, values | {"seconds": self.get(id).seconds + seconds})

    def is_painted(self, id: str) -> bool:
        """Whether somebody paints it now: it is `running`, and neither has its lease run out nor its worker ended."""
        rows = self.database.rows(
            "SELECT worker FROM paintings WHERE id = ? AND state = 'running' AND lease >= ?",
            (self.get(id).id, time.time()),
        )
        return any(not is_dead(row["worker"] or "") for row in rows)

    def with_picture(self, path: Path | str) -> Entry | None:
        """The painting whose picture the file at `path` is, under whatever name; the newest, if there are several."""
        return self.with_sha256(sha256(path))

    def with_sha256(self, digest: str) -> Entry | None:
        """The painting whose picture has this checksum; the newest, if there are several."""
        rows = self.database.rows(
            f"SELECT {COLUMNS} FROM paintings WHERE picture_sha256 = ? ORDER BY number DESC LIMIT 1",
            (digest,),
        )
        return Entry.from_row(rows[0]) if rows else None

    def delete(self, id: str) -> Entry:
        """Takes a painting and its files out of the library; what came from it keeps its name as its parent's.

        Raises:
            InputError: it is being painted.
        """
        with self.together():
            entry = self.get(id)
            if self.is_painted(entry.id):
                raise InputError(f"{entry.id}: is being painted by {entry.worker}; stop it first")
            self.database.rows("DELETE FROM paintings WHERE id = ?", (entry.id,))
        shutil.rmtree(self._files(entry.id).folder, ignore_errors=True)
        return entry

    def _files(self, id: str) -> Files:
        """The files of the painting whose whole ID is given; its folder need not be there."""
        return Files(self.folder / PAINTINGS / id)

    def _comes_and_goes(self, folder: Path) -> None:
        """Within a transaction: the folder of a new painting, which is to go again if the transaction fails."""
        self.database.or_else(lambda: shutil.rmtree(folder, ignore_errors=True))

    def _update(self, id: str, values: Mapping[str, Any]) -> Entry:
        """Sets columns of one painting."""
        with self.together():
            id = self.get(id).id
            names = ", ".join(f"{name} = ?" for name in values)
            self.database.rows(f"UPDATE paintings SET {names} WHERE id = ?", (*values.values(), id))
            return self.get(id)

    def _insert(self, entry: Entry) -> None:
        """Adds the row of an entry, its tags and its boards."""
        values = entry.to_json()
        marks = {"tags": values.pop("tags"), "boards": values.pop("boards")}
        values = {name: _json(value) if isinstance(value, dict) else value for name, value in values.items()}
        places = ", ".join("?" * len(values))
        self.database.rows(
            f"INSERT INTO paintings ({', '.join(values)}) VALUES ({places})", tuple(values.values())
        )
        for table, words in marks.items():
            self.database.many(f"INSERT INTO {table} VALUES (?, ?)", [(entry.id, word) for word in words])

    def _unused_id(self) -> str:
        while self.database.rows("SELECT 1 FROM paintings WHERE id = ?", (id := new_id(),)):
            pass
        return id


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
