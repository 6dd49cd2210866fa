from __future__ import annotations

import pytest
import torch

from doorways.errors import InputError
from doorways.objectives import smoothness


def ramp(height: int, width: int) -> torch.Tensor:
    """From 0 to 1 down the height."""
    rows = torch.arange(height, dtype=torch.float64) / height
    return rows.view(1, 1, -1, 1).expand(1, 3, height, width)


def noise(height: int = 6, width: int = 8) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_a_flat_picture_costs_nothing():
    assert smoothness(torch.full((1, 3, 4, 6), 0.7)).item() == 0


@pytest.mark.parametrize("size", [(10, 10), (100, 30), (300, 600)])
def test_a_ramp_costs_the_same_at_every_resolution(size):
    assert smoothness(ramp(*size)).item() == pytest.approx(1e-4)


def test_both_directions_add():
    both = ramp(50, 50) / 2 + ramp(50, 50).mT / 2
    assert smoothness(both).item() == pytest.approx(2 * 1e-4 / 4)


def test_gradcheck():
    assert torch.autograd.gradcheck(smoothness, noise().requires_grad_())


def test_descent_irons_out_the_grain():
    picture = noise(16, 16).requires_grad_()
    before = smoothness(picture).item()
    optimiser = torch.optim.Adam([picture], lr=0.02)
    for _ in range(60):
        optimiser.zero_grad()
        smoothness(picture).backward()
        optimiser.step()
    assert smoothness(picture).item() < 0.05 * before


@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 3, 1, 4), (1, 3, 4, 1)])
def test_what_has_no_neighbours_is_refused(shape):
    with pytest.raises(InputError, match="H and W of 2 or more"):
        smoothness(torch.zeros(shape))
