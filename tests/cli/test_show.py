from __future__ import annotations

import json
import tomllib

import pytest
from PIL import Image

from doorways.png import save_png
from doorways.recipe import Recipe

RECIPE = Recipe.build(prompts="forest | kelp ☂", seed=0, objectives={"glow": 1}, init_image="a b.png")
MACHINE = {"versions": {"doorways": "0.1.0", "torch": "2.13"}, "threads": 2, "evil": "x\ny = 1"}


@pytest.fixture
def picture(tmp_path):
    save_png(tmp_path / "a.png", Image.new("RGB", (4, 4)), RECIPE, step=7, finished=False, machine=MACHINE)
    return "a.png"


def test_what_is_shown_is_a_toml_recipe_with_the_rest_as_remarks(doorways, picture):
    said = doorways("show", picture)
    assert said.code == 0
    assert Recipe.build(**tomllib.loads(said.out)) == RECIPE
    assert said.out.startswith(
        "# a.png: step 7 of 300, not finished\n# versions: doorways 0.1.0, torch 2.13\n"
    )


def test_as_json_it_holds_all_of_it(doorways, picture):
    found = json.loads(doorways("show", picture, "--json").out)
    assert found == {"recipe": RECIPE.settings(), "step": 7, "finished": False, "machine": MACHINE}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no.png", "no.png: there is no such file; check the picture's name"),
        ("other.png", "other.png: holds no recipe"),
        ("text.png", "text.png: is not a PNG"),
        (".", ".: cannot be read (Is a directory)"),
    ],
)
def test_a_file_without_a_recipe_is_one_sentence(doorways, tmp_path, name, sentence):
    Image.new("RGB", (4, 4)).save(tmp_path / "other.png")
    (tmp_path / "text.png").write_text("text", "utf-8")
    said = doorways("show", name)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1
