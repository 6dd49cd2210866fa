"""Every setting of the recipe is an option of its own name, described once."""

from __future__ import annotations

import pytest

from doorways.cli.app import app
from doorways.cli.flags import Settings
from doorways.recipe import GROUPS, Recipe
from doorways.surgery.healing import STEPS
from tests.cli.test_app import help_of


def parsed(*words):
    _, bound, _ = app.parse_args(["paint", *words], exit_on_error=False, print_error=False)
    return bound.arguments


def test_every_setting_is_an_option_with_its_name_and_its_description():
    page = " ".join(help_of("paint", width=300).split())
    for name, field in Recipe.model_fields.items():
        assert f"--{name.replace('_', '-')} " in page
        assert field.description.rstrip(".") in page


def test_the_groups_come_in_the_order_of_the_recipe():
    page = help_of("paint")
    places = [page.index(f"─ {group} ─") for group in GROUPS]
    assert places == sorted(places)


def test_defaults_are_shown_as_they_are_typed():
    page = help_of("paint", width=300)
    for shown in ("[768x384]", "[0.96]", "[mirror]", "[embedded]"):
        assert shown in page


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--init-image", "a.png", "--size", "512x256"], {"init_image": "a.png", "size": "512x256"}),
        (["--perceptor", "a", "--perceptor", "0.5 * b"], {"perceptor": ["a", "0.5 * b"]}),
        (["--size-range", "0.3", "--size-range", "1"], {"size_range": ["0.3", "1"]}),
        (["--objectives", "glow=1"], {"objectives": ["glow=1"]}),
        (["--semantic-symmetry", "0 -> 0.3"], {"semantic_symmetry": "0 -> 0.3"}),
        (["--hold", "-0.5", "--smoothness", "-1e-3"], {"hold": "-0.5", "smoothness": "-1e-3"}),
        (["--detail", "--no-remove-mean"], {"detail": True, "remove_mean": False}),
        (["--models", "piece"], {"models": "piece"}),
        (["--style", ""], {"style": ""}),
    ],
)
def test_options_reach_the_recipe_as_they_were_typed(words, settings):
    assert parsed("a | b", *words) == {"prompts": "a | b", "settings": settings}


def test_what_is_not_given_is_not_there():
    assert parsed() == {}


def test_prompts_are_an_option_too():
    assert parsed("--prompts", "a | b") == {"prompts": "a | b"}


def test_no_setting_is_left_out():
    assert set(Settings.__annotations__) == {*Recipe.model_fields, "models"} - {"prompts"}


def test_the_steps_of_a_healing_are_told_as_they_are():
    assert f"Steps to paint; {STEPS} if not given." in help_of("heal", width=300)
