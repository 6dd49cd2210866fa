"""The forecast: what a large step takes, told from small ones, against the meter's own count of the large one."""

from __future__ import annotations

import pytest
import torch

from doorways.ensemble import Ensemble
from doorways.memory import Forecast, Meter, forecast
from doorways.memory.forecast import ALLOCATOR, Rates, bound, smaller, step_pixels
from doorways.painter import Painter
from doorways.prompts import parse_prompts
from tests.recipes import clip, quick, vqgan

CPU = torch.device("cpu")


def painter(**settings) -> Painter:
    recipe = quick(
        **({"generator": vqgan(), "size": "192x96", "start_size": "192x96", "cutouts": 24} | settings)
    )
    return Painter(recipe, ensemble=Ensemble.open(recipe, parse_prompts(recipe.prompts)))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"cutouts": 96},
        {"cutouts": 96, "micro_batch": 8},
        {"recompute": True},
        {"semantic_symmetry": 0.3, "tone_symmetry": 0.1},
        {"perceptor": [clip(), clip(1, 32)]},
        {"perceptor": ["embedded", "embedded-judge"], "cutouts": 48},
        {"perceptor": ["embedded", "embedded-judge"], "cutouts": 48, "micro_batch": 8},
        {"size": "96x192", "start_size": "96x192"},
        {"generator": "fourier"},
    ],
)
def test_it_tells_what_a_large_step_takes(settings):
    ours = painter(**settings)
    meter = Meter(CPU, "look")
    ours.rehearse(ours.recipe, meter)
    ahead = forecast(ours.recipe, ours.generator, ours.rehearse, CPU)
    count = ours.recipe.cutouts
    told = ahead.need(step_pixels(ours.recipe), count, ours.recipe.micro_batch or count)
    factor, more = ALLOCATOR["cpu"]
    assert told == pytest.approx(factor * max(meter.peaks.values()) + more, rel=0.1)
    assert bound(ours.recipe, ours.generator, ours.rehearse, CPU) >= 0.95 * told


def test_micro_batches_and_recomputation_take_less():
    def peak(**settings):
        ours = painter(**settings)
        meter = Meter(CPU, "look")
        ours.rehearse(ours.recipe, meter)
        return meter.peaks

    many = {"cutouts": 256, "perceptor": "embedded", "size": "48x24", "start_size": "48x24"}
    assert peak(**many, micro_batch=8)["see"] < 0.8 * peak(**many)["see"]
    assert peak(recompute=True)["look"] < 0.8 * peak()["look"]


def test_the_peak_is_that_of_the_phase_which_takes_most():
    look = Rates(0, 10, 0)
    ahead = Forecast(
        whole={"look": look, "see": Rates(100, 0, 6)},
        split={"look": look, "see": Rates(100, 0, 1, 5)},
        device="mps",
    )
    assert ahead.need(1000, 1, 1) == 11_000
    assert ahead.need(1, 100, 50) == round(1.1 * (100 + 100 + 250))
    assert ahead.need(1, 100, 1000) == round(1.1 * (100 + 600)), "no more at once than there are"


def test_trials_are_small_and_keep_the_shape():
    assert smaller(quick(size="768x384"), 0.5, 8) == (384, 192)
    assert smaller(quick(size="16384x512", window=2048), 0.5, 8) == (2904, 88)
    for size in ("360x240", "1152x768", "1536x1024", "384x256", "240x360"):
        for part in (0.5, 0.35):
            assert smaller(quick(size=size), part, 8).aspect >= quick(size=size).size.aspect, (
                "room for its prompts"
            )
    assert smaller(quick(size="24x12"), 0.5, 4) == (24, 12), "too few cells to take any away"


def test_a_rehearsal_changes_nothing():
    ours, other = (
        painter(remove_mean=True, semantic_symmetry=0.3),
        painter(remove_mean=True, semantic_symmetry=0.3),
    )
    forecast(ours.recipe, ours.generator, ours.rehearse, CPU)
    assert ours.take_step() == other.take_step()
    assert torch.equal(ours.descent.latent, other.descent.latent)
    assert [eye.seen for eye in ours.eyes] == [1]
