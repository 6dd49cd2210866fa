"""Scenes show what their words and shares say."""

from __future__ import annotations

import random
import shutil

import numpy as np
import pytest
import torch

from training.scenes import (
    TIMES,
    Scenes,
    caption,
    concept_names,
    picture_to_drawing,
    shares_of,
    stretches,
    whereabouts,
)


@pytest.fixture(scope="module")
def scenes(world):
    return Scenes("trained", folder=world)


def draw(scenes, seed=0, **settings):
    return scenes.draw(64, 32, torch.Generator().manual_seed(seed), **settings)


def test_names_are_those_of_the_split(world, scenes):
    assert scenes.names == ["castle", "desert", "night", "star", "tree"]
    assert concept_names("held_out", world) == ["beach", "castle", "star", "tree"]


def test_pictures_are_in_range_and_differ(scenes):
    batch = draw(scenes)
    assert batch.pictures.shape == (64, 3, 32, 32)
    assert batch.pictures.min() >= 0
    assert batch.pictures.max() <= 1
    assert len({picture.numpy().tobytes() for picture in batch.pictures}) == 64


def test_shares_sum_to_one_and_belong_to_labels(scenes):
    batch = draw(scenes)
    assert torch.allclose(batch.shares.sum(1), torch.ones(64))
    assert torch.equal(batch.shares > 0, batch.labels >= 0)


def test_first_things_weigh_more_than_other_ones_and_than_what_is_behind():
    rows = [
        ("castle", None, None, None),
        ("castle", "tree", None, "desert"),
        ("castle", "tree", "star", "desert"),
        ("castle", None, None, "desert"),
        (None, None, None, "night"),
    ]
    shares = shares_of(rows)
    assert torch.allclose(shares[1], torch.tensor([0.7, 0.3, 0.0, 0.2]) / 1.2)
    assert torch.allclose(shares[2], torch.tensor([0.7, 0.3, 0.2, 0.2]) / 1.4)
    assert torch.allclose(shares[3], torch.tensor([0.7, 0.0, 0.0, 0.2]) / 0.9)
    assert shares[[0, 4]].tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]


def test_captions_name_what_is_first_in_the_scene(scenes):
    batch = draw(scenes)
    for labels, shares, words in zip(batch.labels, batch.shares, batch.captions, strict=True):
        assert scenes.names[int(labels[shares.argmax()])] in words


def test_scenery_alone_is_its_own_colour(scenes):
    batch = draw(scenes, bare=1.0)
    bare = (batch.shares[:, 0] == 0).nonzero()[:, 0]
    assert len(bare) > 20
    for i in bare.tolist():
        level = {"desert": 20, "night": 80}[scenes.names[int(batch.labels[i, 3])]]
        assert torch.allclose(batch.pictures[i], torch.tensor(level / 255), atol=1e-3)


def test_colours_are_told_by_their_word(scenes):
    assert scenes.colours == ["red", "green", "yellow"]


def test_the_same_seed_draws_the_same(scenes):
    first, second, other = draw(scenes, 1), draw(scenes, 1), draw(scenes, 2)
    assert torch.equal(first.pictures, second.pictures)
    assert first.captions == second.captions
    assert not torch.equal(first.pictures, other.pictures)


def test_names_that_a_list_lacks_have_no_label(world):
    held_out = Scenes("held_out", folder=world, names=["castle"])
    batch = draw(held_out, bare=0.0, second=0.0)
    assert set(batch.labels[:, 0].tolist()) == {-1, 0}
    assert (batch.shares[:, 0] > 0).all()


def test_things_come_again_and_at_another_time_of_day(scenes):
    batch = draw(scenes, bare=0.0, second=1.0, third=1.0, repeated=1.0)
    assert torch.equal(batch.labels[:, 0], batch.labels[:, 2])
    assert all(words.startswith("three ") for words in batch.captions)
    others = draw(scenes, bare=0.0, second=1.0, third=1.0)
    assert (others.labels[:, :3] >= 0).all()
    assert not torch.equal(others.labels[:, 0], others.labels[:, 2])


def test_a_time_of_day_is_said_and_seen(scenes):
    batch = draw(scenes, bare=1.0, lit=1.0)
    said = [any(word in words for time in TIMES for word in time) for words in batch.captions]
    assert all(said)
    nights = [
        i for i, words in enumerate(batch.captions) if words.endswith(("at night", "under a night sky"))
    ]
    red, _, blue = batch.pictures[nights].mean((0, 2, 3)).tolist()
    assert blue > 1.3 * red


def test_some_things_stand_on_white_paper(scenes):
    batch = draw(scenes, paper=1.0, second=0.0)
    assert (batch.labels[:, 3] == -1).all()
    assert (batch.labels[:, 0] >= 0).all(), "nothing is not shown"
    assert (batch.pictures.flatten(2).amax(2) == 1).all(1).float().mean() > 0.9


def test_restyled_scenes_say_the_same_and_look_otherwise(scenes):
    plain, other = draw(scenes, bare=0.0), draw(scenes, bare=0.0, restyle=True)
    assert other.pictures.min() >= 0
    assert other.pictures.max() <= 1
    colours = [batch.pictures[:, :, 16, 16] for batch in (plain, other)]
    assert colours[1].std() > 0
    assert not torch.equal(*colours)
    assert torch.equal(plain.labels[:, 0], other.labels[:, 0])


def test_borrowed_drawings_in_black_are_tinted_and_others_are_not(tmp_path, world):
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    pixels = np.load(tmp_path / "trained.npy")
    pixels[..., :3] = 0
    np.save(tmp_path / "trained.npy", pixels)
    rows = (tmp_path / "trained.jsonl").read_text()
    assert not Scenes(folder=tmp_path).in_ink.any(), "black in their own right"
    (tmp_path / "trained.jsonl").write_text(rows.replace('"test"', '"ph"'))
    borrowed = Scenes(folder=tmp_path)
    assert borrowed.in_ink.all()
    shown = {"bare": 0.0, "second": 0.0, "paper": 1.0}
    plain, tinted = draw(borrowed, **shown), draw(borrowed, **shown, restyle=True)
    assert [batch.pictures.flatten(1).amin(1).max() < 0.5 for batch in (plain, tinted)] == [True, False]
    assert [any("black" in words for words in batch.captions) for batch in (plain, tinted)] == [True, False]


def test_stretching_keeps_the_area():
    assert torch.allclose(
        torch.linalg.det(stretches(32, torch.Generator().manual_seed(0))), torch.ones(32), atol=1e-5
    )


def test_where_the_first_thing_stands_is_told_by_its_place():
    assert whereabouts(0.1, -0.2) is None
    assert [whereabouts(*place) for place in ((-0.5, 0.1), (0.5, 0.4), (0.1, -0.4), (0.2, 0.6))] == [
        "on the left",
        "on the right",
        "at the top",
        "at the bottom",
    ]


def said_of(*arguments, **told):
    chance = random.Random(0)
    return {caption(chance, *arguments, colour="red", **told) for _ in range(800)}


def test_the_grammar_says_what_with_what_and_where():
    said = said_of(["castle", "tree"], "desert")
    assert {
        "a red castle",
        "castle and a tree with desert",
        "a castle beside a tree in front of desert",
    } <= said
    assert all(words.split("castle")[0] in ("", "a ", "a red ") for words in said)
    assert said_of([], "desert") == {"desert", "a picture of desert", "desert landscape"}


def test_the_grammar_says_how_many_and_when():
    said = said_of(["fox", "fox", "tree"], "desert", where="on the left", time="at night")
    assert "two red foxes on the left and a tree in front of desert at night" in said
    assert all(words.startswith(("two red foxes", "two foxes")) for words in said)
    assert all(words.endswith(" at night") for words in said)
    assert said_of(["fox"] * 3, None) == {"three foxes", "three red foxes"}


def test_however_it_is_stretched_a_thing_is_where_its_caption_says():
    rng = torch.Generator().manual_seed(0)
    shift = 2 * torch.rand(16, 2, generator=rng) - 1
    theta = picture_to_drawing(
        torch.randn(16, generator=rng), torch.ones(16), torch.full((16,), 0.5), shift, stretches(16, rng)
    )
    middles = (theta[:, :, :2] @ shift[:, :, None])[..., 0] + theta[:, :, 2]
    torch.testing.assert_close(middles, torch.zeros(16, 2), atol=1e-5, rtol=0)
