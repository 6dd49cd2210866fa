"""The canvas of one size: its parts fit the recipe, and its mask and its hold do what they say."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from doorways.canvas import Canvas
from doorways.errors import InputError
from doorways.generators import load_generator
from doorways.pictures import to_image
from doorways.prompts import parse_prompts
from doorways.start import Start
from tests import tiny
from tests.recipes import quick

GENERATOR = load_generator("fourier")


def canvas(**settings):
    """The canvas of a quick recipe at its whole size."""
    recipe = quick(**settings)
    prompts = parse_prompts(recipe.prompts)
    return Canvas.stretch(recipe.size, recipe, prompts, Start.read(recipe), GENERATOR, torch.device("cpu"))


@pytest.fixture
def start(tmp_path):
    path = tmp_path / "start.png"
    to_image(tiny.picture(48, 24, seed=4)).save(path)
    return path


def test_the_recipe_says_how_it_is_cut():
    settings = {
        "cutouts": 9,
        "overviews": 3,
        "border": "wrap",
        "rotation": 12,
        "colour": 0.3,
        "small": 1,
        "large": 0,
    }
    sampler = canvas(**settings).sampler
    assert (sampler.count, sampler.overviews, sampler.border, sampler.aspect) == (9, 3, "wrap", 2.0)
    assert (sampler.distortion.rotation, sampler.distortion.colour) == (12, 0.3)
    assert sampler.sizes.largest() == 0.75, "medium pieces are the largest now"


def test_the_recipe_says_where_the_prompts_stand():
    field = canvas(blend="plateau", transition=0.1, size_range=(0.2, 0.5)).field
    centres = torch.tensor([[0.25, 0.5], [0.9, 0.5], [1.0, 0.5], [1.75, 0.5]])
    assert field.shares(centres)[:, 0].tolist() == pytest.approx([1, 1, 0.5, 0])
    assert field.sites[0].place.x == 0.125, "half the largest piece from the edge"


def test_around_the_back_the_last_prompt_gives_way_to_the_first():
    edges = torch.tensor([[0.0, 0.5], [2.0, 0.5]])
    assert canvas(wrap=True).field.shares(edges).flatten().tolist() == pytest.approx([0.5] * 4)
    assert canvas().field.shares(edges).flatten().tolist() == pytest.approx([1, 0, 0, 1])


def test_it_is_too_narrow_for_many_prompts():
    with pytest.raises(InputError, match=r"8 prompts on a canvas 2\.00 times as wide as high"):
        canvas(prompts="a | b | c | d | e | f | g | h")


def test_the_mask_lets_through_what_is_white(start, tmp_path):
    mask = Image.new("L", (48, 24), 0)
    mask.paste(255, (30, 0, 48, 24))
    mask.putpixel((0, 0), 51)
    mask.save(tmp_path / "mask.png")
    masked = canvas(init_image=start, mask=tmp_path / "mask.png")
    painted = torch.full((1, 3, 24, 48), 0.7)
    result = masked.masked(painted)
    assert torch.equal(result[..., 30:], painted[..., 30:])
    assert torch.equal(result[..., 1:30], masked.beneath[..., 1:30])
    expected = 0.2 * 0.7 + 0.8 * masked.beneath[..., 0, 0]
    assert torch.allclose(result[..., 0, 0], expected)


def test_without_a_mask_all_of_it_is_painted(start):
    painted = torch.full((1, 3, 24, 48), 0.7)
    assert canvas(init_image=start).masked(painted) is painted
    assert canvas().masked(painted) is painted


def test_drift_is_the_squared_distance_to_the_start(start):
    held = canvas(init_image=start, hold=0.1)
    assert torch.equal(held.held, GENERATOR.encode(held.beneath))
    assert held.drift(held.held) == 0
    assert held.drift(held.held + 0.5) == pytest.approx(0.25)


def test_nothing_is_held_unless_asked_for(start):
    assert canvas(init_image=start).held is None
    assert canvas(init_image=start).drift(torch.ones(3)) == 0
    assert canvas().beneath is None
