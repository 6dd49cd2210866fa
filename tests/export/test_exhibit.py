from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from doorways.errors import InputError
from doorways.export.exhibit import Exhibit
from tests.painted import exhibit


def of(prompts, **more):
    return Exhibit(picture=Path("a.png"), name="a", recipe={"prompts": prompts, **more})


@pytest.mark.parametrize(
    ("prompts", "sides"),
    [
        ("forest | kelp forest", ("forest", "kelp forest")),
        ("doorway @0.25 @0.75 | a doorway @0.5 :-0.5", ("doorway",)),
        ("ocean @0.9 | fire @0.1", ("fire", "ocean")),
        ("ocean @0.9 | fire", ("ocean", "fire")),
        ("fire | mist @all | ocean :2", ("fire", "ocean")),
        ("image(a/moss.png) | sea", ("moss", "sea")),
        ("a | | b", ("a | | b",)),
        ("", ("a",)),
    ],
)
def test_its_sides_are_the_worlds_from_left_to_right(prompts, sides):
    assert of(prompts).sides == sides


def test_a_subject_names_the_sides_and_the_prompts_tell_what_is_to_be_seen():
    one = Exhibit(
        picture=Path("a.png"),
        name="a",
        recipe={"prompts": "entrance to Heaven | entrance to Hell", "style": ", oil"},
        subject="Heaven | Hell",
    )
    assert one.sides == ("Heaven", "Hell")
    assert one.alt == "Painting: on the left entrance to Heaven, oil, on the right entrance to Hell, oil."


def test_three_worlds_and_one_are_told_too():
    assert of("a | b | c").alt == "Painting: from left to right a, b, c."
    assert of("a").alt == "Painting: a."


def test_a_painted_png_brings_its_recipe_step_and_state(tmp_path):
    one = exhibit(tmp_path / "x.png", step=7, prompts="moon", seed=5)
    assert (one.name, one.prompts, one.recipe["seed"], one.step, one.finished) == ("x", "moon", 5, 7, False)


def test_another_png_is_shown_under_its_name(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "other.png")
    one = Exhibit.from_png(tmp_path / "other.png")
    assert (one.sides, one.recipe) == (("other",), {})


def test_what_is_no_png_is_an_error(tmp_path):
    (tmp_path / "a.png").write_text("text", "utf-8")
    with pytest.raises(InputError, match=r"a\.png: is not a PNG"):
        Exhibit.from_png(tmp_path / "a.png")
