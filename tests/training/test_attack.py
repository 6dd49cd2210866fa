"""The attack stays in its ball, and finds what is worse."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from training.attack import RADIUS_PER_VALUE, attack, norm, radius_of


@pytest.fixture
def setting():
    rng = torch.Generator().manual_seed(0)
    pictures = torch.rand(6, 3, 16, 16, generator=rng)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.SiLU(), nn.Flatten(), nn.LazyLinear(5))
    labels = model(pictures).argmin(1)
    return pictures, lambda seen: F.cross_entropy(10 * model(seen), labels), rng


def test_each_picture_stays_in_its_ball(setting):
    pictures, loss, rng = setting
    moved = attack(loss, pictures, 0.5, 5, rng) - pictures
    assert (norm(moved) <= 0.5 * (1 + 1e-4)).all()
    assert (norm(moved) > 0.4).all(), "the loss still rises at the surface"


def test_the_loss_rises_more_than_by_chance(setting):
    pictures, loss, rng = setting
    noise = torch.randn(pictures.shape, generator=rng)
    by_chance = loss(pictures + 0.5 * noise / norm(noise)) - loss(pictures)
    found = loss(attack(loss, pictures, 0.5, 5, rng)) - loss(pictures)
    assert found > 0.01
    assert found > 3 * by_chance.abs()


def test_no_radius_is_no_attack(setting):
    pictures, loss, rng = setting
    assert torch.equal(attack(loss, pictures, 0.0, 5, rng), pictures)


def test_the_same_seed_finds_the_same(setting):
    pictures, loss, _ = setting
    first, second = (attack(loss, pictures, 0.5, 2, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(first, second)


def test_the_radius_is_that_of_each_value_and_grows_with_the_side():
    assert radius_of(32) == pytest.approx(0.8, abs=0.005)
    surface = torch.full((1, 3, 48, 48), RADIUS_PER_VALUE)
    assert radius_of(48) == pytest.approx(float(norm(surface)), rel=1e-5)
    assert radius_of(48, 1.5) == pytest.approx(1.5 * radius_of(48))
