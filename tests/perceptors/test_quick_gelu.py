"""Quick GELU of which one tensor is kept computes what transformers' does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers.activations import QuickGELUActivation

from doorways.memory import Meter
from doorways.perceptors import load_perceptor
from doorways.perceptors.quick_gelu import QuickGELU, in_quick_gelu
from tests import tiny

CPU = torch.device("cpu")


def test_the_slope_is_that_of_the_formula() -> None:
    x = torch.randn(3, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(QuickGELU(), (x,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_are_transformers_own_and_gradients_up_to_rounding(dtype: torch.dtype) -> None:
    x = (5 * torch.randn(1000)).to(dtype).requires_grad_()
    expected, found = QuickGELUActivation()(x), QuickGELU()(x)
    assert torch.equal(found, expected)
    slopes = [torch.autograd.grad(out.sum(), x)[0].float() for out in (expected, found)]
    rounding = 20 * torch.finfo(dtype).eps
    torch.testing.assert_close(slopes[1], slopes[0], atol=rounding, rtol=rounding)


def test_what_went_in_is_all_that_is_kept() -> None:
    def kept(activation: torch.nn.Module) -> int:
        x = torch.zeros(1000, requires_grad=True)
        meter = Meter(CPU, "there")
        with meter:
            y = activation(x * 1)
            meter.phase = "after"
            y.sum()
        return meter.peaks["after"] - 4 * 1000  # of which y itself is no part

    assert kept(QuickGELU()) < 4 * 1000 + 100 < kept(QuickGELUActivation())


def test_a_clip_is_given_it_and_computes_the_same(tmp_path: Path) -> None:
    model = tiny.clip(tmp_path)
    pictures = torch.rand(2, 3, 16, 16)
    before = model.get_image_features(pictures).pooler_output
    in_quick_gelu(model)
    assert not any(isinstance(layer, QuickGELUActivation) for layer in model.modules())
    assert torch.equal(model.get_image_features(pictures).pooler_output, before)
    loaded = load_perceptor(str(tmp_path))
    assert any(isinstance(layer, QuickGELU) for layer in loaded.model.modules())  # type: ignore[attr-defined]
