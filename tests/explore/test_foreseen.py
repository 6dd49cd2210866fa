"""What is said of a sweep's words before it begins."""

from __future__ import annotations

import pytest

from doorways.errors import InputError
from doorways.explore.foreseen import foreseen
from doorways.recipe import Recipe
from tests.recipes import clip


def test_what_is_known_and_drawn_is_not_told_of():
    assert foreseen([Recipe(prompts="forest | castle"), Recipe(prompts="castle | forest", seed=2)]) == []
    assert foreseen([]) == []


def test_words_that_are_read_as_others_are_told_once_with_the_style():
    recipes = [Recipe(prompts="castel | forest", style="zzyzxy", seed=seed) for seed in range(3)]
    line, noise = foreseen(recipes)
    assert noise == "begun in noise, since the sketch has nothing like it: castel"
    assert line.startswith("embedded reads words that it does not know as others: castel as ")
    assert ", zzyzxy as " in line
    assert line.count("castel") == 1


def test_what_begins_in_noise_is_told_unless_all_does():
    recipe = Recipe(prompts="of the of | forest")
    assert foreseen([recipe]) == ["begun in noise, since the sketch has nothing like it: of the of"]
    assert foreseen([recipe.override(sketch=False)]) == []


def test_what_cannot_be_read_at_all_is_an_error_before_anything_begins():
    with pytest.raises(InputError, match="'桜' has no word the embedded perceptor could read"):
        foreseen([Recipe(prompts="forest | castle"), Recipe(prompts="桜 | forest")])


def test_perceptors_without_a_list_of_words_are_not_asked():
    assert foreseen([Recipe(prompts="zzyzxy | 桜", generator="fourier", perceptor=clip())]) == []
