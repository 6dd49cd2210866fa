"""A fingerprint is the weights', wherever they are, and nothing else's."""

from __future__ import annotations

import torch
from torch import nn

from doorways.models.fingerprint import fingerprint


def test_it_tells_weights_names_and_shapes_apart() -> None:
    layer = nn.Linear(40, 30)
    first = fingerprint(layer)
    assert len(first) == 16
    assert fingerprint(layer, None) == first
    assert fingerprint(nn.Sequential(layer)) != first
    with torch.no_grad():
        layer.weight.data = layer.weight.data.reshape(40, 30)
        assert fingerprint(layer) != first
        layer.weight.data = layer.weight.data.reshape(30, 40)
        assert fingerprint(layer) == first
        layer.bias += 1e-6
    assert fingerprint(layer) != first
