"""Blur, colours and noise do to each piece what its cutout says."""

from __future__ import annotations

from dataclasses import replace

import torch

from doorways.cutouts.appearance import tinted
from tests.cutouts.scenes import mirror_matrix, noise_picture, plain, rng

SIZE = 24


def pieces_and_cutouts(count=6, **looks):
    cutouts = plain(2.0, count=count, overviews=0).draw(rng(), symmetry_matrix=mirror_matrix(2.0))
    pieces = noise_picture(SIZE, SIZE * count, dtype=torch.float64).view(3, count, SIZE, SIZE).transpose(0, 1)
    looks = {name: torch.as_tensor(value, dtype=torch.float64) for name, value in looks.items()}
    return pieces, replace(cutouts, **looks)


def test_without_tints_pieces_stay_as_they_are():
    pieces, cutouts = pieces_and_cutouts()
    torch.testing.assert_close(tinted(pieces, cutouts), pieces)


def test_blur_is_gaussian_with_the_cutout_s_own_width():
    _, cutouts = pieces_and_cutouts(blur=[0, 0, 0, 0.05, 0.1, 0.001])
    dot = torch.zeros(6, 3, SIZE + 1, SIZE + 1, dtype=torch.float64)
    dot[:, :, 12, 12] = 1
    blurred = tinted(dot, cutouts)
    steps = torch.arange(SIZE + 1) - 12.0
    variance = (blurred[:, 0].sum(1) * steps**2).sum(1) / blurred[:, 0].sum((1, 2))
    expected = (cutouts.blur * (SIZE + 1)) ** 2
    torch.testing.assert_close(variance[[0, 1, 2, 3, 4]], expected[[0, 1, 2, 3, 4]], atol=1e-3, rtol=1e-2)
    torch.testing.assert_close(blurred[[0, 1, 2, 5]], dot[[0, 1, 2, 5]])


def test_blur_keeps_flat_pieces_flat_up_to_their_edge():
    _, cutouts = pieces_and_cutouts(blur=[0.1] * 6)
    flat = torch.full((6, 3, SIZE, SIZE), 0.3)
    torch.testing.assert_close(tinted(flat, cutouts), flat)


def test_colours_go_through_each_cutout_s_own_matrix():
    generator = rng(1)
    colour = torch.rand(6, 3, 4, generator=generator, dtype=torch.float64)
    pieces, cutouts = pieces_and_cutouts(colour=colour)
    with_one = torch.cat([pieces, torch.ones(6, 1, SIZE, SIZE, dtype=torch.float64)], 1)
    torch.testing.assert_close(tinted(pieces, cutouts), torch.einsum("nij,njab->niab", colour, with_one))


def test_noise_has_its_strength_and_pairs_share_it():
    strength = [0.1, 0.05, 0, 0.1, 0.05, 0]
    pieces, cutouts = pieces_and_cutouts(noise=strength)
    noise = tinted(pieces, cutouts) - pieces
    torch.testing.assert_close(
        noise.std((1, 2, 3)), torch.tensor(strength, dtype=torch.float64), rtol=0.1, atol=1e-9
    )
    assert noise.mean((1, 2, 3)).abs().max() < 0.01
    first, second = cutouts.pairs.T
    torch.testing.assert_close(noise[first], noise[second])
    assert not torch.allclose(noise[0] * 0.5, noise[1], atol=0.01)


def test_noise_repeats_with_its_seed_and_leaves_the_global_generator_alone():
    pieces, cutouts = pieces_and_cutouts(noise=[0.1] * 6)
    state = torch.get_rng_state()
    assert torch.equal(tinted(pieces, cutouts), tinted(pieces, cutouts))
    other = tinted(pieces, replace(cutouts, noise_seed=cutouts.noise_seed + 1))
    assert not torch.allclose(other, tinted(pieces, cutouts), atol=0.01)
    assert torch.equal(torch.get_rng_state(), state)
