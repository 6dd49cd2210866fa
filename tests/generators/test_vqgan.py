"""A VQGAN folder: its arithmetic is diffusers', its latent can be optimised, and its codebook bounds it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from doorways import InputError, load_generator
from doorways.generators.vqgan import VQGAN, reach_of_cube
from tests import tiny

SPATIAL = {
    "norm_type": "spatial",
    "block_out_channels": (32, 32, 32),
    "vq_embed_dim": 8,
    "norm_num_groups": 32,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tiny.vqmodel(), tmp_path_factory.mktemp("vqgan"))


@pytest.fixture(scope="module")
def generator(folder: Path) -> VQGAN:
    loaded = load_generator(str(folder))
    assert isinstance(loaded, VQGAN)
    return loaded


@pytest.mark.parametrize("size", [(16, 16), (40, 24), (12, 64)])
@pytest.mark.parametrize(
    "changes",
    [{}, {"lookup_from_codebook": True}, SPATIAL],
    ids=["plain", "amused's settings", "conditioned norms"],
)
def test_it_computes_what_diffusers_computes(tmp_path: Path, changes: dict, size: tuple[int, int]) -> None:
    model = tiny.vqmodel(**changes)
    generator = load_generator(str(tiny.save(model, tmp_path)))
    picture = tiny.picture(*size)
    with torch.no_grad():
        encoded = model.encode(picture * 2 - 1).latents
        codes = model.quantize(encoded)[0]
        model.register_to_config(lookup_from_codebook=False)  # diffusers would take the latent for indices
        expected = (model.decode(encoded).sample + 1) / 2
    torch.testing.assert_close(generator.encode(picture), codes, atol=1e-5, rtol=0)
    torch.testing.assert_close(generator.decode(encoded), expected.clamp(0, 1), atol=1e-5, rtol=0)
    assert generator.decode(encoded).shape == picture.shape


def test_the_gradient_passes_straight_through_the_codebook(generator: VQGAN) -> None:
    latent = generator.encode(tiny.picture()).add(0.05).requires_grad_()
    generator.decode(latent).square().sum().backward()
    codes = generator.snap(latent.detach()).requires_grad_()
    generator.decode(codes).square().sum().backward()
    assert latent.grad is not None
    assert latent.grad.abs().max() > 0
    torch.testing.assert_close(latent.grad, codes.grad)


def test_descent_brings_the_picture_to_another_one(generator: VQGAN) -> None:
    rng = torch.Generator().manual_seed(1)
    target = generator.decode(generator.random_latent(16, 16, rng))
    latent = generator.random_latent(16, 16, rng).requires_grad_()
    optimiser = torch.optim.Adam([latent], lr=0.1)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = (generator.decode(latent) - target).square().mean()
        loss.backward()
        optimiser.step()
        generator.clamp_(latent)
        losses.append(loss.item())
    assert min(losses[-5:]) < 0.7 * losses[0]


def test_weights_are_frozen(generator: VQGAN) -> None:
    assert not any(weight.requires_grad for weight in generator.model.parameters())
    assert not generator.codes.requires_grad


def test_random_latents_are_codes_from_the_generator_given(generator: VQGAN) -> None:
    before = torch.get_rng_state()
    latents = [generator.random_latent(40, 24, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    assert torch.equal(before, torch.get_rng_state())
    assert latents[0].shape == (1, 6, 6, 10)
    assert torch.equal(latents[0], latents[1])
    assert not torch.equal(latents[0], latents[2])
    torch.testing.assert_close(generator.snap(latents[0]), latents[0])


def test_clamping_keeps_every_channel_in_the_codebooks_range(generator: VQGAN) -> None:
    latent = torch.randn(1, 6, 5, 7) * 100
    same = generator.clamp_(latent)
    low, high = generator.codes.aminmax(dim=0)
    assert same is latent
    for channel in range(6):
        values = latent[0, channel]
        assert values.min() == low[channel]
        assert values.max() == high[channel]
    inside = generator.encode(tiny.picture())
    assert torch.equal(generator.clamp_(inside.clone()), inside)


def test_a_latent_grows_with_its_canvas(generator: VQGAN) -> None:
    latent = torch.linspace(-1, 1, 10).expand(1, 6, 6, 10)
    grown = generator.resize(latent, 80, 48)
    assert grown.shape == (1, 6, 12, 20)
    assert (grown.diff(dim=-1) >= 0).all()
    assert generator.resize(latent.square(), 60, 32).min() >= 0
    torch.testing.assert_close(generator.resize(3 * latent, 80, 48), 3 * grown)


@pytest.mark.parametrize(
    "act",
    [
        lambda g: g.random_latent(42, 24, torch.Generator()),
        lambda g: g.encode(tiny.picture(42, 24)),
        lambda g: g.resize(torch.zeros(1, 6, 6, 10), 42, 24),
    ],
    ids=["random", "encode", "resize"],
)
def test_sizes_that_do_not_fit_are_refused_with_those_that_do(generator: VQGAN, act: object) -> None:
    with pytest.raises(
        InputError, match="42x24: width must be a multiple of 4 for this generator; use 40 or 44"
    ):
        act(generator)  # type: ignore[operator]


def test_half_precision_is_the_networks_alone(folder: Path, generator: VQGAN) -> None:
    half = load_generator(str(folder), dtype=torch.bfloat16)
    picture = tiny.picture()
    latent = half.encode(picture)
    assert latent.dtype == half.codes.dtype == torch.float32
    decoded = half.decode(generator.encode(picture))
    assert decoded.dtype == torch.float32
    torch.testing.assert_close(decoded, generator.decode(generator.encode(picture)), atol=0.05, rtol=0)
    assert not torch.equal(decoded, generator.decode(generator.encode(picture)))


def test_looking_codes_up_in_parts_finds_the_same(generator: VQGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    latent = torch.randn(2, 6, 9, 7, generator=torch.Generator().manual_seed(0))
    whole = generator.snap(latent)
    monkeypatch.setattr("doorways.generators.vqgan.LARGEST_LOOKUP", 50)
    assert torch.equal(generator.snap(latent), whole)


def test_corners_of_a_cube_are_found_by_their_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny.vqmodel(num_vq_embeddings=64)
    codes = torch.cartesian_prod(*[torch.tensor([-0.4, 0.4])] * 6)
    model.quantize.embedding.weight.data.copy_(codes[torch.randperm(64)])
    assert reach_of_cube(codes) == pytest.approx(0.4)
    assert reach_of_cube(codes[[0, *range(63)]]) is None, "one corner is there twice, one is missing"
    latent = torch.randn(2, 6, 9, 7, generator=torch.Generator().manual_seed(0))
    by_signs = VQGAN(model).snap(latent)
    monkeypatch.setattr("doorways.generators.vqgan.reach_of_cube", lambda codes: None)
    assert torch.equal(VQGAN(model).snap(latent), by_signs)


def test_the_fingerprint_tells_weights_apart(folder: Path, generator: VQGAN, tmp_path: Path) -> None:
    assert load_generator(str(folder)).fingerprint == generator.fingerprint
    other = tiny.vqmodel()
    with torch.no_grad():
        other.post_quant_conv.bias += 1e-3
    assert load_generator(str(tiny.save(other, tmp_path))).fingerprint != generator.fingerprint


def test_codes_on_the_unit_sphere_move_faster(tmp_path: Path, generator: VQGAN) -> None:
    model = tiny.vqmodel()
    codes = model.quantize.embedding.weight.data
    codes.copy_(torch.nn.functional.normalize(codes, dim=1))
    unit = load_generator(str(tiny.save(model, tmp_path)))
    assert (generator.learning_rate, unit.learning_rate) == (0.025, 0.1)
