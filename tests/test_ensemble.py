"""The models of a painting: how many pieces they are shown at once where nobody says."""

from __future__ import annotations

import pytest
import torch

from doorways.devices import Device
from doorways.memory.planning import thriftier
from doorways.painter import Painter
from tests.recipes import clip, quick


def large() -> str:
    """A CLIP that cuts a piece of 80 pixels into 100 patches."""
    return clip(0, 80)


def test_a_large_perceptor_in_fp32_is_shown_a_few_pieces_at_once_and_the_recipe_says_so():
    painter = Painter(quick(perceptor=large()))
    assert painter.recipe.micro_batch == 4
    assert [eye.micro_batch for eye in painter.eyes] == [4]
    assert painter.notes() == (painter.place.note,), "no news"
    assert thriftier(painter.recipe, painter.generator) == {"micro_batch": 2}
    assert Painter(painter.recipe).recipe == painter.recipe


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"micro_batch": 6}, 6),
        ({"micro_batch": 3}, 3),
        ({"cutouts": 4}, None),
        ({"precision": "bf16"}, None),
        ({"perceptor": clip()}, None),
        ({"perceptor": "embedded"}, None),
        ({"perceptor": ("embedded", large())}, 4),
    ],
)
def test_others_are_shown_all_unless_told(settings, expected):
    assert Painter(quick(perceptor=large()).override(**settings)).recipe.micro_batch == expected


def test_on_a_gpu_all_are_shown_at_once():
    ensemble = Painter(quick(perceptor=large())).ensemble
    assert ensemble.micro_batch(6) == 4
    object.__setattr__(ensemble, "place", Device(torch.device("cuda"), torch.float32))
    assert ensemble.micro_batch(6) is None


@pytest.mark.parametrize(("device", "why"), [("auto", "chosen automatically"), ("cpu", "as asked")])
def test_who_chose_the_device_is_said_in_another_precision_too(device, why):
    painter = Painter(quick(device=device))
    other = painter.ensemble.computing_in("bf16", painter.prompts)
    assert f"in bf16 ({why}" in other.place.note


def test_two_painters_paint_with_their_own_threads():
    before = torch.get_num_threads()
    try:
        one, other = (Painter(quick(threads=threads, steps=2)) for threads in (2, 1))
        for painter in (one, other, one):
            painter.take_step()
            assert torch.get_num_threads() == painter.recipe.threads
    finally:
        torch.set_num_threads(before)


def test_the_picture_is_that_of_all_at_once_up_to_rounding():
    few, whole = (Painter(quick(perceptor=large(), micro_batch=count)) for count in (None, 6))
    for _ in range(2):
        few.take_step()
        whole.take_step()
    torch.testing.assert_close(few.descent.latent, whole.descent.latent, atol=1e-3, rtol=1e-3)


def test_another_perceptor_or_precision_is_shown_as_many_as_suit_it():
    painted = Painter(quick(perceptor=large())).recipe
    for change in ({"perceptor": "embedded"}, {"precision": "bf16"}, {"device": "cpu"}):
        assert painted.override(**change).micro_batch is None
    assert painted.override(steps=7).micro_batch == 4
