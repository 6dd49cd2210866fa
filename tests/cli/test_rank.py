from __future__ import annotations

import json

import pytest
from PIL import Image

from doorways.cli import seen as looking
from doorways.library import Library
from doorways.pictures import to_image
from doorways.png import save_png
from doorways.recipe import Recipe
from tests import recipes, tiny

RECIPE = Recipe.build(prompts="fire | ocean", seed=0, size="64x32", perceptor="embedded")
SEEDS = (1, 2, 3, 4)


def image(seed):
    return to_image(tiny.picture(64, 32, seed=seed))


def nearly(seed):
    """An image with a little of another one in it."""
    return Image.blend(image(seed), image(99), 0.1)


@pytest.fixture
def pictures(tmp_path):
    for seed in SEEDS:
        save_png(tmp_path / f"{seed}.png", image(seed), RECIPE, step=3, finished=True)
    return [f"{seed}.png" for seed in SEEDS]


@pytest.fixture
def ranked(doorways):
    """The order that `rank` gives with the tiny CLIP, as JSON."""

    def run(*words):
        said = doorways("rank", *words, "--perceptor", recipes.clip(), "--duplicate", "1", "--json")
        assert said.code == 0, said.err
        return json.loads(said.out)

    return run


def names(found):
    return [one["picture"] for one in found]


def test_weights_decide_what_comes_first(ranked, pictures):
    words = (*pictures, "--diversity", "0", "--weights", "only")
    up, down = ranked(*words, "--weights", "match=1"), ranked(*words, "--weights", "match=-1")
    matches = [one["scores"]["match"] for one in up]
    assert matches == sorted(matches, reverse=True)
    assert names(down) == names(up)[::-1]
    assert sorted(names(up)) == pictures
    assert names(ranked(*words, "match=1")) == names(up), "several weights may follow one flag"
    weighed = ranked(*words, "--weights", "count:moon=1", "--weights", "unwanted:castle=-1")
    assert {"count:moon", "unwanted:castle"} <= set(weighed[0]["scores"]), "nobody names them twice"


def test_prompts_that_are_given_are_asked_of_the_library_s_paintings_too(doorways, tmp_path):
    with Library.open(tmp_path / "home") as library:
        entries = [library.add(RECIPE) for _ in range(3)]
        for seed, entry in enumerate(entries):
            library.keep(entry.id, image(seed), RECIPE, 3, True)
        library.rate(entries[0].id, 5)
        library.files(entries[2].id).picture.unlink()
        seen = looking.paintings(library, "moon | garden")
    assert [one.name for one in seen] == [entry.id for entry in entries[:2]]
    assert {one.asked["prompts"] for one in seen} == {"moon | garden"}
    where = ("--library", str(tmp_path / "home"), "--perceptor", recipes.clip(), "--json")
    ids = [entry.id for entry in entries[:2]]
    scores = {}
    for prompts in ((), ("--prompts", "moon | garden")):
        found = json.loads(doorways("rank", *ids, *prompts, "--duplicate", "1", *where).out)
        scores[prompts] = {one["picture"]: one["scores"]["match"] for one in found}
        judged = json.loads(doorways("judge", *ids, *prompts, *where).out)
        assert scores[prompts] == {one["picture"]: pytest.approx(one["scores"]["match"]) for one in judged}
    own, other = scores.values()
    assert all(own[id] != other[id] for id in ids)


def test_near_duplicates_fold_and_a_limit_cuts(doorways, ranked, tmp_path, pictures):
    (tmp_path / "twin.png").write_bytes((tmp_path / "1.png").read_bytes())
    found = ranked(*pictures, "twin.png")
    assert len(found) == 4
    assert [one["alike"] for one in found if one["picture"] == "1.png"] == [["twin.png"]]
    assert len(ranked(*pictures, "--limit", "2")) == 2


def test_likes_and_dislikes_teach_a_taste(ranked, pictures, tmp_path):
    likes = ("--like", "1.png", "--like", "4.png", "--dislike", "2.png", "--dislike", "3.png")
    words = ("--diversity", "0", "--weights", "only", "--weights", "taste=1")
    found = ranked(*pictures, *words, *likes)
    assert set(names(found)[:2]) == {"1.png", "4.png"}
    assert found[0]["scores"]["taste"] > found[-1]["scores"]["taste"]
    for number in (1, 3):
        save_png(tmp_path / f"like {number}.png", nearly(number), RECIPE, step=3, finished=True)
    found = ranked("like 3.png", "like 1.png", *words, *likes)
    assert names(found) == ["like 1.png", "like 3.png"], "of which nobody has said anything"


def test_the_table_names_places_values_and_the_measures_that_count(doorways, pictures):
    said = doorways("rank", *pictures, "--perceptor", recipes.clip())
    head, *lines = said.out.splitlines()
    assert head.split() == ["value", "match", "contrast", "semantic_symmetry", "repetition"]
    assert lines[0].split()[0] == "1"
    assert lines[0].split()[1] in pictures


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setenv("DOORWAYS_LIBRARY", str(tmp_path / "library"))
    with Library.open() as library:
        for seed in SEEDS:
            entry = library.add(RECIPE, boards=["best"] if seed < 3 else [])
            library.keep(entry.id, image(seed), RECIPE, step=3, finished=True)
        yield library


def test_without_pictures_the_library_is_ranked_and_its_ratings_teach(ranked, library, doorways):
    ids = [entry.id for entry in library.list()]
    assert sorted(names(ranked())) == sorted(ids)
    assert "taste" not in ranked()[0]["scores"]
    assert sorted(names(ranked("--board", "best"))) == sorted(ids[:2])
    library.rate(ids[0], 1)
    said = doorways("rank", "--perceptor", recipes.clip())
    assert said.code == 0
    assert "ranked without taste: taste needs 4 rated pictures" in said.err
    library.verdict(ids[1], "reject")
    library.rate(ids[2], 5)
    library.verdict(ids[3], "favourite")
    found = ranked("--weights", "only", "taste=1", "--diversity", "0")
    assert set(names(found)[:2]) == set(ids[2:])
    assert all("taste" in one["scores"] for one in ranked("--board", "best")), "ratings elsewhere teach too"


def test_a_sweep_is_found_by_the_beginning_of_its_id(ranked, library):
    sweep = library.add_sweep("doors", "")
    entry = library.add(RECIPE, sweep=sweep.id)
    library.keep(entry.id, image(7), RECIPE, step=3, finished=True)
    assert names(ranked("--sweep", sweep.id[:4])) == [entry.id]


def test_a_broken_picture_of_the_library_is_left_out_and_one_that_is_named_is_an_error(
    ranked, library, doorways
):
    first, *others = (entry.id for entry in library.list())
    picture = library.files(first).picture
    picture.write_bytes(picture.read_bytes()[:-30])
    library.rate(first, 5)
    assert sorted(names(ranked())) == sorted(others)
    said = doorways("rank", "--perceptor", recipes.clip())
    assert f"{first}: " in said.err
    assert "it is left out" in said.err
    assert doorways("rank", first, "--perceptor", recipes.clip()).code == 2
    liked = doorways("rank", "--like", first, "--perceptor", recipes.clip())
    assert (liked.code, first in liked.err) == (2, True)
    for other in others:
        library.delete(other)
    assert "there is nothing to rank" in doorways("rank", "--perceptor", recipes.clip()).err


def test_bad_prompts_are_an_error_and_leave_no_painting_out(library, doorways):
    for words in (("rank",), ("judge", "--all")):
        said = doorways(*words, "--prompts", "a |", "--perceptor", recipes.clip())
        assert (said.code, "left out" in said.err) == (2, False)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "there is no library in it"),
        (("no.png",), "there is no such file"),
        (("1.png", "--weights", "match"), "is not NAME=NUMBER"),
        (("1.png", "--weights", "shrapness=1"), "the judge does not measure 'shrapness'; it knows match"),
        (("1.png", "--limit", "0"), "limit 0: must be 1 or more"),
        (("1.png", "2.png", "--diversity", "3"), "diversity 3: must lie between 0"),
        (("1.png", "2.png", "--duplicate", "0"), "duplicate 0: must lie above 0"),
        (("1.png", "2.png", "--like", "1.png"), "taste needs 4 rated pictures"),
        (
            ("1.png", "--board", "best"),
            "--board best: says which paintings of the library to rank, and pictures",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(doorways, pictures, monkeypatch, tmp_path, words, sentence):
    monkeypatch.setenv("DOORWAYS_LIBRARY", str(tmp_path / "none"))
    said = doorways("rank", *words, "--perceptor", recipes.clip())
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert sentence in said.err


def test_an_empty_library_has_nothing_to_rank(doorways, monkeypatch, tmp_path):
    monkeypatch.setenv("DOORWAYS_LIBRARY", str(tmp_path / "library"))
    Library.open().close()
    said = doorways("rank")
    assert said.code == 2
    assert "there is nothing to rank" in said.err
