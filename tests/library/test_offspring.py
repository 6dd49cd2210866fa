from __future__ import annotations

import pytest
from PIL import Image

from doorways.errors import InputError
from doorways.library import Library
from doorways.library.culling import Culling
from doorways.library.offspring import reroll, vary
from doorways.recipe import Recipe


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "home") as library:
        yield library


def painted(library, **more):
    recipe = Recipe.build(prompts="fire | ocean", seed=1, size="64x32", steps=6, **more)
    entry = library.add(recipe, subject="Fire | Ocean", tags=["Nature"])
    return library.keep(entry.id, Image.new("RGB", (64, 32), "red"), recipe, 6, True)


def test_a_reroll_keeps_all_but_the_seed(library):
    parent = painted(library)
    child = reroll(library, parent.id[:7], seed=5)
    assert child.recipe == parent.recipe | {"seed": 5}
    assert (child.parent, child.change, child.state) == (parent.id, {"seed": [1, 5]}, "waiting")
    assert (child.subject, child.tags, child.pinned) == ("Fire | Ocean", ("Nature",), True)
    with pytest.raises(InputError, match="seed 1: is the one that"):
        reroll(library, parent.id, seed=1)


def test_a_variation_begins_with_the_layout_and_drops_another_start(library, tmp_path):
    Image.new("RGB", (64, 32), "blue").save(tmp_path / "start.png")
    parent = painted(library, init_image=tmp_path / "start.png", hold=0.5, start_size="64x32")
    child = vary(library, parent.id, seed=5)
    recipe = Recipe.build(**child.recipe)
    assert (recipe.seed, recipe.init_image, recipe.hold.is_zero, recipe.start_size) == (5, None, True, None)
    with Image.open(recipe.suggest) as image:
        assert image.getpixel((0, 0)) == (255, 0, 0)


def test_a_variation_of_a_sketch_is_painted_as_a_suggestion_is(library):
    parent = painted(library)
    filled = Recipe.build(**{k: v for k, v in parent.recipe.items() if k != "steps"}).override(
        sketch=True, learning_rate=0.03, start_size="64x32"
    )
    library.keep(parent.id, Image.new("RGB", (64, 32), "red"), filled, 60, True)
    recipe = Recipe.build(**vary(library, parent.id, seed=5).recipe)
    assert (recipe.learning_rate, recipe.start_size, recipe.steps, recipe.sketch) == (None, None, 300, None)


@pytest.mark.parametrize("start", ["sketch", "init_image"])
def test_a_variation_of_what_began_without_a_sketch_is_painted_as_it_was(library, tmp_path, start):
    Image.new("RGB", (64, 32), "blue").save(tmp_path / "start.png")
    given = {"sketch": False} if start == "sketch" else {"init_image": tmp_path / "start.png"}
    recipe = Recipe.build(prompts="moon", seed=1, steps=60, learning_rate=0.02, **given)
    parent = library.add(recipe)
    library.keep(parent.id, Image.new("RGB", (64, 32), "red"), recipe, 60, True)
    child = Recipe.build(**vary(library, parent.id, seed=5).recipe)
    assert (child.steps, child.learning_rate) == (60, recipe.learning_rate)


def test_what_has_no_picture_cannot_be_varied(library):
    waiting = library.add(Recipe.build(prompts="moon", seed=1))
    with pytest.raises(InputError, match="there is no picture of it yet to vary"):
        vary(library, waiting.id)


def test_a_verdict_given_twice_is_taken_away(library):
    culling = Culling(library, [painted(library), painted(library)])
    assert culling.verdict("keep") == "keep"
    culling.go(-1)
    assert culling.verdict("keep") == "no longer keep"
    assert culling.entry.verdict is None
    assert culling.at == 0


def test_a_reject_that_is_not_painted_yet_stops_until_that_is_undone(library):
    resting = library.add(Recipe.build(prompts="moon", seed=1), state="resting")
    done = painted(library)
    culling = Culling(library, [resting, done])
    culling.verdict("reject")
    culling.verdict("reject")
    assert [library.get(one.id).state for one in (resting, done)] == ["stopped", "finished"]
    culling.undo()
    culling.undo()
    assert [library.get(one.id).state for one in (resting, done)] == ["resting", "finished"]
    assert culling.entry.verdict is None


def test_what_is_being_painted_by_now_stays(library):
    culling = Culling(library, [painted(library)])
    culling.reroll()
    child = library.claim("somebody")
    with pytest.raises(InputError, match="is running by now, and stays"):
        culling.undo()
    assert library.get(child.id).state == "running"


def test_there_must_be_something_to_go_through(library):
    with pytest.raises(InputError, match="there is no painting to go through"):
        Culling(library, [])
