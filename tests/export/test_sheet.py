from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from doorways.errors import InputError
from doorways.export.grid import Grid, Tile
from doorways.export.lettering import Lettering
from doorways.export.sheet import PAPERS, contact_sheet, pages

RED, LIME, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def grid(down, across, size=(40, 20), **more):
    image = Image.new("RGB", size, RED)
    rows = tuple(f"row {n}" for n in range(down))
    columns = tuple(f"column {n}" for n in range(across))
    return Grid.of([[image] * across] * down, rows=rows, columns=columns, **more)


def reds(image):
    """How many pixels of it are pure red."""
    return int((np.asarray(image) == RED).all(-1).sum())


def ink(image):
    """How many pixels of it are darker than the pictures are."""
    return int((np.asarray(image).max(-1) < 100).sum())


def test_all_pictures_stand_in_their_places_at_the_same_width():
    colours = [[RED, LIME], [BLUE, RED]]
    images = [[Image.new("RGB", (30, 15), colour) for colour in row] for row in colours]
    sheet = contact_sheet(Grid.of(images, rows=("a", "b"), columns=("c", "d")), width_px=60)
    pixels = np.asarray(sheet)
    for colour in (LIME, BLUE):
        ys, xs = np.nonzero((pixels == colour).all(-1))
        assert (np.ptp(xs) + 1, np.ptp(ys) + 1) == (60, 30)
    (lime_y, lime_x), (blue_y, blue_x) = (
        np.argwhere((pixels == colour).all(-1)).mean(0) for colour in (LIME, BLUE)
    )
    assert lime_x > blue_x
    assert lime_y < blue_y
    assert reds(sheet) == 2 * 60 * 30


def test_headings_labels_and_title_are_written():
    bare = Grid.of([[Image.new("RGB", (40, 20), RED)]], rows=("",), columns=("",))
    labelled = Grid(("",), ("",), {(0, 0): (Tile(Image.new("RGB", (40, 20), RED), "label"),)})
    assert ink(contact_sheet(bare)) == 0
    for more in (
        labelled,
        grid(1, 1),
        *(Grid(("",), ("",), {}, **word) for word in ({"title": "Title"}, {"remark": "remark"})),
    ):
        sheet = contact_sheet(more)
        assert (np.asarray(sheet).max(-1) < 200).any(), more


def test_several_pictures_of_one_place_stand_below_each_other_and_empty_places_stay_white():
    tiles = tuple(Tile(Image.new("RGB", (40, 20), colour)) for colour in (RED, LIME))
    sheet = np.asarray(contact_sheet(Grid(("",), ("", ""), {(0, 1): tiles}), width_px=40))
    assert (sheet[:, :44] == 255).all()
    red, lime = (np.argwhere((sheet == colour).all(-1)).mean(0) for colour in (RED, LIME))
    assert red[0] < lime[0]
    assert red[1] == lime[1]


def test_a_sheet_that_no_viewer_opens_is_refused():
    with pytest.raises(InputError, match="make pictures smaller"):
        contact_sheet(grid(2, 3), width_px=9000)


@pytest.mark.parametrize("paper", ["a4", "a3"])
def test_pages_have_the_size_of_paper_and_cut_no_row(paper):
    made = list(pages(grid(40, 4), paper))
    assert {page.size for page in made} == {PAPERS[paper]}
    assert len(made) > 1
    each = [reds(page) for page in made]
    row = sum(each) // 40
    assert row > 0
    assert all(count % row == 0 for count in each)


def test_pages_in_landscape_lie_on_their_side():
    assert next(pages(grid(1, 2), landscape=True)).size == PAPERS["a4"][::-1]


def test_too_many_columns_for_a_page_go_over_several():
    made = list(pages(grid(1, 20)))
    assert len(made) == 3
    assert all(reds(page) for page in made)


def test_a_row_higher_than_a_page_is_shrunk_to_it():
    (page,) = pages(grid(1, 1, size=(10, 40)))
    ys, _ = np.nonzero((np.asarray(page) == RED).all(-1))
    assert ys.max() < PAPERS["a4"][1] - 71


def test_lines_fit_and_what_is_too_much_ends_in_an_ellipsis():
    letters = Lettering()
    words = letters.lines("one two three four five six seven", 14, 60, most=2)
    assert len(words) == 2
    assert words[1].endswith("…")
    assert all(letters.width(line, 14) <= 60 for line in words)
    assert letters.lines("incomprehensibilities", 14, 60, most=1)[0].endswith("…")
    assert letters.lines("", 14, 60, most=2) == []


def test_letters_that_the_own_font_lacks_are_sought_elsewhere():
    assert Lettering.for_texts(["plain"]) == Lettering()
    assert Lettering.for_texts(["\U000f0000"]) == Lettering(), "nobody has it, so the own font stays"
