"""`doorways library`, and how `doorways paint` keeps its paintings in it."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from io import StringIO

import pytest

from doorways.checkpoint import checkpoint_path
from doorways.library import Library
from doorways.recipe import Recipe
from tests.cli.test_paint import pixels, press_ctrl_c_when, start, wait_for

SMALL = {"seed": 1, "steps": 4, "size": "64x32"}


@pytest.fixture
def library(doorways):
    """The library that the command uses."""
    with Library.open(os.environ["DOORWAYS_LIBRARY"]) as library:
        yield library


@pytest.fixture
def three(library):
    """The IDs of three paintings, the second come from the first; none has been painted."""
    first = library.add({"prompts": "forest | kelp forest", **SMALL}, note="deep")
    second = library.add({"prompts": "forest | kelp forest", **SMALL, "seed": 2}, parent=first.id, tags=["t"])
    third = library.add({"prompts": "Sun | Moon", **SMALL}, boards=["best"])
    return [entry.id for entry in (first, second, third)]


def ids(said):
    assert said.code == 0, said.err
    return [line.split()[0] for line in said.out.splitlines()]


def test_lists_are_of_one_line_each_newest_first(doorways, library, three):
    said = doorways("library", "list")
    assert ids(said) == three[::-1]
    assert re.match(rf"{three[2]}  waiting +0/4 +Sun \| Moon  \(seed 1\)\n", said.out)
    assert ids(doorways("library", "list", "--order", "created", "--limit", "2")) == three[:2]
    assert ids(doorways("library", "list", "--tag", "t")) == [three[1]]
    assert ids(doorways("library", "list", "--board", "best", "--state", "waiting")) == [three[2]]
    assert ids(doorways("library", "find", "kelp")) == [three[1], three[0]]
    assert ids(doorways("library", "find", "deep kel")) == [three[0]]
    assert doorways("library", "find", "volcano") == doorways("library", "list", "--state", "failed")


def test_opinions_are_given_by_command(doorways, library, three):
    first = three[0]
    for words, name, value in [
        (("rate", first[:6], "4"), "rating", 4),
        (("verdict", first, "favourite"), "verdict", "favourite"),
        (("tag", first, "a", "b"), "tags", ("a", "b")),
        (("tag", first, "a", "--remove"), "tags", ("b",)),
        (("board", first, "the best"), "boards", ("the best",)),
        (("board", first, "the best", "--remove"), "boards", ()),
        (("note", first, "look at the arch"), "note", "look at the arch"),
        (("pin", first), "pinned", True),
    ]:
        said = doorways("library", *words)
        assert ids(said) == [first]
        assert getattr(library.get(first), name) == value
    assert re.search(r" \*\*\*\*  favourite pinned  forest", said.out)
    doorways("library", "pin", first, "--remove")
    doorways("library", "rate", first, "none")
    doorways("library", "verdict", first, "none")
    entry = library.get(first)
    assert (entry.pinned, entry.rating, entry.verdict) == (False, None, None)


@pytest.mark.parametrize(
    "words",
    [
        ("list",), ("find", "kelp"), ("show", "last"), ("tree", "last"), ("check",), ("rate", "last", "1"),
        ("verdict", "last", "keep"), ("tag", "last", "x"), ("board", "last", "x"), ("note", "last", "x"), ("pin", "last"),
        ("export", "last", "--out", "b.zip"), ("import", "b.zip"), ("delete", "last", "--yes"),
        ("reroll", "last"),
    ],
)  # fmt: skip
def test_every_command_speaks_json(doorways, library, three, words):
    if words[0] == "import":
        library.export_bundle(three, "b.zip")
        library.delete(three[2])
    said = doorways("library", *words, "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    if words[0] in ("list", "find", "import"):
        assert {entry["id"] for entry in found} <= set(three)
        assert found
    if words[0] in ("show", "tree", "rate", "verdict", "tag", "board", "note", "pin"):
        assert (found["id"], found["prompts"], found["recipe"]["seed"]) == (three[2], "Sun | Moon", 1)


def test_show_tells_all_and_its_recipe_can_be_painted(doorways, library, three, tmp_path):
    library.score(three[1], {"match": 0.25})
    said = doorways("library", "show", three[1])
    for line in (
        f"# {three[1]}: waiting, step 0 of 4, 0 s of painting",
        f"# parent: {three[0]} (seed 1 -> 2)",
        "# tags: t",
        "# scores: match 0.25",
    ):
        assert line in said.out.splitlines()
    (tmp_path / "r.toml").write_text(said.out, "utf-8")
    assert Recipe.from_toml("r.toml") == Recipe.build(**library.get(three[1]).recipe)


def test_rerolls_and_variations_are_asked_for_by_command(doorways, library, small):
    assert doorways("paint", "fire | ocean", *small(), "--seed", "1", "--out", "a.png").code == 0
    (parent,) = library.list()
    assert doorways("library", "reroll", parent.id, "--seed", "5").code == 0
    assert doorways("library", "vary", parent.id[:6]).code == 0
    _, again, varied = library.list()
    assert (again.parent, again.change, again.state) == (parent.id, {"seed": [1, 5]}, "waiting")
    assert varied.recipe["suggest"].endswith("picture.png")
    assert "seed 1: is the one" in doorways("library", "reroll", parent.id, "--seed", "1").err


def test_a_tree_is_drawn_from_its_root(doorways, library, three):
    leaf = library.add({"prompts": "kelp", **SMALL}, parent=three[1]).id
    other = library.add({"prompts": "moss", **SMALL}, parent=three[0], change={"surgery": "erase"}).id
    assert doorways("library", "tree", three[1]).out.splitlines() == [
        f"{three[0]}  waiting  forest | kelp forest  (seed 1)",
        f"├─ {three[1]}  waiting  seed 1 -> 2  <--",
        f"│  └─ {leaf}  waiting  prompts forest | kelp forest -> kelp, seed 2 -> 1",
        f"└─ {other}  waiting  surgery erase",
    ]
    library.delete(three[0])
    assert doorways("library", "tree", leaf).out.startswith(
        f"{three[1]}  waiting  from {three[0]}, which is not here; forest | kelp forest"
    )


def test_a_check_ends_with_1_where_something_is_wrong(doorways, library, three):
    said = doorways("library", "check")
    assert (said.code, said.out) == (0, f"{library.folder}: all is well with 3 paintings\n")
    (library.folder / "paintings" / "kbcdfghj").mkdir()
    said = doorways("library", "check")
    assert said.code == 1
    assert said.out.startswith("orphan: ")
    assert "kbcdfghj: belongs to no painting" in said.out


def test_paintings_move_from_library_to_library(doorways, library, three, tmp_path):
    assert (
        doorways("library", "export", three[0], "--board", "best", "--out", "b.zip").out
        == "b.zip: 2 paintings\n"
    )
    said = doorways("library", "import", "b.zip", "--library", "other")
    assert said.out.splitlines()[0] == "b.zip: 2 paintings new"
    assert set(ids(doorways("library", "list", "--library", "other"))) == {three[0], three[2]}
    assert doorways("library", "import", "b.zip", "--library", "other").out == "b.zip: 0 paintings new\n"


def test_what_is_deleted_is_asked_for_first(doorways, library, three, monkeypatch):
    assert "say --yes where nobody can be asked" in doorways("library", "delete", three[0]).err

    class Terminal(StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    said = doorways("library", "delete", three[0])
    assert (said.code, "nothing was deleted" in said.err) == (2, True)
    assert "delete 1 painting for good? [y/N]" in said.err
    assert len(library.list()) == 3
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert doorways("library", "delete", three[0]).out == "1 painting deleted\n"
    assert doorways("library", "delete", *three[1:], "--yes").out == "2 paintings deleted\n"
    assert library.list() == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "zzz"), "zzz: there is no such painting in the library"),
        (("rate", "last", "9"), "rating 9: must be 1 to 5, or none"),
        (("rate", "last", "good"), "rating good: must be 1 to 5, or none"),
        (("verdict", "last", "good"), "verdict 'good': must be one of reject, keep, favourite"),
        (("list", "--order", "size"), "order 'size': must be one of"),
        (("list", "--sweep", "zz"), "zz: there is no such sweep"),
        (("list", "--library", "typo"), "typo: there is no library in it"),
        (("export", "--out", "b.zip"), "there is nothing to export"),
        (("export", "last", "--out", "no/b.zip"), "there is no folder no"),
        (("import",), "library import needs a file"),
        (("import", "none.zip"), "none.zip: there is no such file"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(doorways, library, three, words, sentence):
    said = doorways("library", *words)
    assert said.code == 2
    assert sentence in said.err
    assert said.err.count("\n") == 1


def test_a_painting_is_kept_and_its_id_told(doorways, library, small, tmp_path):
    said = doorways("paint", "forest | kelp forest", *small(), "--seed", "0")
    (entry,) = library.list()
    assert said.out.endswith(f"seed 0, {entry.id} in the library\n")
    assert (entry.state, entry.step, entry.parent) == ("finished", 4, None)
    picture = library.files(entry.id).picture
    assert picture.read_bytes() == (tmp_path / "forest-kelp-forest-0.png").read_bytes()
    assert library.check() == []
    said = doorways("paint", "sea", *small(), "--no-library")
    assert "library" not in said.out
    assert doorways("paint", "sea", *small(), "--library", "mine").code == 0
    assert [entry.prompts for entry in library.list()] == ["forest | kelp forest"]
    with Library.open("mine") as mine:
        assert [entry.prompts for entry in mine.list()] == ["sea"]
    assert "contradict each other" in doorways("paint", "sea", "--no-library", "--library", "mine").err


def test_a_painting_knows_which_one_it_came_from_and_what_changed(doorways, library, small, tmp_path):
    doorways("paint", "fire | ocean", *small(), "--seed", "0", "--out", "a.png")
    first = library.get("last")
    (tmp_path / "a.png").rename("b.png")
    doorways("paint", "--recipe", "b.png", "--seed", "5", "--out", "c.png")
    second = library.get("last")
    assert (second.parent, second.change) == (first.id, {"seed": [0, 5]})
    doorways("paint", "--recipe", second.id[:6], "--tone-symmetry", "0.3", "--out", "d.png")
    third = library.get("last")
    assert (third.parent, third.change) == (second.id, {"tone_symmetry": [0.0, 0.3]})
    doorways("paint", "fire | ocean", *small(), "--seed", "0", "--init-image", "d.png", "--out", "e.png")
    fourth = library.get("last")
    assert fourth.parent == third.id
    assert fourth.change["init_image"] == [None, "d.png"]
    assert doorways("paint", "--recipe", "last", "--out", "f.png").code == 0
    assert library.get("last").change == {}
    assert pixels("f.png") == pixels("e.png")
    (tmp_path / "d.png").unlink()
    assert doorways("paint", "--recipe", "last", "--out", "h.png").code == 0
    assert pixels("h.png") == pixels("e.png")
    (tmp_path / "r.toml").write_text(doorways("show", "b.png").out, "utf-8")
    doorways("paint", "--recipe", "r.toml", "--out", "g.png")
    assert library.get("last").parent is None


def test_a_healed_painting_knows_what_was_operated_on_and_how(doorways, library, small, tmp_path):
    doorways("paint", "fire | ocean", *small(), "--seed", "0", "--out", "a.png")
    first = library.get("last")
    script = '[[operation]]\ndo = "move"\nrectangle = [0.1, 0.3, 0.3, 0.9]\nby = [0.5, 0]\n'
    (tmp_path / "script.toml").write_text(script, "utf-8")
    said = doorways("surgery", "apply", "a.png", "script.toml", "--out", "b.png")
    assert said.code == 0, said.err
    assert doorways("heal", "b.png", "--steps", "2").code == 0
    healed = library.get("last")
    assert healed.parent == first.id
    assert healed.change["surgery"] == "move"
    assert healed.change["script"] == script.replace("0]", "0.0]")
    assert healed.change["steps"] == [4, 2]
    assert doorways("heal", healed.id, "--all", "--steps", "2").code == 0
    assert library.get("last").parent == healed.id
    assert (tmp_path / f"{healed.id}-healed.png").exists()
    assert library.check() == []


def test_a_painting_that_was_stopped_is_gone_on_with_by_its_id_or_by_its_picture(
    doorways, library, small, tmp_path
):
    words = ["paint", "fire | ocean", *small(steps=16), "--seed", "2"]
    assert doorways(*words, "--out", "straight.png", "--no-library").code == 0
    for out, again in (("a.png", "last"), ("b.png", "b.png")):
        presser = threading.Thread(target=press_ctrl_c_when, args=(checkpoint_path(tmp_path / out).exists,))
        presser.start()
        assert doorways(*words, "--out", out, "--checkpoint-every", "3").code == 130
        presser.join()
        stopped = library.get("last")
        assert stopped.state == "paused"
        assert 3 <= stopped.step < 16
        said = doorways("paint", "--resume", again, *(["--out", "c.png"] if again == "last" else []))
        assert said.code == 0, said.err
        assert f"going on after step {stopped.step} of 16" in said.err
        assert f"{stopped.id} in the library" in said.out
        done = library.get("last")
        assert (done.id, done.state, done.parent) == (stopped.id, "finished", None)
        assert pixels(library.files(done.id).picture) == pixels("straight.png")
    assert pixels("c.png") == pixels("b.png") == pixels("straight.png")
    assert library.check() == []
    assert "is finished, so there is nothing to go on with" in doorways("paint", "--resume", "last").err


def test_a_killed_run_is_gone_on_with_from_the_library_alone(doorways, library, small, tmp_path):
    words = ["paint", "fire | ocean", *small(steps=20, threads=1), "--seed", "2"]
    process = start(tmp_path, *words, "--out", "a.png", "--checkpoint-every", "2")
    wait_for(process, "step 8/20")
    process.kill()
    process.communicate()
    for path in tmp_path.iterdir():
        path.unlink()
    entry = library.get("last")
    assert entry.state == "running"
    assert "interrupted" in {problem.kind for problem in library.check()} <= {"interrupted", "left over"}
    assert doorways("paint", "--resume", entry.id, "--out", "a.png").code == 0
    assert doorways(*words, "--out", "straight.png", "--no-library").code == 0
    assert pixels("a.png") == pixels("straight.png")
    assert library.get(entry.id).state == "finished"
    assert library.check() == []


def test_a_library_that_cannot_be_opened_is_said_before_anything_is_painted(doorways, small, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "library.sqlite3").write_bytes(b"a poem" * 999)
    said = doorways("paint", "sea", *small(), "--library", "mine", "--out", "a.png")
    assert said.code == 2
    assert "is no library of Doorways" in said.err
    assert said.err.endswith("; or paint with --no-library\n")
    assert not (tmp_path / "a.png").exists()


def test_a_painting_that_cannot_be_begun_is_not_in_the_library(doorways, library, small):
    assert doorways("paint", "sea", *small(symmetry="spiral")).code == 2
    assert library.list() == []
