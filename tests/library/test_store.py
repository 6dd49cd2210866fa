from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from doorways.errors import InputError
from doorways.library import Library, differences, library_folder
from doorways.library.entry import Entry
from doorways.metadata import read_metadata
from doorways.recipe import Recipe
from tests.library.conftest import settings

IMAGE = Image.new("RGB", (48, 24), "teal")


def test_what_is_added_is_remembered(library):
    added = library.add(
        settings(size="48x24"), subject="forests", tags=["b", "a"], boards=["best"], note="for later"
    )
    with Library.open(library.folder) as again:
        found = again.get(added.id)
    assert found == added
    assert (found.prompts, found.recipe, found.step, found.steps) == (
        "forest | kelp forest",
        settings(size="48x24"),
        0,
        6,
    )
    assert (found.state, found.tags, found.boards, found.note) == (
        "waiting",
        ("a", "b"),
        ("best",),
        "for later",
    )
    assert found.to_json()["tags"] == ["a", "b"]


def test_a_recipe_is_kept_as_it_is(library):
    recipe = Recipe.build(prompts="fire | ocean", seed=2**63 - 1, semantic_symmetry="0 -> 0.3")
    assert Recipe.build(**library.add(recipe).recipe) == recipe


def test_the_beginning_of_an_id_will_do_where_it_is_the_only_one(library):
    first = library.add(settings())
    assert library.get(first.id[:1]) == library.get(f" {first.id.upper()} ") == first
    library.database.rows("UPDATE paintings SET id = 'kbbbbbbb'")
    library.database.rows(
        "INSERT INTO paintings (id, prompts, recipe, state, steps, created) VALUES ('kbbbbbbc', '', '{}', 'paused', 1, '')"
    )
    assert library.get("kbbbbbbc").state == "paused"
    with pytest.raises(
        InputError, match="kb: several paintings begin so, kbbbbbbb, kbbbbbbc; give more of its ID"
    ):
        library.get("kb")


@pytest.mark.parametrize("id", ["", " ", "zzzzzzzz", "zz", "forest.png", "%", "*"])
def test_an_id_that_is_none_is_named(library, id):
    library.add(settings())
    library.database.rows("UPDATE paintings SET id = 'kbbbbbbb'")
    with pytest.raises(InputError, match="there is no such painting in the library"):
        library.get(id)


def test_lists_hold_what_fits_in_the_order_asked_for(library):
    sweep = library.add_sweep("Doorways", "title = 'Doorways'").id
    a = library.add(settings("a"), sweep=sweep, subject="one", tags=["t"]).id
    b = library.add(settings("b"), sweep=sweep, subject="two", boards=["best"], state="paused").id
    c = library.add(settings("c"), subject="two").id
    library.rate(a, 2)
    library.rate(c, 5)
    library.score(b, {"match": 0.2})
    library.score(c, {"match": 0.9})
    library.verdict(c, "favourite")

    def ids(**asked):
        return [entry.id for entry in library.list(**asked)]

    assert ids() == ids(order="created") == [a, b, c]
    assert ids(order="newest") == [c, b, a]
    assert ids(order="newest", limit=2) == [c, b]
    assert ids(order="rating") == [c, a, b]
    assert ids(order="score:match") == [c, b, a]
    assert ids(sweep=sweep) == [a, b]
    assert ids(state="waiting") == [a, c]
    assert ids(state="waiting", sweep=sweep) == [a]
    assert ids(tag="t") == [a]
    assert ids(board="best") == [b]
    assert ids(subject="two") == [b, c]
    assert ids(verdict="favourite") == [c]
    assert ids(limit=0) == ids(tag="none") == []
    with pytest.raises(InputError, match="order 'size': must be one of created, newest"):
        library.list(order="size")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"state": "finishd"}, "state 'finishd': must be one of waiting, running"),
        ({"verdict": "favorite"}, "verdict 'favorite': must be one of reject, keep, favourite"),
        ({"limit": -1}, "limit -1: must be 0 or more"),
    ],
)
def test_what_no_painting_can_be_is_not_listed_as_none(library, asked, sentence):
    with pytest.raises(InputError, match=sentence):
        library.list(**asked)


def test_rows_together_come_all_or_none(library):
    def add_and_fail():
        with library.together():
            library.add(settings())
            library.add(settings(), parent="none")

    with pytest.raises(InputError, match="there is no such painting"):
        add_and_fail()
    assert library.list() == []
    with library.together():
        ids = [library.add(settings()).id for _ in range(3)]
    assert [entry.id for entry in library.list()] == ids


def test_a_picture_is_kept_with_its_row(library):
    entry = library.add(settings())
    recipe = Recipe.build(prompts="forest | kelp forest", size="48x24", steps=6, seed=1, learning_rate=0.1)
    halfway = library.keep(entry.id, IMAGE, recipe, 3, False, {"device": "cpu"})
    assert (halfway.state, halfway.step, halfway.finished) == ("waiting", 3, None)
    kept = library.keep(entry.id, IMAGE, recipe, 6, True, {"device": "cpu"})
    assert (kept.state, kept.step, kept.machine, kept.recipe) == (
        "finished",
        6,
        {"device": "cpu"},
        recipe.settings(),
    )
    assert kept.finished > kept.created
    picture = library.files(entry.id).picture
    assert picture == library.folder / "paintings" / entry.id / "picture.png"
    assert read_metadata(picture).recipe == recipe.settings()
    assert kept.picture_sha256 != halfway.picture_sha256


def test_a_painting_is_known_by_its_picture_under_whatever_name(library, tmp_path):
    entry = library.add(settings())
    assert library.files(entry.id).folder.is_dir()
    library.keep(entry.id, IMAGE, Recipe.build(prompts="a", seed=1), 6, True)
    copy = tmp_path / "copy.png"
    copy.write_bytes(library.files(entry.id).picture.read_bytes())
    assert library.with_picture(copy).id == entry.id
    IMAGE.save(copy)
    assert library.with_picture(copy) is None


def test_what_is_deleted_is_gone_with_its_files_and_its_children_stay(library):
    parent = library.add(settings(), tags=["t"], note="quiet")
    child = library.add(settings(seed=2), parent=parent.id[:3])
    folder = library.files(parent.id).folder
    (folder / "picture.png").touch()
    assert library.delete(parent.id) == parent
    assert not folder.exists()
    assert library.list() == [child]
    assert library.tags() == {}
    assert library.find("quiet") == []
    assert library.get(child.id).parent == parent.id


def test_what_is_being_painted_is_not_deleted(library):
    entry = library.add(settings())
    library.claim("someone")
    with pytest.raises(InputError, match=f"{entry.id}: is being painted by someone; stop it first"):
        library.delete(entry.id)
    assert library.get(entry.id)
    library.beat(entry.id, "someone", 1, lease_s=-1)
    assert library.delete(entry.id).step == 1
    assert library.list() == []


def test_what_changed_is_found_where_a_parent_is_named(library):
    parent = library.add(settings(threads=2, learning_rate=0.1, precision="fp32"))
    child = library.add(settings(seed=4, symmetry="flip", precision="auto"), parent=parent.id)
    assert child.change == {"seed": [1, 4], "symmetry": [None, "flip"]}
    assert library.add(settings(), parent=parent.id, change={"surgery": "…"}).change == {"surgery": "…"}
    assert differences({"mask": "a.png"}, {}) == {"mask": ["a.png", None]}
    with pytest.raises(InputError, match="there is no such painting"):
        library.add(settings(), parent="zzzz")


def test_the_folder_is_the_one_that_the_environment_names_or_the_user_s(monkeypatch, tmp_path):
    monkeypatch.setenv("DOORWAYS_LIBRARY", str(tmp_path / "mine"))
    with Library.open() as library:
        assert library.folder == library_folder() == tmp_path / "mine"
    assert (tmp_path / "mine" / "library.sqlite3").exists()
    monkeypatch.delenv("DOORWAYS_LIBRARY")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert library_folder().name == "doorways"


def test_no_library_is_made_where_one_is_only_looked_for(tmp_path):
    with pytest.raises(InputError, match="tipo: there is no library in it; check the folder's name"):
        Library.open(tmp_path / "tipo", create=False)
    assert list(tmp_path.iterdir()) == []


def test_threads_may_share_a_library(library):
    def add():
        for _ in range(10):
            with library.together():
                library.tag(library.add(settings()).id, "t")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert library.tags() == {"t": 40}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_sentence(library):
    library.close()
    library.folder.chmod(0o500)
    try:
        with pytest.raises(InputError, match="may not be written to"):
            Library.open(library.folder)
    finally:
        library.folder.chmod(0o700)


def test_a_library_is_opened_without_torch_numpy_or_pillow(tmp_path):
    program = (
        "import sys; from doorways.library import Library\n"
        "with Library.open(sys.argv[1]) as library: library.add({'prompts': 'a'}); library.find('a')\n"
        "print({'torch', 'numpy', 'PIL', 'transformers', 'pydantic'} & set(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("set()\n", "")


def test_the_database_is_plain_sqlite_in_wal_mode(library):
    entry = library.add(settings(), note="deep")
    other = sqlite3.connect(f"file:{Path(library.database.path).as_posix()}?mode=ro", uri=True)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert other.execute("SELECT id FROM paintings").fetchall() == [(entry.id,)]
    assert other.execute("SELECT rowid FROM search WHERE search MATCH 'deep'").fetchall() == [(1,)]
    assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    other.close()


def test_every_column_is_in_the_entry_and_documented(library):
    columns = {row["name"] for row in library.database.rows("PRAGMA table_info(paintings)")}
    fields = set(Entry.__dataclass_fields__)
    assert columns - {"number", "lease"} == fields - {"tags", "boards"}
    assert [name for name in fields if name not in Entry.__doc__] == []


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"prompts": "auto"}, {"prompts": "sea"}, {"prompts": ["auto", "sea"]}),
        ({"device": "auto", "threads": 2}, {"device": "cpu", "threads": 4}, {"threads": [2, 4]}),
        ({"size": "8x8", "start_size": "4x4"}, {"size": "9x9"}, {"size": ["8x8", "9x9"]}),
        ({"detail": False}, {"detail": False, "mask": "m.png"}, {"mask": [None, "m.png"]}),
    ],
)
def test_what_is_left_open_is_no_difference(before, after, changed):
    assert differences(before, after) == changed
