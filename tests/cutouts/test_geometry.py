"""Cutouts are a value: they can be logged, replayed and mirrored."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
import torch

from doorways.cutouts import Cutouts, CutoutSampler, Distortion, SizeLaw, cut
from doorways.errors import InputError
from doorways.schedule import Schedule
from tests.cutouts.scenes import SYMMETRIES, law, mirror_matrix, noise_picture, rng, shift_matrix


def drawn(*, wraps: bool = False, pairs: bool = True) -> Cutouts:
    matrix = mirror_matrix(2) if pairs else None
    return CutoutSampler(2, law(), count=9).draw(rng(3), symmetry_matrix=matrix, wraps=wraps)


@pytest.mark.parametrize("pairs", [True, False])
def test_logged_cutouts_replay_bit_for_bit(pairs):
    cutouts = drawn(pairs=pairs)
    again = Cutouts.from_dict(json.loads(json.dumps(cutouts.to_dict())))
    for field in fields(Cutouts):
        value, replayed = getattr(cutouts, field.name), getattr(again, field.name)
        if isinstance(value, torch.Tensor):
            assert value.dtype == replayed.dtype
            assert torch.equal(value, replayed)
        else:
            assert value == replayed
    picture = noise_picture(64, 32)
    assert torch.equal(cut(picture, cutouts, 16), cut(picture, again, 16))


def test_replay_names_what_is_missing_or_unknown():
    values = drawn().to_dict()
    values["colours"] = values.pop("colour")
    with pytest.raises(InputError, match="colour, colours"):
        Cutouts.from_dict(values)


@pytest.mark.parametrize("name", ["mirror", "flip", "half-turn"])
def test_mirroring_twice_gives_the_same_cutouts(name):
    cutouts, matrix = drawn(), SYMMETRIES[name][0](2)
    once = cutouts.mirrored(matrix)
    torch.testing.assert_close(once.mirrored(matrix).homography, cutouts.homography)
    assert not torch.allclose(once.homography, cutouts.homography)


def test_mirrored_centres_are_the_images_of_the_centres():
    cutouts = drawn()
    x, y = cutouts.mirrored(mirror_matrix(2)).centre.T
    torch.testing.assert_close(x, 2 - cutouts.centre[:, 0])
    torch.testing.assert_close(y, cutouts.centre[:, 1])


def test_shifted_centres_stay_on_a_canvas_that_wraps():
    cutouts = drawn(wraps=True)
    for _ in range(3):
        shifted = cutouts.mirrored(shift_matrix(2))
        torch.testing.assert_close(shifted.centre[:, 0], (cutouts.centre[:, 0] + 0.5) % 2)
        cutouts = shifted


def test_length_is_the_number_of_cutouts():
    assert len(drawn()) == 9


def test_pieces_that_are_moved_show_the_same_of_a_wider_canvas():
    picture = torch.rand(1, 3, 8, 32, generator=torch.Generator().manual_seed(0))
    sizes = SizeLaw(Schedule.parse(1), Schedule.parse(1), Schedule.parse(1))
    pieces = CutoutSampler(1.0, sizes, count=6, overviews=0, distortion=Distortion.none()).draw(
        torch.Generator().manual_seed(1)
    )
    moved = pieces.moved(torch.tensor(2.0), aspect=4.0)
    torch.testing.assert_close(moved.centre[:, 0], pieces.centre[:, 0] + 2)
    assert (moved.aspect, moved.wraps) == (4.0, False)
    ours, theirs = cut(picture, moved, 4), cut(picture[..., 16:24], pieces, 4)
    torch.testing.assert_close(ours[..., 1:-1], theirs[..., 1:-1], atol=1e-5, rtol=0)
    around = pieces.moved(torch.full((6,), 3.8), aspect=4.0, wraps=True)
    assert ((around.centre[:, 0] >= 0) & (around.centre[:, 0] < 4)).all()
    torch.testing.assert_close(around.centre[:, 0], (pieces.centre[:, 0] + 3.8) % 4)


def test_joined_pieces_keep_their_order_and_their_pairs():
    sizes = SizeLaw(Schedule.parse(1), Schedule.parse(1), Schedule.parse(1))
    sampler, numbers = CutoutSampler(2.0, sizes, count=5, overviews=1), torch.Generator().manual_seed(1)
    mirror = torch.tensor([[-1.0, 0, 2], [0, 1, 0], [0, 0, 1]])
    one, other = (sampler.draw(numbers, symmetry_matrix=mirror) for _ in range(2))
    both = one.joined(other)
    assert len(both) == 10
    assert both.pairs.tolist() == [[0, 2], [1, 3], [5, 7], [6, 8]]
    assert torch.equal(both.centre, torch.cat([one.centre, other.centre]))
    assert both.overview.tolist() == one.overview.tolist() + other.overview.tolist()
