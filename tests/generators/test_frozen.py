"""Halves without gradients of their weights compute what diffusers' compute, and keep far less of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from doorways.generators.frozen import Chain, FrozenConv, frozen, spread
from doorways.generators.networks import own
from doorways.generators.normed import Normed
from tests import tiny

MODELS = {
    "with attention": tiny.vqmodel,
    "two layers a block": lambda: tiny.vqmodel(layers_per_block=2),
    "of a KL autoencoder": tiny.autoencoder_kl,
    "without attention in the middle": lambda: tiny.autoencoder_kl(mid_block_add_attention=False),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("size", [(5, 9), (1, 4), (8, 8)])
def test_it_computes_what_diffusers_computes_and_so_does_its_gradient(
    make: Callable[[], nn.Module], size: tuple[int, int]
) -> None:
    model = make().requires_grad_(False)
    for name, scale in (("decoder", 1), ("encoder", 4)):
        half = getattr(model, name)
        high, wide = size
        x = torch.randn(2, half.conv_in.in_channels, high * scale, wide * scale, generator=seeded())
        chain = frozen(getattr(own(model), name))
        (expected, slope), (found, our_slope) = (picture_and_slope(part, x) for part in (half, chain))
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(our_slope, slope, atol=1e-5, rtol=1e-4)
        assert slope.abs().max() > 0.01


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def decoder_of(model: nn.Module) -> Chain:
    return frozen(own(model).decoder)


def picture_and_slope(decoder: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """What `decoder` makes of `x`, and the gradient of some function of it."""
    x = x.clone().requires_grad_()
    picture = decoder(x)
    wanted = torch.linspace(-1, 1, picture.numel()).view(picture.shape)
    return picture.detach(), torch.autograd.grad((picture * wanted).mean() * 100, x)[0]


def test_the_same_bits_every_time() -> None:
    chain = decoder_of(tiny.vqmodel())
    x = torch.randn(1, 8, 6, 10, generator=torch.Generator().manual_seed(0))
    once, again = picture_and_slope(chain, x), picture_and_slope(chain, x)
    assert all(map(torch.equal, once, again))


def test_it_keeps_less_than_half() -> None:
    model = tiny.vqmodel(layers_per_block=2).requires_grad_(False)
    assert kept_bytes(decoder_of(model)) < 0.5 * kept_bytes(model.decoder)


def test_it_keeps_less_still_where_it_computes_again() -> None:
    chain = decoder_of(tiny.vqmodel(layers_per_block=2))
    kept = kept_bytes(chain)
    chain.recomputes = True
    assert kept_bytes(chain) < 0.6 * kept


def kept_bytes(decoder: nn.Module) -> int:
    """Bytes of activations that autograd keeps of a picture until the way back."""
    weights = {part.untyped_storage().data_ptr() for part in [*decoder.parameters(), *decoder.buffers()]}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    x = torch.randn(1, 8, 16, 32, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        picture = decoder(x)
    assert picture.requires_grad
    return sum(size for place, size in kept.items() if place not in weights)


def test_one_transposed_convolution_doubles_and_convolves() -> None:
    x, weight = torch.randn(1, 3, 5, 7), torch.randn(4, 3, 3, 3)
    expected = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), weight, padding=1)
    found = F.conv_transpose2d(x, spread(weight), stride=2, padding=1)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("doubles", [False, True])
@pytest.mark.parametrize("normed", [False, True])
def test_a_layers_gradient_is_that_of_its_values(normed: bool, doubles: bool) -> None:
    norm = tiny.seeded(nn.GroupNorm(2, 6)) if normed else None
    layer = FrozenConv(tiny.seeded(nn.Conv2d(6, 4, 3, padding=1)), norm, doubles=doubles).double()
    x = torch.randn(2, 6, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer.requires_grad_(False), x)


def test_rows_are_worked_on_in_parts_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    normed = Normed(tiny.seeded(nn.GroupNorm(2, 6)))
    x, change = torch.randn(1, 6, 9, 5), torch.randn(1, 6, 9, 5)
    _, *statistics = normed.forward(x)
    whole = normed.backward(change.clone(), x, *statistics)
    monkeypatch.setattr("doorways.generators.normed.CHUNK", 70)
    torch.testing.assert_close(normed.backward(change.clone(), x, *statistics), whole)


def test_half_precision_stays_close() -> None:
    chain = decoder_of(tiny.vqmodel())
    x = torch.randn(1, 8, 6, 10)
    _, exact = picture_and_slope(chain, x)
    _, near = picture_and_slope(chain.to("cpu", torch.bfloat16), x.bfloat16())
    assert near.dtype == torch.bfloat16
    assert F.cosine_similarity(near.float().flatten(), exact.flatten(), dim=0) > 0.99
