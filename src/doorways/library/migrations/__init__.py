"""The numbered steps that bring a library's database from nothing, or from any older version, to this one.

`NNNN_name.sql` takes version N - 1 to N; SQLite's `user_version` says which have been taken. One that has been
published is never changed: what is to be otherwise comes with the next number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from doorways.errors import InputError

MIGRATIONS = tuple(
    sorted(path.name for path in files("doorways.library.migrations").iterdir() if path.name.endswith(".sql"))
)
LATEST = len(MIGRATIONS)
APPLICATION = 0x446F6F72
"""What SQLite's `application_id` holds in a library: 'Door'."""


def migrate(connection: sqlite3.Connection, path: Path, *, to: int = LATEST) -> None:
    """Takes the steps that are missing, each whole or not at all, though other processes may do the same.

    Args:
        connection: to the database, without transactions of its own (`isolation_level=None`).
        path: what messages call it.
        to: the version to stop at.

    Raises:
        InputError: the database is a newer version's, or another program's.
    """
    while _version(connection, path) < to:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _version(connection, path)
            if version < to:
                for statement in statements(MIGRATIONS[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version, application, tables = connection.execute(
        "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)"
        " FROM pragma_user_version, pragma_application_id"
    ).fetchone()
    if application != APPLICATION and (version or tables):
        raise InputError(f"{path}: is another program's database; choose another folder with --library")
    if version > LATEST:
        raise InputError(
            f"{path}: is a library of version {version}, and this Doorways knows versions up to {LATEST}; use a newer "
            "Doorways, or another folder with --library"
        )
    return int(version)


def statements(name: str) -> Iterator[str]:
    """The statements of a migration, one by one: a script run at once would end the transaction around it."""
    statement = ""
    for line in (files("doorways.library.migrations") / name).read_text(encoding="utf-8").splitlines(True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
