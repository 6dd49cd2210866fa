from __future__ import annotations

from itertools import product

import pytest
from PIL import Image

from tests.painted import painted


@pytest.fixture
def sweep(tmp_path):
    for prompts, seed in product(("fire", "ocean"), (1, 2, 3)):
        painted(tmp_path / "in" / f"{prompts}-{seed}.png", prompts=prompts, seed=seed)


@pytest.mark.usefixtures("sweep")
def test_a_folder_becomes_a_sheet(doorways, tmp_path):
    said = doorways("sheet", "in", "--width", "50")
    assert (said.code, said.out) == (0, "sheet.png: 2 rows, 3 columns\n")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert 150 < sheet.width < 180


@pytest.mark.usefixtures("sweep")
def test_fields_are_chosen_and_every_format_is_written(doorways, tmp_path):
    for name in ("s.html", "s.pdf", "s.png"):
        said = doorways("sheet", "in", "--rows", "seed", "--columns", "subject", "-o", name)
        assert said.out == f"{name}: 3 rows, 2 columns\n"
    assert "<td>" in (tmp_path / "s.html").read_text("utf-8")
    assert (tmp_path / "s.pdf").read_bytes()[:4] == b"%PDF"


@pytest.mark.usefixtures("sweep")
def test_pages_are_numbered_if_there_are_several(doorways, tmp_path):
    said = doorways(
        "sheet", "in", "--rows", "name", "--columns", "style", "--paper", "a4", "--landscape", "-o", "p.png"
    )
    assert said.code == 0, said.err
    names = sorted(path.name for path in tmp_path.glob("p*.png"))
    assert names == [f"p-{n}.png" for n in range(1, 7)]
    with Image.open(tmp_path / "p-1.png") as page:
        assert page.size == (1754, 1240)
        assert round(page.info["dpi"][0]) == 150


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("in", "-o", "a.txt"), "out a.txt: must end in .png, .pdf or .html; use a.png"),
        (("in", "-o", "."), "out .: is no name of a file"),
        (("in", "--rows", "sed"), "there is no field 'sed' to sort pictures by; did you mean seed?"),
        (("in", "--landscape"), "landscape is about pages; give --paper a4 or a3 too"),
        (("in", "--width", "2"), "width 2: must be at least 16 pixels"),
        (("in", "-o", "no/a.png"), "there is no folder no"),
        (("in", "-o", "mine.png"), "mine.png exists already; --force overwrites it"),
        (("nothing",), "nothing: there is no such file"),
        ((), "there is no PNG in it"),
    ],
)
@pytest.mark.usefixtures("sweep")
def test_what_cannot_be_is_one_sentence(doorways, tmp_path, words, sentence):
    (tmp_path / "mine.png").write_bytes(b"mine")
    said = doorways("sheet", *words)
    assert said.code == 2
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert (tmp_path / "mine.png").read_bytes() == b"mine"
