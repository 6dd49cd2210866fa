"""Paintings that begin with a sketch: it is there before the first step, and is told."""

from __future__ import annotations

import pytest
import torch

from doorways.errors import InputError
from doorways.events import Grew
from doorways.painter import Painter
from doorways.pictures import to_image
from doorways.recipe import Recipe

pytestmark = pytest.mark.embedded


def painter(**settings):
    small = {
        "prompts": "castle | volcano",
        "size": "192x96",
        "steps": 2,
        "cutouts": 4,
        "seed": 2,
        "threads": 1,
    }
    return Painter(Recipe.build(**small | {"precision": "fp32"} | settings))


def test_the_recipe_and_the_machine_say_that_there_was_one():
    sketched = painter()
    assert sketched.recipe.sketch is True
    assert len(sketched.machine()["sketchbook"]) == 16
    bare = painter(sketch=False)
    assert bare.recipe.sketch is False
    assert "sketchbook" not in bare.machine()


def test_it_stands_where_the_prompts_rule_over_the_noise_that_would_have_been():
    sketched, bare = (painter(sketch=sketch, start_size="192x96").picture() for sketch in (True, False))
    changed = (sketched - bare).abs().mean(1)[0]
    left, right, top = changed[:, 30:66].mean(), changed[:, 126:162].mean(), changed[:4].mean()
    assert min(left, right) > 1.2 * top, (
        "things in the middle of each square, and next to nothing at its edges"
    )


def test_a_repeat_is_the_same_and_another_seed_is_not():
    one, again, other = (painter(seed=seed).picture() for seed in (2, 2, 3))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_a_canvas_all_around_and_one_in_windows_begin_so_too():
    for settings in (
        {"wrap": True, "start_size": "192x96"},
        {"window": 192, "size": "384x96", "start_size": "384x96"},
    ):
        sketched, bare = (painter(sketch=sketch, **settings).picture() for sketch in (True, False))
        changed = (sketched - bare).abs().mean(1)[0]
        assert changed[40:56].mean() > 1.2 * changed[:4].mean(), settings


def test_going_on_takes_the_steps_that_would_have_been_taken():
    begun = painter()
    begun.take_step()
    whole = painter()
    whole.take_step()
    whole.take_step()
    resumed = Painter.resume(*begun.state())
    resumed.take_step()
    assert torch.equal(resumed.descent.latent, whole.descent.latent)


def test_a_picture_to_start_from_is_the_sketch(tmp_path):
    file = tmp_path / "given.png"
    to_image(torch.full((1, 3, 96, 192), 0.5)).save(file)
    started = painter(init_image=file)
    assert started.recipe.sketch is None
    assert float(started.picture().std()) < 0.1
    with pytest.raises(InputError, match="init_image and sketch are both given"):
        painter(init_image=file, sketch=True)
    assert painter().recipe.override(init_image=file).sketch is None


def test_what_no_drawing_is_near_to_begins_in_noise():
    nameless, bare = (
        painter(prompts="Fólkvangr"),
        painter(prompts="Fólkvangr", sketch=False, start_size="192x96"),
    )
    assert torch.equal(nameless.picture(), bare.picture())
    assert any("nothing like 'Fólkvangr'" in note for note in nameless.notes())
    assert nameless.rate == bare.rate
    assert painter().rate.at(0) == pytest.approx(0.3 * bare.rate.at(0))
    assert not any("sketch" in note for note in (*bare.notes(), *painter().notes()))


def test_a_sketch_that_begins_small_grows():
    grown = [event for event in painter(start_size="96x48", grow_at=(0.5,)) if isinstance(event, Grew)]
    assert [str(event.size) for event in grown] == ["192x96"]
    assert not [event for event in painter() if isinstance(event, Grew)]
    assert any("nothing grows" in note for note in painter(grow_at=(0.5,)).notes())
    assert not any("nothing grows" in note for note in painter().notes())


def test_a_painting_begun_before_there_were_sketches_had_none():
    tensors, meta = painter(sketch=False).state()
    del meta["recipe"]["sketch"]
    resumed = Painter.resume(tensors, meta)
    assert resumed.recipe.sketch is False
    assert "sketchbook" not in resumed.machine()


def test_one_gone_on_with_says_which_sketchbook_it_began_with():
    tensors, meta = painter().state()
    meta["machine"]["sketchbook"] = "0123456789abcdef"
    assert Painter.resume(tensors, meta).machine()["sketchbook"] == "0123456789abcdef"
