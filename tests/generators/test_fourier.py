"""Fourier pixels: the spectrum is the picture, at every resolution."""

from __future__ import annotations

import pytest
import torch

from doorways import InputError, load_generator
from doorways.generators import Generator
from tests import tiny


@pytest.fixture
def generator() -> Generator:
    return load_generator("fourier")


@pytest.mark.parametrize("size", [(16, 16), (40, 24), (24, 64)])
def test_encoding_a_picture_and_decoding_it_gives_it_back(
    generator: Generator, size: tuple[int, int]
) -> None:
    picture = tiny.picture(*size) * 0.98 + 0.01
    latent = generator.encode(picture)
    assert latent.shape == (1, 3, 2, size[1], size[0] // 2 + 1)
    torch.testing.assert_close(generator.decode(latent), picture, atol=1e-5, rtol=0)


def test_a_random_spectrum_is_soft_and_near_grey(generator: Generator) -> None:
    decoded = generator.decode(generator.random_latent(128, 64, torch.Generator().manual_seed(0)))
    assert decoded.mean().item() == pytest.approx(0.5, abs=0.1)
    assert 0.01 < decoded.std() < 0.2
    assert decoded.diff(dim=-1).abs().mean() < 0.7 * decoded.std()


@pytest.mark.parametrize("size", [(80, 48), (60, 36), (120, 72)])
def test_a_grown_spectrum_shows_the_same_picture_finer(generator: Generator, size: tuple[int, int]) -> None:
    coarse = generator.random_latent(32, 18, torch.Generator().manual_seed(2))
    latent = generator.resize(coarse, 40, 24)
    grown = generator.resize(latent, *size)
    small, large = generator.decode(latent).logit(), generator.decode(grown).logit()
    if size == (80, 48):
        torch.testing.assert_close(large[..., ::2, ::2], small, atol=1e-5, rtol=0)
    torch.testing.assert_close(large.mean((2, 3)), small.mean((2, 3)), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        large.var((2, 3), correction=0), small.var((2, 3), correction=0), atol=1e-5, rtol=0
    )
    back = generator.resize(grown, 40, 24)
    torch.testing.assert_close(generator.decode(back), generator.decode(latent), atol=1e-5, rtol=0)


def test_descent_paints_a_target(generator: Generator) -> None:
    target = tiny.picture(32, 16, seed=5)
    latent = generator.random_latent(32, 16, torch.Generator().manual_seed(0)).requires_grad_()
    optimiser = torch.optim.Adam([latent], lr=generator.learning_rate)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = (generator.decode(latent) - target).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_odd_sizes_are_refused(generator: Generator) -> None:
    with pytest.raises(InputError, match="41x24: width must be a multiple of 2"):
        generator.random_latent(41, 24, torch.Generator())
