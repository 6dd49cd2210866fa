"""The codebook moves to where the cells are."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from training.codebook import Codebook


@pytest.fixture
def hidden():
    """Cells [4, 3, 8, 8] around six directions, of any length."""
    rng = torch.Generator().manual_seed(0)
    directions = F.normalize(torch.randn(6, 3, generator=rng), dim=-1)
    cells = directions[torch.randint(6, (256,), generator=rng)] + 0.05 * torch.randn(256, 3, generator=rng)
    lengths = 0.5 + torch.rand(256, 1, generator=rng)
    return (cells * lengths).view(4, 8, 8, 3).movedim(-1, 1)


@pytest.fixture
def codebook():
    torch.manual_seed(1)
    return Codebook(codes=12, width=3)


def test_it_comes_to_stand_for_the_cells(codebook, hidden):
    rng = torch.Generator().manual_seed(0)
    _, before, _ = codebook(hidden)
    for _ in range(200):
        codebook(hidden, rng)
    _, after, places = codebook(hidden)
    assert after < 0.02
    assert after < before / 4
    assert len(places.unique()) >= 6, "each direction has a code of its own"
    assert torch.allclose(codebook.codes.norm(dim=-1), torch.ones(12), atol=1e-5)


def test_it_begins_with_the_codes_of_another(codebook, hidden):
    rng = torch.Generator().manual_seed(0)
    for _ in range(50):
        codebook(hidden, rng)
    other = Codebook(codes=12, width=3)
    other.begin(codebook.codes)
    assert torch.equal(other(hidden)[0], codebook(hidden)[0])
    other(hidden, rng)
    assert F.cosine_similarity(other.codes, codebook.codes).median() > 0.99


def test_dead_codes_move_to_where_they_are_needed(codebook, hidden):
    codebook.codes[3:] = F.normalize(-hidden.movedim(1, -1).reshape(-1, 3).mean(0), dim=-1)
    codebook.counts[3:] = 0.0
    rng = torch.Generator().manual_seed(0)
    for _ in range(2):
        codebook(hidden, rng)
    cells = F.normalize(hidden.movedim(1, -1).reshape(-1, 3), dim=-1)
    assert (codebook.codes[3:] @ cells.T).amax(1).min() > 0.9


def test_it_snaps_to_the_code_of_the_smallest_angle_and_passes_the_gradient(codebook, hidden):
    hidden.requires_grad_(True)
    codes, commitment, places = codebook(hidden)
    cells = F.normalize(hidden.detach().movedim(1, -1).reshape(-1, 3), dim=-1)
    nearest = (cells[:, None] - codebook.codes).square().sum(-1).argmin(1)
    assert torch.equal(places, nearest)
    assert torch.allclose(codes.movedim(1, -1).reshape(-1, 3), codebook.codes[nearest], atol=1e-6)
    (codes.square().sum() + (codes * torch.randn(codes.shape)).sum()).backward()
    assert hidden.grad.abs().amax() > 0
    assert 0 < commitment < 4


def test_it_learns_nothing_unless_it_is_asked_to(codebook, hidden):
    before = codebook.codes.clone()
    codebook(hidden)
    assert torch.equal(codebook.codes, before)
