"""Codes are the corners of a cube: cells are snapped to the nearest, and learn to use them all alike."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from training.codebook import TURNED, corners, disturbed, imbalance, snap


@pytest.fixture
def hidden():
    """Cells [4, 6, 8, 8] of any length and direction."""
    return 3 * torch.randn(4, 6, 8, 8, generator=torch.Generator().manual_seed(0))


def test_corners_are_all_there_and_unit_vectors():
    codes = corners(6)
    assert codes.shape == (64, 6)
    assert len(codes.unique(dim=0)) == 64
    torch.testing.assert_close(codes.norm(dim=1), torch.ones(64))


def test_it_snaps_to_the_code_of_the_smallest_angle_and_passes_the_gradient(hidden):
    hidden.requires_grad_(True)
    codes, commitment = snap(hidden)
    cells = F.normalize(hidden.detach().movedim(1, -1).reshape(-1, 6), dim=-1)
    nearest = corners(6)[(cells @ corners(6).T).argmax(1)]
    torch.testing.assert_close(codes.movedim(1, -1).reshape(-1, 6), nearest)
    (codes * torch.randn(codes.shape)).sum().backward()
    assert hidden.grad.abs().amax() > 0
    assert 0 < commitment < 2


def test_cells_at_the_corners_are_committed():
    codes, commitment = snap(5 * corners(6).T.view(1, 6, 8, 8))
    torch.testing.assert_close(codes[0].flatten(1).T, corners(6))
    assert commitment < 1e-6


def test_signs_are_out_of_balance_where_they_go_together_or_never_change(hidden):
    alone = hidden.sign() + 0.1 * hidden
    together, still = alone.clone(), alone.clone()
    together[:, 1] = together[:, 0]
    still[:, 1] = 1.0
    assert imbalance(alone) < 0.02
    assert imbalance(together) > imbalance(alone) + 0.01
    assert imbalance(still) > imbalance(alone) + 0.01


def test_descending_the_imbalance_brings_all_codes_into_use(hidden):
    alike = (hidden.abs() + 0.2 * hidden).requires_grad_(True)
    begun = len(used(alike))
    optimiser = torch.optim.Adam([alike], lr=0.05)
    for _ in range(300):
        loss = imbalance(alike)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert begun < 20
    assert len(used(alike)) > 55


def test_some_signs_are_turned_and_tell_the_cells_nothing():
    codes = corners(6).T.reshape(1, 6, 8, 8).repeat(200, 1, 1, 1).requires_grad_(True)
    turned = disturbed(codes, torch.Generator().manual_seed(0))
    shares = (turned != codes).float().mean((1, 2, 3))
    assert abs(shares.mean() - TURNED / 2) < 0.01
    assert shares.max() > 1.5 * shares.mean()
    torch.testing.assert_close(turned.abs(), codes.abs())
    turned.sum().backward()
    assert torch.equal(codes.grad == 0, turned != codes)


def used(hidden):
    """The codes that some cell is snapped to."""
    return snap(hidden.detach())[0].movedim(1, -1).reshape(-1, hidden.shape[1]).sign().unique(dim=0)
