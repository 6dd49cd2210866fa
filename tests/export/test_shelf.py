from __future__ import annotations

import pytest
from PIL import Image

from doorways.errors import InputError
from doorways.export.fields import value
from doorways.export.shelf import board_gallery, exhibit, lineage, trajectories
from doorways.library import Library
from doorways.library.offspring import reroll
from doorways.recipe import Recipe

THEME = '[[section]]\nname = "Sea"\npairs = [["a", "b"]]\n[[section]]\nname = "Air"\npairs = [["c", "d"]]\n'


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "home") as library:
        yield library


def paint(library, entry, colour="red"):
    recipe = Recipe.build(**entry.recipe)
    return library.keep(entry.id, Image.new("RGB", (64, 32), colour), recipe, 6, True)


def add(library, prompts="fire | ocean", **more):
    return library.add(Recipe.build(prompts=prompts, seed=1, size="64x32", steps=6), **more)


def test_a_board_stands_in_the_sections_of_its_theme(library):
    sweep = library.add_sweep("Elements", THEME).id
    for subject, section in (("C | D", "Air"), ("A | B", "Sea"), ("E | F", "Air")):
        tags = (section, "an artist's own")
        paint(library, add(library, sweep=sweep, subject=subject, tags=tags, boards=["best"], note=section))
    paint(library, add(library, prompts="moon", boards=["best"]))
    add(library, prompts="not painted", boards=["best"])
    gallery = board_gallery(library, "best", introduction="Hello.")
    found = [(section.title, [one.sides for one in section.exhibits]) for section in gallery.sections]
    assert found == [("", [("moon",)]), ("Sea", [("A", "B")]), ("Air", [("C", "D"), ("E", "F")])]
    assert (gallery.title, gallery.introduction) == ("best", "Hello.")
    assert gallery.sections[1].exhibits[0].caption == "Sea"


def test_a_board_that_is_not_there_or_empty_is_an_error(library):
    with pytest.raises(
        InputError, match="neither such a file or folder nor such a board; `doorways library board`"
    ):
        board_gallery(library, "best")
    add(library, boards=["best"])
    with pytest.raises(InputError, match="nothing on this board has a picture yet"):
        board_gallery(library, "best")
    with pytest.raises(InputError, match="nor such a board; there are best"):
        board_gallery(library, "worst")


def test_a_section_without_a_name_takes_no_other_one_from_its_place(library):
    sweep = library.add_sweep("Elements", "[[section]]\nsubjects = []\n" + THEME).id
    paint(library, add(library, sweep=sweep, subject="A | B", tags=("Sea",), boards=["best"]))
    assert [section.title for section in board_gallery(library, "best").sections] == ["Sea"]


def test_a_lineage_tells_no_script_of_surgery_and_no_folder(library):
    before = paint(library, add(library))
    change = {"surgery": "paste", "script": "picture = '/home/me/face.png'", "of": "/home/me/sea.png"}
    after = paint(library, add(library, prompts="sea", parent=before.id, change=change))
    assert lineage(library, after)[-1].change == {"surgery": "paste", "of": "sea.png"}


def test_what_is_known_of_a_painting_can_be_sorted_by(library):
    entry = paint(library, add(library))
    library.score(entry.id, {"match": 0.25, "tone_symmetry": 0.5})
    library.rate(entry.id, 4)
    shown = exhibit(library, library.get(entry.id))
    assert (value(shown, "score:tone_symmetry"), value(shown, "tone_symmetry")) == (0.5, 0)
    assert (shown.facts["score:match"], shown.facts["rating"], shown.finished, shown.step) == (
        0.25,
        4,
        True,
        6,
    )
    assert shown.lineage == ()


def test_a_lineage_begins_with_the_eldest_that_is_left(library):
    eldest = paint(library, add(library))
    second = paint(library, reroll(library, eldest.id, seed=2))
    third = paint(library, reroll(library, second.id, seed=3))
    line = lineage(library, third)
    assert [one.name for one in line] == [eldest.id, second.id, third.id]
    assert line[2].change == {"seed": [2, 3]}
    library.delete(eldest.id)
    assert [one.name for one in lineage(library, third)] == [second.id, third.id]


def test_a_trajectory_is_a_row_of_what_was_kept_on_the_way(library):
    done = paint(library, add(library, subject="Fire | Ocean"))
    files = library.files(done.id)
    files.trajectory.mkdir()
    for step in (1, 4):
        Image.new("RGB", (8, 4)).save(files.sample(step))
    begun = paint(library, add(library, prompts="moon"))
    waiting = add(library)
    grid = trajectories(library, [done, begun, waiting], title="Way")
    assert grid.rows == (f"Fire | Ocean, seed 1, {done.id}", f"moon, seed 1, {begun.id}")
    assert [grid.cells[0, across][0].label for across in range(3)] == ["step 1", "step 4", "step 6"]
    assert grid.cells[0, 2][0].picture == files.picture
    assert (1, 1) not in grid.cells
    with pytest.raises(InputError, match="nothing of that has a picture yet"):
        trajectories(library, [waiting])
