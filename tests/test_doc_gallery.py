"""The gallery of the documentation shows of each subject what the artist chose, or else what the judge likes most."""

from __future__ import annotations

import pytest
from PIL import Image

from doc_gallery import THEME, hang, small
from doorways.explore.theme import Theme
from doorways.library import Library
from doorways.recipe import Recipe


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "home") as library:
        yield library


def finished(library, sweep, subject, match, *tags):
    recipe = Recipe.build(prompts="fire | ocean", seed=1, size="64x32", steps=6)
    entry = library.add(recipe, sweep=sweep, subject=subject, tags=tags)
    library.keep(entry.id, Image.new("RGB", (64, 32)), recipe, 6, True)
    return library.score(entry.id, {"match": match}).id


def test_the_best_of_each_subject_hangs_on_the_board(library):
    sweep = library.add_sweep("Worlds", "").id
    _, high = (finished(library, sweep, "A | B", match) for match in (0.1, 0.9))
    low, middle = (finished(library, sweep, "C | D", match) for match in (0.1, 0.9))
    library.verdict(low, "favourite")
    library.add(Recipe.build(prompts="moon", seed=1), sweep=sweep, subject="waits")
    library.board(middle, "Worlds")
    assert hang(library, "Worlds", sweep) == 2
    assert {entry.id for entry in library.list(board="Worlds")} == {high, low}


def test_the_piece_s_theme_is_painted_small_and_without_its_studies(tmp_path):
    (tmp_path / "doorways.toml").write_text(small(THEME.read_text("utf-8")), "utf-8")
    theme = Theme.from_file(tmp_path / "doorways.toml")
    assert sum(len(section.pairs) for section in theme.section) == 33
    assert theme.recipe["size"] == "384x192"
