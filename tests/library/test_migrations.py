from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys

import pytest

from doorways.errors import InputError
from doorways.library import Library
from doorways.library.migrations import LATEST, MIGRATIONS, migrate


def old_library(folder, version):
    """A library as the version made it, with three paintings as soon as it had a place for them."""
    (folder / "paintings").mkdir(parents=True)
    path = folder / "library.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path, to=version)
    for number in range(3 if version else 0):
        prompts = f"{('forest', 'Fólkvangr', 'kelp')[number]} | ocean"
        connection.execute(
            "INSERT INTO paintings (id, prompts, recipe, state, steps, note, created) VALUES (?, ?, ?, ?, 9, ?, ?)",
            (f"bcdfgh{number}2".replace("0", "x"), prompts, json.dumps({"prompts": prompts, "seed": number}), "waiting",
             f"note {number}", f"2026-01-0{number + 1}T00:00:00.000Z"),
        )  # fmt: skip
    connection.close()


def schema(folder):
    connection = sqlite3.connect(folder / "library.sqlite3")
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return version, rows


@pytest.mark.parametrize("version", range(LATEST + 1))
def test_every_older_version_is_brought_to_this_one_with_all_it_holds(version, tmp_path):
    old_library(tmp_path / "old", version)
    with Library.open(tmp_path / "old") as library:
        entries = library.list()
        assert [entry.note for entry in entries] == [f"note {n}" for n in range(3 if version else 0)]
        if version:
            assert [entry.prompts for entry in library.find("folkvangr")] == ["Fólkvangr | ocean"]
            assert library.tag(entries[1].id, "afterlife").tags == ("afterlife",)
            assert library.note(entries[1].id, "quiet").note == "quiet"
            assert library.find("quiet") == [library.get(entries[1].id)]
    Library.open(tmp_path / "new").close()
    assert schema(tmp_path / "old") == schema(tmp_path / "new")


def test_migrations_are_numbered_without_a_gap():
    assert [re.match(r"(\d{4})_\w+\.sql$", name)[1] for name in MIGRATIONS] == [
        f"{number:04}" for number in range(1, LATEST + 1)
    ]


def test_a_migration_that_fails_leaves_the_version_before(tmp_path):
    old_library(tmp_path, 1)
    path = tmp_path / "library.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE boards (mine)")
    with pytest.raises(sqlite3.OperationalError, match="boards already exists"):
        migrate(connection, path)
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert "tags" not in names
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_a_library_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path):
    Library.open(tmp_path).close()
    path = tmp_path / "library.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA user_version = {LATEST + 4}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(
        InputError, match=rf"of version {LATEST + 4}, .* up to {LATEST}; use a newer Doorways"
    ) as caught:
        Library.open(tmp_path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_another_program_s_database_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "library.sqlite3")
    connection.execute("CREATE TABLE recipes (cake)")
    connection.close()
    with pytest.raises(InputError, match="is another program's database; choose another folder"):
        Library.open(tmp_path)


def test_what_is_no_database_is_refused(tmp_path):
    (tmp_path / "library.sqlite3").write_bytes(b"a poem, or so\n" * 400)
    with pytest.raises(InputError, match="is no library of Doorways"):
        Library.open(tmp_path)


def test_many_processes_may_make_one_library_at_once(tmp_path):
    program = "import sys; from doorways.library import Library; print(Library.open(sys.argv[1]).list())"
    started = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path / "new"], stdout=-1, stderr=-1, text=True)
        for _ in range(6)
    ]
    assert [process.communicate() for process in started] == [("[]\n", "")] * 6
