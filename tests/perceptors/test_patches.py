"""Patches by a matrix product are those of the convolution."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from doorways.perceptors.patches import Patches, in_patches, tiles
from tests import tiny


def test_values_and_gradient_are_the_convolutions() -> None:
    convolution = tiny.seeded(nn.Conv2d(3, 5, (4, 2), stride=(4, 2)))
    pictures = torch.randn(2, 3, 9, 6, requires_grad=True)  # a row of pixels is left over
    expected, found = convolution(pictures), Patches(convolution)(pictures)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    slopes = [torch.autograd.grad(out.square().sum(), pictures)[0] for out in (expected, found)]
    torch.testing.assert_close(slopes[1], slopes[0], atol=1e-5, rtol=1e-5)
    assert slopes[0].abs().max() > 0.1


def test_only_layers_that_tile_are_replaced() -> None:
    layers = nn.Sequential(
        nn.Conv2d(3, 4, 2, stride=2), nn.Conv2d(4, 4, 3, stride=3, padding=1), nn.Conv2d(4, 4, 2)
    )
    assert [tiles(layer) for layer in layers] == [True, False, False]
    in_patches(layers)
    assert [isinstance(layer, Patches) for layer in layers] == [True, False, False]


def test_a_clips_first_layer_is_replaced_and_its_weights_keep_their_names(tmp_path: Path) -> None:
    model = tiny.clip(tmp_path)
    names, pictures = set(model.state_dict()), torch.rand(2, 3, 16, 16)
    before = model.get_image_features(pictures).pooler_output
    in_patches(model)
    assert any(isinstance(layer, Patches) for layer in model.modules())
    assert set(model.state_dict()) == names
    torch.testing.assert_close(model.get_image_features(pictures).pooler_output, before, atol=1e-5, rtol=1e-5)
