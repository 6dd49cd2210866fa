from __future__ import annotations

import json

import pytest
from PIL import Image

from doorways.export.gallery import MARK
from doorways.library import Library
from doorways.recipe import Recipe
from tests.painted import painted


@pytest.fixture
def board(doorways):
    """The IDs of two paintings in the library, one of which hangs on the board `best`."""
    ids = []
    with Library.open() as library:
        for seed, boards in ((1, ["best"]), (2, [])):
            recipe = Recipe.build(prompts="forest | kelp forest", seed=seed, size="64x32", steps=6)
            entry = library.add(recipe, boards=boards)
            library.keep(entry.id, Image.new("RGB", (64, 32)), recipe, 6, True)
            ids.append(entry.id)
    return ids


def test_a_folder_of_pictures_is_published_again_and_again(doorways, tmp_path):
    painted(tmp_path / "in" / "nature" / "a.png")
    said = doorways("publish", "in", "-o", "site", "--title", "Mine")
    assert said.code == 0, said.err
    assert said.out.startswith("site/index.html: 1 picture, ")
    painted(tmp_path / "in" / "nature" / "b.png")
    assert doorways("publish", "in", "-o", "site").out.startswith("site/index.html: 2 pictures, ")
    told = json.loads((tmp_path / "site" / MARK).read_text("utf-8"))
    assert (told["title"], told["sections"][0]["title"]) == ("In", "Nature")
    assert {path.name for path in tmp_path.iterdir()} == {"in", "site"}


def test_a_board_is_published_by_its_name(doorways, tmp_path, board):
    said = doorways("publish", "best", "-o", "site", "--no-originals")
    assert said.code == 0, said.err
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert board[0] in page
    assert board[1] not in page
    assert not (tmp_path / "site" / "originals").exists()


def test_boards_and_single_paintings_make_sheets_too(doorways, tmp_path, board):
    assert doorways("sheet", *board).out == "sheet.png: 2 rows, 1 column\n"
    assert doorways("sheet", "--board", "best", "-o", "b.png").out == "b.png: 1 row, 1 column\n"
    assert "nothing of that has a picture yet" in doorways("sheet", "--board", "worst", "-o", "c.png").err


def test_a_painting_of_the_library_shows_its_trajectory(doorways, small, tmp_path):
    assert doorways("paint", "fire | ocean", *small(steps=6), "--seed", "1", "--out", "a.png").code == 0
    assert doorways("sheet", "--trajectory", "b.png").code == 2
    with Library.open() as library:
        (entry,) = library.list()
    said = doorways("sheet", "--trajectory", entry.id, "-o", "way.png", "--width", "32")
    assert said.out == "way.png: 1 row, 4 columns\n", said.err
    assert doorways("sheet", entry.id, "--trajectory", "--rows", "seed").code == 2


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("nowhere",), 2, "nowhere: there is neither such a file or folder nor such a board; there are best"),
        (("no.png",), 2, "no.png: there is no such file"),
        ((), 2, "there is no PNG in it"),
        (("in", "-o", "mine"), 2, "is no gallery, and all that is in it would be lost"),
        (("in", "-o", "no/site"), 2, "there is no folder"),
    ],
)
@pytest.mark.usefixtures("board")
def test_what_cannot_be_published_is_one_sentence(doorways, tmp_path, words, code, sentence):
    painted(tmp_path / "in" / "a.png")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear", "utf-8")
    said = doorways("publish", *words)
    assert said.code == code
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert (tmp_path / "mine" / "diary.txt").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"in", "mine"}
