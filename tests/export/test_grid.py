from __future__ import annotations

from itertools import product

import pytest
from PIL import Image

from doorways.errors import InputError
from doorways.export.grid import Grid, Tile, arrange
from doorways.export.strip import strip
from tests.painted import exhibit

SUBJECTS = ("fire | ocean", "forest | desert")


@pytest.fixture
def sweep(tmp_path):
    """Two subjects by three seeds, in an order that is not theirs."""
    pairs = reversed(list(product(range(2), (10, 9, 2))))
    return [
        exhibit(tmp_path / f"{rank}-{seed}.png", prompts=SUBJECTS[rank], seed=seed) for rank, seed in pairs
    ]


def shown(grid):
    return {place: [tile.picture.stem for tile in tiles] for place, tiles in grid.cells.items()}


def test_subjects_stand_against_seeds_unless_asked_otherwise(sweep):
    grid = arrange(sweep, title="Two")
    assert grid.rows == ("forest | desert", "fire | ocean")
    assert grid.columns == ("seed 2", "seed 9", "seed 10")
    assert shown(grid)[(1, 2)] == ["0-10"]
    assert len(grid.cells) == 6
    assert grid.title == "Two"
    assert grid.remark == "size 64x32, steps 60, generator embedded, perceptor embedded"


def test_any_field_stands_against_any_other_and_the_rest_is_written_below(tmp_path, sweep):
    other = exhibit(tmp_path / "other.png", seed=2, semantic_symmetry=0.3)
    grid = arrange([*sweep, other], rows="seed", columns="semantic-symmetry")
    assert grid.rows == ("seed 2", "seed 9", "seed 10")
    assert grid.columns == ("semantic symmetry 0", "semantic symmetry 0.3")
    assert shown(grid)[(0, 0)] == ["1-2", "0-2"]
    assert [tile.label for tile in grid.cells[(0, 0)]] == ["forest | desert", "fire | ocean"]
    assert shown(grid)[(0, 1)] == ["other"]
    assert (1, 1) not in grid.cells


def test_how_far_triage_let_each_come_is_no_way_to_sort_them(tmp_path):
    swept = [exhibit(tmp_path / f"{seed}.png", seed=seed, step=step) for seed, step in ((1, 4), (2, 9))]
    tiles = [tile for place in sorted(arrange(swept).cells) for tile in arrange(swept).cells[place]]
    assert [tile.label for tile in tiles] == ["seed 1", "seed 2"]
    assert arrange(swept, rows="step").rows == ("step 4", "step 9")
    grown = [exhibit(tmp_path / f"at-{step}.png", seed=1, step=step) for step in (4, 9)]
    assert arrange([*swept, *grown[1:]]).rows == ("step 4", "step 9")


def test_one_field_asked_for_finds_its_partner(sweep):
    assert arrange(sweep, columns="prompts").rows == ("seed 2", "seed 9", "seed 10")
    assert arrange(sweep, rows="style").columns == ("seed 2", "seed 9", "seed 10")


def test_pictures_that_fill_no_grid_are_shown_in_a_square(tmp_path):
    mixed = [exhibit(tmp_path / f"{n}.png", prompts=f"world {n}", seed=n) for n in range(8)]
    grid = arrange(mixed)
    assert (len(grid.rows), len(grid.columns), len(grid.cells)) == (4, 2, 8)
    assert grid.cells[(1, 1)][0].label == "world 3, seed 3"
    same = arrange([exhibit(tmp_path / "a.png"), exhibit(tmp_path / "b.png")])
    assert [tiles[0].label for tiles in same.cells.values()] == ["a", "b"]


def test_facts_beside_the_recipe_are_fields_too(sweep):
    from dataclasses import replace

    rated = [replace(one, facts={"rating": rank or None}) for rank, one in enumerate(sweep)]
    assert arrange(rated, rows="rating").rows[0] == "rating 1"
    assert arrange(rated, rows="rating").rows[-1] == "no rating"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"rows": "sede"}, "there is no field 'sede' to sort pictures by; did you mean seed"),
        ({"rows": "seed", "columns": "seed"}, "rows and columns are both by seed"),
    ],
)
def test_a_field_that_is_not_there_is_an_error(sweep, asked, sentence):
    with pytest.raises(InputError, match=sentence):
        arrange(sweep, **asked)


def test_no_pictures_are_an_error():
    with pytest.raises(InputError, match="there is no picture"):
        arrange([])


def test_a_tile_opens_files_and_images_as_rgb(tmp_path):
    Image.new("L", (2, 2), 9).save(tmp_path / "a.png")
    assert Tile(tmp_path / "a.png").open().getpixel((0, 0)) == (9, 9, 9)
    with pytest.raises(InputError, match=r"b\.png: there is no such picture"):
        Tile(tmp_path / "b.png").open()


def test_a_strip_runs_down_for_wide_pictures_and_across_for_others():
    wide = strip([(1, Image.new("RGB", (2, 2))), (9, Image.new("RGB", (4, 2)))])
    assert (wide.rows, wide.columns) == (("step 1", "step 9"), ("",))
    high = strip([(1, Image.new("RGB", (2, 2))), (9, Image.new("RGB", (2, 4)))])
    assert (high.rows, high.columns) == (("",), ("step 1", "step 9"))
    assert isinstance(high, Grid)
