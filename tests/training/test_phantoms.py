"""Phantoms are what a network takes for a thing on an empty ground."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from training.attack import norm, radius_of
from training.phantoms import FARTHEST, GRAIN, grounds, phantoms
from training.scenes import Scenes


@pytest.fixture
def eye():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.SiLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(128, 6)
    )
    return lambda pictures: F.normalize(network(pictures), dim=-1)


def test_grounds_are_empty_and_some_are_white(world):
    pictures = grounds(Scenes("trained", folder=world), 200, 16, torch.Generator().manual_seed(0))
    assert pictures.shape == (200, 3, 16, 16)
    assert 20 < (pictures == 1).flatten(1).all(1).sum() < 60
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    across = pictures.diff(dim=3).flatten(1).std(1)
    assert (across < 1e-2).all(), "plain scenery and gradients: nothing has an outline"


def test_a_phantom_looks_more_like_a_name_than_its_ground_does(eye):
    rng = torch.Generator().manual_seed(0)
    plain = torch.rand(40, 3, 16, 16, generator=rng) * 0.6 + 0.2
    name = F.normalize(torch.randn(1, 6, generator=rng), dim=-1)
    found = phantoms(eye, plain, name, rng)
    told = [(eye(pictures) * name).sum(1) for pictures in (plain, found)]
    assert (told[1] > told[0]).float().mean() > 0.9
    assert not found.requires_grad
    assert found.min() >= 0
    assert found.max() <= 1


def test_each_goes_as_far_as_its_own_ball(eye):
    rng = torch.Generator().manual_seed(0)
    plain, names = torch.full((200, 3, 16, 16), 0.5), F.normalize(torch.randn(4, 6, generator=rng), dim=-1)
    for share in (1.0, 0.3):
        away = norm(phantoms(eye, plain, names, rng, share=share) - plain).flatten()
        largest = radius_of(16, FARTHEST * share)
        assert away.max() <= largest * 1.001
        assert away.max() > 0.9 * largest
        assert away.min() < 0.1 * largest
    assert radius_of(16, FARTHEST) > GRAIN * (3 * 16**2) ** 0.5, "noise alone does not go so far"
