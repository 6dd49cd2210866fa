from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from doorways.errors import InputError
from doorways.registry import symmetries
from doorways.symmetry import Symmetry, parse_symmetry, register

SPECS = ["mirror", "flip", "half-turn", "shift:2", "shift:3"]


@pytest.fixture(params=SPECS)
def symmetry(request) -> Symmetry:
    return parse_symmetry(request.param)


def picture(height: int = 4, width: int = 6) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


def pixel_centres(height: int, width: int) -> torch.Tensor:
    """The centres of all pixels in heights, row by row."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (torch.stack([columns, rows], dim=-1).reshape(-1, 2) + 0.5) / height


def test_what_stood_at_a_place_stands_at_its_image(symmetry):
    before, after = picture(), symmetry.apply(picture())
    places = pixel_centres(4, 6)
    images = (symmetry.move(places, aspect=1.5) * 4 - 0.5).round().long()
    sources = (places * 4 - 0.5).round().long()
    assert torch.equal(after[0, :, images[:, 1], images[:, 0]], before[0, :, sources[:, 1], sources[:, 0]])
    assert not torch.equal(after, before)


def test_as_many_times_as_it_has_parts_is_the_identity(symmetry):
    parts = getattr(symmetry, "parts", 2)
    image = picture()
    power = torch.eye(3)
    for _ in range(parts):
        image = symmetry.apply(image)
        power = symmetry.matrix(2.0) @ power
    assert torch.equal(image, picture())
    back = power @ torch.tensor([0.3, 0.4, 1.0])
    assert (back[:2] - torch.tensor([0.3, 0.4])).abs().remainder(2.0).max() < 1e-6


def test_the_matrix_maps_the_canvas_onto_itself(symmetry):
    corners = torch.tensor([[0.1, 0.2], [2.9, 0.2], [2.9, 0.8], [0.1, 0.8]])
    moved = symmetry.move(corners, aspect=3.0)
    assert moved[:, 0].min() >= 0
    assert moved[:, 0].max() <= 3
    assert moved[:, 1].min() >= 0
    assert moved[:, 1].max() <= 1


def test_matrices_say_where_each_symmetry_carries_a_place():
    place = torch.tensor([0.5, 0.2, 1.0])
    images = {spec: (parse_symmetry(spec).matrix(3.0) @ place)[:2].tolist() for spec in SPECS}
    assert images["mirror"] == pytest.approx([2.5, 0.2])
    assert images["flip"] == pytest.approx([0.5, 0.8])
    assert images["half-turn"] == pytest.approx([2.5, 0.8])
    assert images["shift:2"] == pytest.approx([2.0, 0.2])
    assert images["shift:3"] == pytest.approx([1.5, 0.2])


def test_distances_vanish_on_the_axis_and_grow_with_twice_the_way_to_it():
    centres = torch.tensor([[1.5, 0.5], [1.5, 0.2], [0.5, 0.5]])
    distances = {spec: parse_symmetry(spec).fixed_distance(centres, 3.0).tolist() for spec in SPECS}
    assert distances["mirror"] == pytest.approx([0, 0, 2])
    assert distances["flip"] == pytest.approx([0, 0.6, 0], abs=1e-6)
    assert distances["half-turn"] == pytest.approx([0, 0.6, 2])
    assert distances["shift:2"] == pytest.approx([1.5, 1.5, 1.5])
    assert distances["shift:3"] == pytest.approx([1, 1, 1])


def test_the_distance_of_a_shift_goes_the_short_way_round():
    centres = torch.tensor([[0.1, 0.5], [2.9, 0.5]], dtype=torch.float64)
    assert parse_symmetry("shift:3").fixed_distance(centres, 3.0).tolist() == pytest.approx([1, 1])
    assert parse_symmetry("shift:3").move(centres, 3.0)[1, 0].item() == pytest.approx(0.9)


def test_a_shift_that_does_not_divide_the_width_moves_by_the_nearest_pixel():
    ramp = torch.arange(8.0).view(1, 1, 1, 8)
    assert parse_symmetry("shift:3").apply(ramp).flatten().tolist() == [5, 6, 7, 0, 1, 2, 3, 4]


def test_gradients_flow_through_the_image_of_a_picture(symmetry):
    leaf = picture().requires_grad_()
    weights = picture().flip(-1) + 1
    (symmetry.apply(leaf) * weights).sum().backward()
    assert sorted(leaf.grad.flatten().tolist()) == sorted(weights.flatten().tolist())


def test_specs_and_names_agree(symmetry):
    assert parse_symmetry(symmetry.name) == symmetry
    assert parse_symmetry("shift").name == "shift:2"
    assert [parse_symmetry(spec).wraps for spec in SPECS] == [False, False, False, True, True]


@pytest.mark.parametrize(
    "spec", ["shift:1", "shift:0", "shift:-2", "shift:x", "shift:2.5", "shift:²", "mirror:2"]
)
def test_a_number_that_makes_no_sense_is_refused(spec):
    with pytest.raises(InputError, match=spec.split(":")[1]):
        parse_symmetry(spec)


@pytest.mark.parametrize("spec", ["", "mirrored", "0.5"])
def test_an_unknown_symmetry_is_answered_with_the_known_ones(spec):
    with pytest.raises(InputError, match=r"flip, half-turn, mirror, shift"):
        parse_symmetry(spec)


@pytest.mark.parametrize("aspect", [0.0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("spec", ["mirror", "shift"])
def test_a_canvas_without_a_width_is_refused(spec, aspect):
    with pytest.raises(InputError, match="aspect"):
        parse_symmetry(spec).matrix(aspect)


def test_registering_again_changes_nothing():
    before = dict(symmetries.things)
    register()
    assert {"mirror", "flip", "half-turn", "shift"} <= set(symmetries.names())
    assert all(symmetries.things[name] is thing for name, thing in before.items())


def test_settings_can_be_read_without_torch():
    code = (
        "import sys, doorways.symmetry, doorways.schedule, doorways.prompts; "
        "assert doorways.prompts.parse_prompts('a | b'); assert 'torch' not in sys.modules"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "thing", ["no function", lambda argument: argument], ids=["text", "another function"]
)
def test_a_plugin_must_bring_a_symmetry(monkeypatch, thing):
    symmetries.names()
    monkeypatch.setitem(symmetries.things, "spiral", thing)
    with pytest.raises(InputError, match=r"a plugin registered .* as symmetry 'spiral'; it must register a"):
        parse_symmetry("spiral:3")
