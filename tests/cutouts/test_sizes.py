"""Sizes follow the recipe's law, and the law may change over the run."""

from __future__ import annotations

import pytest
import torch

from doorways.errors import InputError
from tests.cutouts.scenes import fixed, law, rng


def sizes(of, progress=0.0, count=20_000):
    which, where = torch.rand(2, count, generator=rng(), dtype=torch.float64)
    return of.draw(which, where, progress)


@pytest.mark.parametrize(
    ("weights", "low", "high"), [((1, 0, 0), 0.75, 1.0), ((0, 2, 0), 0.45, 0.75), ((0, 0, 0.1), 0.2, 0.45)]
)
def test_each_class_fills_its_range(weights, low, high):
    drawn = sizes(law(*weights))
    assert low <= drawn.min() < low + 0.01
    assert high - 0.01 < drawn.max() <= high
    assert abs(drawn.mean() - (low + high) / 2) < 0.005


def test_classes_come_as_often_as_their_weights_say():
    drawn = sizes(law(6, 3, 1))
    shares = torch.stack([drawn >= 0.75, (drawn >= 0.45) & (drawn < 0.75), drawn < 0.45]).double().mean(1)
    torch.testing.assert_close(shares, torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64), atol=0.015, rtol=0)


def test_weights_may_change_over_the_run():
    changing = law("1 -> 0", 0, "0 -> 1")
    assert (sizes(changing, 0.0) >= 0.75).all()
    assert abs((sizes(changing, 0.25) >= 0.75).double().mean() - 0.75) < 0.015
    assert (sizes(changing, 1.0) <= 0.45).all()


def test_a_range_is_log_uniform():
    drawn = sizes(law().__class__(*[None] * 3, size_range=(0.25, 1.0)))
    assert 0.25 <= drawn.min() < 0.26
    assert 0.99 < drawn.max() <= 1
    assert abs((drawn < 0.5).double().mean() - 0.5) < 0.015


def test_the_largest_size_is_that_of_the_largest_class_in_use():
    assert law("1 -> 0", 0.5, 0).largest() == 1.0
    assert law("0 -> 1", 0.5, 0).largest() == 1.0, "at the end"
    assert law("0: 0, 0.4: 0, 0.5: 1, 0.6: 0, 1: 0", 0.5, 0).largest() == 1.0, "in the middle"
    assert law(0, "0.5 -> 0", 1).largest() == 0.75
    assert fixed(0.4).largest() == 0.4


@pytest.mark.parametrize("size_range", [(0.0, 1.0), (0.5, 0.4), (0.5, 1.2), (float("nan"), 1.0)])
def test_a_range_must_lie_in_the_canvas(size_range):
    with pytest.raises(InputError, match="size_range"):
        law().__class__(*[None] * 3, size_range=size_range)


@pytest.mark.parametrize(
    ("weights", "message"),
    [((0, 0, 0), "all 0"), ((1, -0.5, 0), "medium -0.5"), (("1 -> -1", 1, 1), "large -1")],
)
def test_weights_that_cannot_be_shares_are_refused(weights, message):
    with pytest.raises(InputError, match=message):
        sizes(law(*weights), progress=1.0)
