"""Attention computes what diffusers computes, and its norm is held where it is told to."""

from __future__ import annotations

import torch
from diffusers.models.attention_processor import Attention as Theirs
from torch import Tensor, nn

from doorways.generators.attention import Attention
from doorways.generators.normed import Held
from tests import tiny


def both() -> tuple[Attention, nn.Module]:
    """Ours and diffusers', with the same weights."""
    theirs = Theirs(
        8,
        heads=1,
        dim_head=8,
        norm_num_groups=2,
        eps=1e-6,
        bias=True,
        residual_connection=True,
        upcast_softmax=True,
    )
    ours = Attention(8, 2, 1e-6)
    ours.load_state_dict(tiny.seeded(theirs).state_dict())
    return ours.requires_grad_(False), theirs.requires_grad_(False)


def features(*size: int) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(0)) * 2 + 1


def test_it_computes_what_diffusers_computes_and_so_does_its_gradient() -> None:
    for x in (features(2, 8, 3, 5), features(1, 8, 4, 4).contiguous(memory_format=torch.channels_last)):
        results = []
        for layer in both():
            given = x.clone().requires_grad_()
            seen = layer(given)
            wanted = torch.linspace(-1, 1, x.numel()).view(x.shape)
            results.append((seen.detach(), torch.autograd.grad((seen * wanted).sum(), given)[0]))
        (found, slope), (expected, their_slope) = results
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(slope, their_slope, atol=1e-5, rtol=1e-5)
        assert (found - x).abs().max() > 0.1


def test_its_norm_finds_what_is_inside_the_margins_and_is_held() -> None:
    layer, x = both()[0], features(1, 8, 3, 10)
    own = layer(x)
    held = layer.before.held = Held(None, (0.2, 0.3))
    layer(x)
    inside = x[..., 2:7].double().view(2, -1)
    expected = torch.stack([inside.mean(1), inside.square().mean(1)])
    torch.testing.assert_close(held.found, expected, rtol=1e-5, atol=1e-6)
    layer.before.held = Held()
    torch.testing.assert_close(layer(x), own, atol=1e-5, rtol=1e-5)
    layer.before.held = Held(held.found)
    assert (layer(x) - own).abs().max() > 0.01
