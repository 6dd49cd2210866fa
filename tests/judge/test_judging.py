"""A whole judgement: what is measured, who judged, and what to know before it is believed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import mean, stdev

import pytest
import torch
from PIL import Image

from doorways.errors import InputError
from doorways.judge import Judge, Judgement, judge, judge_all
from doorways.judge.drawing import draw_curves
from doorways.perceptors import load_perceptor
from doorways.pictures import read_picture
from doorways.recipe import Recipe
from doorways.symmetry import parse_symmetry
from tests import recipes, tiny
from tests.judge.scenes import BLUE, EYES, GREY, RED, beside, discs, plain

MEASURES = {
    "match", "contrast", "semantic_symmetry", "repetition", "tone_symmetry", "edge_symmetry", "sharpness",
}  # fmt: skip


def sides(left=RED, right=BLUE):
    return beside(plain(left, 64), plain(right, 64))


def judged(picture, asked="red | blue", **more):
    return Judge(EYES).judge(picture, asked, **more)


def test_a_judgement_holds_all_measures_as_finite_numbers_and_says_who_judged():
    found = judge(tiny.picture(96, 48), "fire | ocean", recipes.clip())
    assert found.perceptor == recipes.clip()
    assert set(found.scores) == MEASURES
    assert all(math.isfinite(value) for value in found.scores.values())
    assert found.notes == ()


def test_a_judgement_is_json_and_reads_back_the_same():
    found = judged(sides(), count=["a green"], unwanted=["a green"])
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()
    assert set(found.to_dict()) == {"perceptor", "scores", "places", "curves", "notes"}


def test_curves_are_at_places_across_the_picture_one_for_each_prompt_and_counted_thing():
    found = judged(sides(), count=["a green"])
    assert list(found.curves) == ["red", "blue", "a green"]
    assert all(len(curve) == len(found.places) for curve in found.curves.values())
    assert list(found.places) == sorted(found.places)
    assert found.places[0] == pytest.approx(0.375 / 2)
    assert found.curves["red"][0] > found.curves["red"][-1]


def test_what_was_asked_for_scores_better_than_its_opposite():
    good, bad = judged(sides()), judged(sides(BLUE, RED))
    assert good.scores["match"] > bad.scores["match"] + 0.3
    assert good.scores["contrast"] > 0 > bad.scores["contrast"]


def test_things_are_counted_and_unwanted_ones_found():
    picture = discs(plain((0.5, 0.4, 0.5), 192), (0.6, 0.5), (2.4, 0.5), radius=0.45)
    found, other = (
        judged(one, "red", count=["a green"], unwanted=["a green"]) for one in (picture, plain(RED, 192))
    )
    assert other.scores["count:a green"] == 0
    assert found.scores["unwanted"] == found.scores["unwanted:a green"]
    assert found.scores["unwanted"] > other.scores["unwanted"] + 1


def test_a_negative_prompt_without_a_place_is_unwanted_unasked():
    assert "unwanted:green" in judged(sides(), "red | blue | green :-1").scores
    assert "unwanted:green" not in judged(sides(), "red | blue | green @0.5 :-1").scores
    assert "unwanted" not in judged(sides()).scores


def test_the_largest_presence_is_that_of_all_unwanted_things():
    scores = judged(sides(), unwanted=["a green", "a red"]).scores
    assert scores["unwanted"] == max(scores["unwanted:a green"], scores["unwanted:a red"])


def test_the_recipe_says_prompts_style_symmetry_and_field():
    recipe = Recipe.build(prompts="red @0.9 | blue @0.1", seed=0, symmetry="flip")
    picture = sides(BLUE, (0.9, 0.3, 0.3))
    right_way = judged(picture, recipe)
    assert right_way.scores["contrast"] > 0.5
    assert right_way.scores["tone_symmetry"] > 0.99
    assert judged(picture, recipe.settings()).scores == right_way.scores


def test_what_is_seen_all_around_is_to_give_way_at_its_back_too():
    recipe = Recipe.build(prompts="red | blue", seed=0)
    around, flat = (judged(sides(), recipe.override(wrap=wrap)).scores["match"] for wrap in (True, False))
    assert around < flat - 0.01, "both colours are wanted at its back, and each is alone there"


@pytest.mark.parametrize("name", ["mirror", "flip", "half-turn", "shift:2"])
def test_semantic_symmetry_is_that_of_the_recipes_symmetry(name):
    recipe = Recipe.build(prompts="red", seed=0, symmetry=name)
    picture = discs(plain(GREY), (0.3, 0.25), (0.8, 0.7), (1.25, 0.2), radius=0.2)
    image = parse_symmetry(name).apply(picture)
    kept = torch.where((picture - 0.5).abs().amax(1, keepdim=True) > 0.1, picture, image)
    high, low = (judged(one, recipe).scores["semantic_symmetry"] for one in (kept, picture))
    assert high > 0.75
    assert low < high - 0.3


def test_one_prompt_has_no_contrast_and_a_narrow_canvas_no_pairs():
    alone = judged(sides(), "red")
    assert "contrast" not in alone.scores
    narrow = judged(plain(RED, 32), "red")
    assert set(narrow.scores) == {"match", "tone_symmetry", "edge_symmetry", "sharpness"}
    assert "contrast, semantic_symmetry, repetition: not measured" in narrow.notes[0]


def test_a_perceptor_that_painted_is_warned_of_by_its_name_or_by_its_weights(tmp_path):
    spec = recipes.clip()
    recipe = recipes.quick(perceptor=spec)
    picture = tiny.picture(48, 24)
    assert "painted this picture" in judge(picture, recipe, spec).notes[0]
    other = recipes.clip(seed=1)
    assert judge(picture, recipe, other).notes == ()
    machine = {"weights": {f"perceptor {spec}": load_perceptor(other).fingerprint}}
    assert "painted this picture" in judge(picture, recipe, other, machine=machine).notes[0]
    assert judge(picture, "fire | ocean", spec).notes == (), "of prompts alone nobody knows who painted"


def test_many_pictures_are_judged_as_one_by_one():
    pictures = [(tiny.picture(48, 24, seed=seed), "fire | ocean") for seed in range(3)]
    many = list(judge_all(pictures, recipes.clip()))
    assert [one.scores for one in many] == [judge(*pair, recipes.clip()).scores for pair in pictures]
    assert len({one.scores["match"] for one in many}) == 3


def test_the_same_picture_is_judged_the_same_twice_and_the_perceptor_loaded_once():
    picture = tiny.picture(48, 24)
    assert judge(picture, "fire | ocean", recipes.clip()) == judge(picture, "fire | ocean", recipes.clip())
    assert Judge.load(recipes.clip()) is Judge.load(recipes.clip())


def test_a_portrait_is_a_unit_vector_that_knows_left_from_right():
    one, other = (torch.tensor(judged(picture).portrait) for picture in (sides(), sides(BLUE, RED)))
    assert one.norm() == pytest.approx(1, abs=1e-5)
    assert one @ other < 0.8
    assert len(judged(plain(RED, 32), "red").portrait) == len(one)


@pytest.mark.parametrize(
    ("picture", "asked", "sentence"),
    [
        (torch.rand(3, 8, 8), "red", r"must be \[1, 3, H, W\]"),
        (torch.rand(1, 3, 32, 64), "red | ", "the prompt is empty"),
        (torch.rand(1, 3, 32, 64), {"prompts": "red", "colour_of_money": 1}, "colour_of_money"),
        (torch.rand(1, 3, 32, 64), "image(gone.png)", "there is no such picture"),
    ],
)
def test_what_cannot_be_judged_is_one_sentence(picture, asked, sentence):
    with pytest.raises(InputError, match=sentence):
        judged(picture, asked)


def test_the_drawing_shows_the_picture_and_a_line_for_each_curve():
    found = Judgement("eyes", {}, (0.0, 0.5, 1.0), {"rising": (0.0, 0.5, 1.0), "falling": (1.0, 0.5, 0.0)})
    drawn = draw_curves(found, Image.new("RGB", (200, 100), (0, 0, 255)))
    assert drawn.getpixel((drawn.width // 2, 100)) == (0, 0, 255)
    pixels = drawn.load()
    rows = {}
    for colour in ((0xC1, 0x44, 0x0E), (0x0B, 0x6F, 0xA4)):
        where = [(x, y) for x in range(56, 826) for y in range(400, 610) if pixels[x, y] == colour]
        rows[colour] = [min(y for x, y in where if abs(x - at) < 40) for at in (90, 790)]
    (rising, falling) = rows.values()
    assert rising[0] > rising[1] + 100
    assert falling[0] < falling[1] - 100


@pytest.mark.embedded
def test_the_embedded_judge_tells_what_a_picture_was_painted_of():
    """A picture that stays as it is, so that this is about the judge and not about whoever paints today."""
    picture = read_picture(Path(__file__).parent / "forest-kelp-forest.png")
    others = (
        "fire | desert", "castle | volcano", "moon | sun", "apple | banana", "dog | cat", "ocean | mountain", "car | train",
        "flower | tree", "house | church", "snow | beach", "guitar | drum", "ship | airplane", "fish | bird", "city | night",
        "mushroom | castle", "robot | alien", "clock | key", "pizza | cake", "sky | clouds", "river | waterfall",
    )  # fmt: skip
    own, *rest = (judge(picture, prompts) for prompts in ("forest | kelp forest", *others))
    assert own.perceptor == "embedded-judge"
    matches = [one.scores["match"] for one in rest]
    assert own.scores["match"] > max(matches)
    assert own.scores["match"] > mean(matches) + 4 * stdev(matches), "whatever a judge's scale is"
    assert judge(picture.flip(-1), "forest | kelp forest").scores["contrast"] < own.scores["contrast"]


@pytest.mark.embedded
def test_of_all_prompts_the_readme_s_picture_matches_its_own_best():
    picture = read_picture(Path(__file__).parents[2] / "docs" / "pictures" / "first.png")
    others = (
        "forest | kelp forest",
        "fire | desert",
        "castle | volcano",
        "city | beach",
        "snow | moon",
        "sunflower | cactus",
        "apple | lemon",
    )
    own, *rest = (judge(picture, prompts).scores["match"] for prompts in ("forest | castle", *others))
    assert own > max(rest) + 0.02, "one of them has its left side"
    assert own > mean(rest) + 0.1
