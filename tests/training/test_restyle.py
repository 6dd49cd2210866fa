"""A drawing in another style is still a drawing, of the same thing, and another one each time."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from training import restyle


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def discs():
    """64 times the same disc, red, premultiplied."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 24), torch.linspace(-1, 1, 24), indexing="ij")
    alpha = (x**2 + y**2 < 0.5).float()
    return torch.stack([0.9 * alpha, 0.2 * alpha, 0.2 * alpha, alpha]).expand(64, -1, -1, -1)


def test_colours_stay_within_alpha_and_shapes_where_they_are(discs):
    made = restyle.restyled(discs, seeded())
    assert made.shape == discs.shape
    assert made.min() >= 0
    assert (made[:, :3] <= made[:, 3:] + 1e-6).all()
    grown = F.max_pool2d(discs[:, 3:], 5, 1, 2)  # coarser, and ink around it: two pixels
    assert (made[:, 3:] <= grown + 1e-6).all()
    assert (made[:, 3, 12, 12] == 1).all()


def test_each_drawing_gets_a_style_of_its_own_and_the_seed_says_which(discs):
    made = restyle.restyled(discs, seeded(1))
    assert len({one.numpy().tobytes() for one in made}) == 64
    assert torch.equal(made, restyle.restyled(discs, seeded(1)))
    assert not torch.equal(made, restyle.restyled(discs, seeded(2)))


def test_most_keep_their_hue(discs):
    red, green, blue = restyle.restyled(discs, seeded())[:, :3, 12, 12].T
    assert ((red > green) & (red > blue)).float().mean() > 0.7


def test_ink_darkens_the_rim_and_not_the_middle(discs):
    made = restyle.inked(discs, seeded())
    rim = (F.max_pool2d(discs[:, 3:], 3, 1, 1) > discs[:, 3:])[:, 0]
    assert (made[:, 3][rim] == 1).all()
    assert (made[:, :3].amax(1)[rim] == 0).all()
    assert torch.equal(made[:, :, 12, 12], discs[:, :, 12, 12])


def test_black_drawings_are_tinted_and_a_third_stays_dark(discs):
    black = torch.cat([torch.zeros_like(discs[:, :3]), discs[:, 3:]], 1)
    brightest = restyle.tinted(black, seeded())[:, :3, 12, 12].amax(1)
    assert 0.1 < (brightest <= 0.1).float().mean() < 0.6
    assert brightest.max() > 0.8


def test_turns_of_hue_keep_grey_as_it_is():
    grey = torch.einsum("nij,j->ni", restyle.hue_turns(32, seeded()), torch.full((3,), 0.4))
    assert torch.allclose(grey, torch.full((32, 3), 0.4), atol=1e-6)


def test_waves_bend_by_a_few_per_cent():
    still = F.affine_grid(torch.eye(2, 3).expand(16, -1, -1), [16, 4, 32, 32], align_corners=False)
    moved = restyle.bent(still, seeded()) - still
    assert 0.02 < moved.std() < 0.08
    assert (moved[:, 1:] - moved[:, :-1]).abs().max() < 0.1, "neighbours stay together"
