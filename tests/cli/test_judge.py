from __future__ import annotations

import json

import pytest
from PIL import Image

from doorways.library import Library
from doorways.pictures import to_image
from doorways.png import save_png
from doorways.recipe import Recipe
from tests import recipes, tiny

RECIPE = Recipe.build(prompts="fire | ocean", seed=0, size="64x32", perceptor="embedded")


def painted(path, *, seed=0, recipe=RECIPE):
    save_png(path, to_image(tiny.picture(64, 32, seed=seed)), recipe, step=3, finished=True)
    return path.name


@pytest.fixture
def picture(tmp_path):
    return painted(tmp_path / "a.png")


@pytest.fixture
def library(tmp_path, monkeypatch):
    """The user's library, with two paintings that have a picture and one that has not."""
    monkeypatch.setenv("DOORWAYS_LIBRARY", str(tmp_path / "library"))
    with Library.open() as library:
        for seed in (1, 2):
            entry = library.add(RECIPE)
            image = to_image(tiny.picture(64, 32, seed=seed))
            library.keep(entry.id, image, RECIPE, step=3, finished=True)
        library.add(RECIPE)
        yield library


def test_scores_are_told_one_a_line_with_who_judged(doorways, picture):
    said = doorways(
        "judge", picture, "--perceptor", recipes.clip(), "--count", "moon", "--unwanted", "a castle"
    )
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == f"a.png, judged by {recipes.clip()}"
    names = [line.split()[0] for line in lines[1:]]
    assert names[:1] == ["match"]
    assert {"contrast", "semantic_symmetry", "repetition", "sharpness", "count:moon", "unwanted"} <= set(
        names
    )
    assert said.err == ""


def test_as_json_it_holds_scores_places_and_curves(doorways, picture):
    found = json.loads(doorways("judge", picture, "--perceptor", recipes.clip(), "--json").out)
    assert set(found) == {"picture", "perceptor", "scores", "places", "curves", "notes"}
    assert list(found["curves"]) == ["fire", "ocean"]
    assert len(found["curves"]["fire"]) == len(found["places"])


def test_prompts_that_are_given_win_over_those_in_the_picture(doorways, picture):
    found = json.loads(
        doorways("judge", picture, "--prompts", "moon", "--perceptor", recipes.clip(), "--json").out
    )
    assert list(found["curves"]) == ["moon"]


def test_any_picture_can_be_judged_with_prompts_and_none_without(doorways, tmp_path):
    Image.new("RGB", (64, 32), "red").save(tmp_path / "other.png")
    assert (
        doorways("judge", "other.png", "--prompts", "fire | ocean", "--perceptor", recipes.clip()).code == 0
    )
    said = doorways("judge", "other.png")
    assert said.code == 2
    assert "holds no recipe" in said.err
    assert "--prompts 'forest | kelp forest'" in said.err


def test_eyes_that_painted_are_warned_of(doorways, tmp_path):
    painted(tmp_path / "own.png", recipe=RECIPE.override(perceptor=recipes.clip()))
    said = doorways("judge", "own.png", "--perceptor", recipes.clip())
    assert (said.code, said.err.count("\n")) == (0, 1)
    assert "painted this picture" in said.err


def test_the_curves_are_drawn_and_nothing_is_overwritten_unasked(doorways, tmp_path, picture):
    words = ("judge", picture, "--perceptor", recipes.clip(), "--curve", "c.png")
    assert doorways(*words).code == 0
    first = (tmp_path / "c.png").read_bytes()
    with Image.open(tmp_path / "c.png") as drawn:
        assert drawn.width > 768
    said = doorways(*words)
    assert (said.code, "--force overwrites it" in said.err) == (2, True)
    assert doorways(*words, "--force").code == 0
    assert (tmp_path / "c.png").read_bytes() == first


def test_paintings_of_the_library_are_judged_by_id_and_their_scores_kept(doorways, library):
    entry = library.list()[0]
    assert entry.scores == {}
    said = doorways("judge", entry.id[:6], "--perceptor", recipes.clip(), "--json")
    assert said.code == 0, said.err
    kept = library.get(entry.id).scores
    assert kept == pytest.approx(json.loads(said.out)["scores"])
    assert kept
    assert library.list()[1].scores == {}


def test_another_judge_does_not_take_the_place_of_the_first_unasked(doorways, library):
    id = library.list()[0].id
    doorways("judge", id, "--perceptor", recipes.clip())
    first = library.get(id)
    assert first.judge == recipes.clip()
    assert f"judged by: {recipes.clip()}" in doorways("library", "show", id).out
    another = recipes.clip(seed=1)
    said = doorways("judge", id, "--perceptor", another)
    assert f"the library keeps the scores by {recipes.clip()}; --replace has it keep these" in said.err
    assert library.get(id) == first
    assert doorways("judge", id, "--perceptor", another, "--replace").err == ""
    assert library.get(id).judge == another
    assert library.get(id).scores != first.scores


def test_a_painting_without_a_picture_and_an_id_that_is_none_are_told(doorways, library):
    said = doorways("judge", library.list()[2].id)
    assert (said.code, "has no picture yet, it is waiting" in said.err) == (2, True)
    said = doorways("judge", "zzzzzzzz")
    assert (said.code, "there is no such painting in the library" in said.err) == (2, True)


def test_all_of_the_library_is_judged_at_once(doorways, library):
    said = doorways("judge", "--all", "--perceptor", recipes.clip(), "--json")
    found = json.loads(said.out)
    assert [one["picture"] for one in found] == [entry.id for entry in library.list() if entry.picture_sha256]
    assert len(found) == 2
    scores = [entry.scores for entry in library.list()]
    assert scores[0]
    assert scores[1]
    assert scores[0] != scores[1]
    assert not scores[2]


def test_other_prompts_scores_are_not_kept_as_the_paintings_own(doorways, library):
    entry = library.list()[0]
    doorways("judge", entry.id, "--prompts", "moon", "--perceptor", recipes.clip())
    assert library.get(entry.id).scores == {}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "judge needs a picture"),
        (("no.png",), "no.png: there is no such file"),
        (("zzzz",), "there is no library in it"),
        (("what?",), "there is no such file"),
        (("a.png", "--curve", "c.jpg"), "must end in .png"),
        (("a.png", "--curve", "."), "is no name of a file"),
        (("a.png", "--curve", "a.png"), "is the picture itself"),
        (("a.png", "--curve", "no/c.png"), "there is no folder"),
        (("a.png", "a.png", "--curve", "c.png"), "draws one picture, and 2 are given"),
        (("a.png", "--perceptor", "nowhere"), "there is no such folder"),
        (("a.png", "--aesthetic", "head.pth"), "do not exist"),
        (("a.png", "--prompts", "a |"), "the prompt is empty"),
    ],
)
def test_what_is_wrong_is_one_sentence(doorways, picture, monkeypatch, tmp_path, words, sentence):
    monkeypatch.setenv("DOORWAYS_LIBRARY", str(tmp_path / "none"))
    said = doorways("judge", *words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert sentence in said.err
    assert not (tmp_path / "none").exists()
