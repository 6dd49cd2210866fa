"""Distortions stay within what was asked for, and none means none."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from doorways.cutouts import Distortion
from doorways.cutouts.distortion import DRAWS
from doorways.errors import InputError
from tests.cutouts.scenes import rng

UNIFORM = torch.rand(5_000, DRAWS, generator=rng(), dtype=torch.float64)
NONE = Distortion.none()


def test_none_leaves_pieces_as_they_are():
    colour, blur, noise = NONE.tint(UNIFORM)
    assert torch.equal(NONE.bend(UNIFORM), torch.eye(3, dtype=torch.float64).expand(5_000, 3, 3))
    torch.testing.assert_close(colour, torch.eye(3, 4, dtype=torch.float64).expand(5_000, 3, 4))
    assert blur.count_nonzero() == noise.count_nonzero() == 0


def test_bending_keeps_the_middle_and_never_flips():
    bent = replace(Distortion(), rotation=60, shear=0.5, perspective=0.3).bend(UNIFORM)
    assert bent[:, :2, 2].count_nonzero() == 0
    assert (bent[:, 2, 2] == 1).all()
    assert (bent.det() > 0).all()


def test_rotation_fills_its_range_in_both_directions():
    bent = replace(NONE, rotation=20).bend(UNIFORM)
    angle = torch.atan2(bent[:, 1, 0], bent[:, 0, 0]).rad2deg()
    assert -20 <= angle.min() < -19.8
    assert 19.8 < angle.max() <= 20
    torch.testing.assert_close(bent[:, :2, :2].det(), torch.ones(5_000, dtype=torch.float64))


def test_shear_moves_the_lower_edge_sideways():
    bent = replace(NONE, shear=0.3).bend(UNIFORM)
    lower = (bent @ torch.tensor([0.0, 1, 1], dtype=torch.float64))[:, :2]
    assert 0.29 < lower[:, 0].abs().max() <= 0.3
    assert (lower[:, 1] == 1).all()


def test_perspective_brings_edges_nearer_or_farther():
    bent = replace(NONE, perspective=0.2).bend(UNIFORM)
    right = bent @ torch.tensor([1.0, 0, 1], dtype=torch.float64)
    reach = right[:, 0] / right[:, 2]
    assert 1 / 1.2 <= reach.min() < 0.84
    assert 1.24 < reach.max() <= 1 / 0.8


def test_tints_stay_mild_and_turn_no_hue():
    colour, blur, noise = replace(NONE, colour=0.1, blur=0.02, noise=0.05).tint(UNIFORM)
    grey = colour[:, :, :3].sum(2) * 0.5 + colour[:, :, 3]
    torch.testing.assert_close(grey, grey[:, :1].expand(-1, 3))
    assert 0.045 < (grey - 0.5).abs().max() <= 0.05
    red = colour[:, :, 0] + colour[:, :, 3]
    assert (red[:, 0] > red[:, 1]).all()
    assert 0 <= blur.min() < 0.001 < 0.019 < blur.max() <= 0.02
    assert 0 <= noise.min() < 0.001 < 0.049 < noise.max() <= 0.05


@pytest.mark.parametrize(
    "setting",
    [{"rotation": 190}, {"shear": -0.1}, {"perspective": 0.6}, {"noise": float("nan")}, {"blur": 1}],
)
def test_settings_out_of_range_are_refused_by_name(setting):
    (name,) = setting
    with pytest.raises(InputError, match=rf"{name} .*use .* or 0"):
        Distortion(**setting)
