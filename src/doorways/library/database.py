"""The SQLite file of a library: opened, brought to this version, read, and written in transactions."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from doorways.errors import DoorwaysError, InputError
from doorways.library.migrations import LATEST, migrate

PATIENCE_S = 60.0
"""How long a process waits for another one to finish writing."""
ROOM_BYTES = 1 << 20
"""A disk with less than this is full."""


class Database:
    """One connection, which threads may share; another process opens its own.

    Args:
        path: of the file; it is made if it is not there.

    Raises:
        InputError: the folder may not be written to, the file is no library, or of a newer version.
        DoorwaysError: the disk is full, or fails.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._undoing: list[Callable[[], object]] = []
        with said_of(path):
            self._connection = sqlite3.connect(
                path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            try:
                self._set_up()
            except BaseException:
                self._connection.close()
                raise

    def _set_up(self) -> None:
        run = self._connection.execute
        run("PRAGMA foreign_keys = ON")
        run("PRAGMA synchronous = FULL")  # a row that says a picture is there outlives a power cut
        migrate(self._connection, self.path)
        if run("PRAGMA journal_mode").fetchone()[0] != "wal":
            run("PRAGMA journal_mode = WAL")

    @property
    def version(self) -> int:
        """How many migrations have been applied."""
        return LATEST

    def close(self) -> None:
        """Ends the connection; what was written is in the file."""
        self._connection.close()

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """What a statement gives; one that writes does so at once, and whole."""
        with self._lock, said_of(self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        """A statement that writes, once for each row of parameters."""
        with self._lock, said_of(self.path):
            self._connection.executemany(sql, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in the block is kept, or, if it fails, nothing; nobody else writes meanwhile."""
        with self._lock, said_of(self.path):
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()  # or nothing, where SQLite has done so itself
                for undo in reversed(self._undoing):
                    undo()
                raise
            finally:
                self._undoing.clear()

    def or_else(self, undo: Callable[[], object]) -> None:
        """Within a transaction: what takes back beside the database what the transaction did, if that fails."""
        self._undoing.append(undo)


@contextmanager
def said_of(path: Path) -> Iterator[None]:
    """Turns what SQLite says of the file at `path` into one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise explained(path, error) from error


def explained(path: Path, error: sqlite3.Error) -> DoorwaysError:
    """What went wrong with the library at `path`, and the remedy."""
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if kind == sqlite3.SQLITE_FULL or (kind == sqlite3.SQLITE_IOERR and _is_full(path.parent)):
        return DoorwaysError(f"{path}: the disk is full; free some space, and go on: nothing is damaged")
    if kind in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return InputError(
            f"{path}: the library may not be written to; choose another folder with --library or DOORWAYS_LIBRARY"
        )
    if kind == sqlite3.SQLITE_NOTADB:
        return InputError(f"{path}: is no library of Doorways; choose another folder with --library")
    if kind == sqlite3.SQLITE_CORRUPT:
        return DoorwaysError(
            f"{path}: is damaged ({error}); put back a copy, or move it away and bring the pictures' folders back in "
            "with `doorways library import`"
        )
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DoorwaysError(
            f"{path}: another program has kept the library busy for a minute; end it, and go on"
        )
    return DoorwaysError(f"{path}: {error}; `doorways library check` looks the library over")


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < ROOM_BYTES
    except OSError:
        return False
