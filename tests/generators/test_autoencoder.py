"""Autoencoders without a codebook compute what diffusers computes, on latents of unit variance."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from doorways import load_generator
from doorways.generators.autoencoder import Autoencoder
from tests import tiny

SIZES = [(16, 16), (40, 24)]


def load(model: torch.nn.Module, folder: Path) -> Autoencoder:
    generator = load_generator(str(tiny.save(model, folder)))
    assert isinstance(generator, Autoencoder)
    return generator


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("changes", [{}, {"shift_factor": 0.25}, {"use_quant_conv": False}], ids=str)
def test_a_kl_autoencoder(tmp_path: Path, changes: dict, size: tuple[int, int]) -> None:
    model = tiny.autoencoder_kl(**changes)
    generator, picture = load(model, tmp_path), tiny.picture(*size)
    with torch.no_grad():
        mean = model.encode(picture * 2 - 1).latent_dist.mean
        expected = (model.decode(mean).sample + 1) / 2
    latent = generator.encode(picture)
    torch.testing.assert_close(latent, (mean - changes.get("shift_factor", 0)) * 0.5, atol=1e-5, rtol=0)
    torch.testing.assert_close(generator.decode(latent), expected.clamp(0, 1), atol=1e-5, rtol=0)
    assert (generator.factor, generator.largest) == (2, 4.5)


@pytest.mark.parametrize("size", SIZES)
def test_a_tiny_autoencoder(tmp_path: Path, size: tuple[int, int]) -> None:
    model = tiny.autoencoder_tiny()
    generator, picture = load(model, tmp_path), tiny.picture(*size)
    with torch.no_grad():
        expected = model.encode(picture * 2 - 1).latents
        decoded = (model.decode(expected).sample + 1) / 2
    latent = generator.encode(picture)
    torch.testing.assert_close(latent, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(generator.decode(latent), decoded.clamp(0, 1), atol=1e-5, rtol=0)
    assert (generator.factor, generator.largest) == (4, 3)


def test_the_latent_follows_its_gradient_and_stays_in_range(tmp_path: Path) -> None:
    generator = load(tiny.autoencoder_tiny(), tmp_path)
    target = generator.decode(generator.encode(tiny.picture()))
    latent = generator.random_latent(40, 24, torch.Generator().manual_seed(0)).requires_grad_()
    optimiser = torch.optim.Adam([latent], lr=generator.learning_rate)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = (generator.decode(latent) - target).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    with torch.no_grad():
        latent *= 1000
    assert generator.clamp_(latent).abs().max() == 3


def test_random_latents_are_normal_and_repeat(tmp_path: Path) -> None:
    generator = load(tiny.autoencoder_kl(), tmp_path)
    one, two = (generator.random_latent(128, 64, torch.Generator().manual_seed(4)) for _ in range(2))
    assert one.shape == (1, 4, 32, 64)
    assert torch.equal(one, two)
    assert one.std().item() == pytest.approx(1, abs=0.05)


def test_attention_weights_under_their_old_names_load(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    generator = load(tiny.autoencoder_kl(), tmp_path)
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    file = tmp_path / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    for new, name in old.items():
        tensors = {key.replace(f".{new}.", f".{name}."): value for key, value in tensors.items()}
    assert any(".query." in key for key in tensors)
    save_file(tensors, file)
    again, picture = load_generator(str(tmp_path)), tiny.picture()
    assert torch.equal(again.encode(picture), generator.encode(picture))
