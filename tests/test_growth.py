"""Which canvas is painted on at which step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorways.errors import InputError
from doorways.growth import Growth
from doorways.recipe import Recipe
from doorways.size import Size


def plan(factor=16, **settings):
    recipe = {"prompts": "fire", "seed": 0, "sketch": False} | settings
    return Growth.plan(Recipe.build(**recipe), factor)


def test_it_begins_at_a_half_and_is_whole_after_three_fifths_of_the_steps():
    growth = plan(size="768x384", steps=300)
    assert growth == Growth((Size(384, 192), Size(768, 384)), (0, 180))
    assert [str(growth.size_at(step)) for step in (0, 179, 180, 299)] == [
        "384x192",
        "384x192",
        "768x384",
        "768x384",
    ]


def test_several_leaps_are_even_in_the_logarithm():
    growth = plan(size="768x768", start_size="96x96", grow_at=(0.2, 0.4, 0.6), steps=100, factor=8)
    assert [size.width for size in growth.sizes] == [96, 192, 384, 768]
    assert growth.steps == (0, 20, 40, 60)


@pytest.mark.parametrize(
    "settings",
    [
        {"start_size": "768x384"},
        {"grow_at": ()},
        {"init_image": "any.png"},
        {"detail": True},
        {"sketch": True},
    ],
    ids=["asked for", "no leap", "from a picture", "healing", "from a sketch"],
)
def test_without_growth_there_is_one_canvas(settings):
    assert plan(size="768x384", **settings) == Growth((Size(768, 384),), (0,))


def test_a_sketch_may_be_begun_small_if_asked_for():
    assert plan(size="768x384", sketch=True, start_size="384x192").sizes == (Size(384, 192), Size(768, 384))


def test_a_picture_may_be_begun_small_if_asked_for():
    assert plan(size="768x384", init_image="any.png", start_size="384x192").sizes[0] == Size(384, 192)


@given(
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    factor=st.sampled_from([1, 2, 8, 16]),
    steps=st.integers(1, 40),
    places=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=3, unique=True).map(sorted),
)
def test_every_plan_ends_whole_and_its_recipe_can_be_told(width, height, factor, steps, places):
    recipe = Recipe.build(
        prompts="fire",
        size=(width * factor, height * factor),
        steps=steps,
        grow_at=places,
        seed=0,
        sketch=False,
    )
    growth = Growth.plan(recipe, factor)
    assert growth.size_at(steps - 1) == recipe.size
    assert all(side % factor == 0 and side > 0 for size in growth.sizes for side in size)
    assert list(growth.sizes) == sorted(growth.sizes, key=lambda size: size.width * size.height)
    told = recipe.override(start_size=growth.sizes[0])
    assert Growth.plan(told, factor) == growth


def test_a_size_that_the_generator_cannot_do_is_refused_before_it_grows():
    with pytest.raises(InputError, match=r"^size 770x384: width must be a multiple of 16 .*; use 768 or 784"):
        plan(size="770x384")
    with pytest.raises(InputError, match=r"^start_size 380x192: width must be a multiple of 16"):
        plan(size="768x384", start_size="380x192")
