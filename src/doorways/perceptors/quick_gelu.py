"""Quick GELU, CLIP's activation x sigmoid(1.702 x), of which x alone is kept for the way back.

Written as the product that it is, torch keeps both factors: in ViT-B/32 a quarter of all that a piece holds.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

SLOPE = 1.702
"""That of the sigmoid (Hendrycks and Gimpel 2016)."""


class _Pass(torch.autograd.Function):
    """Through a `QuickGELU` and back: with s = 1.702 x its derivative is that of SiLU at s."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * (SLOPE * x).sigmoid_()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        slope: Tensor = torch.ops.aten.silu_backward(gradient, SLOPE * x)
        return slope


class QuickGELU(nn.Module):
    """x sigmoid(1.702 x) of any tensor, differentiable once."""

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = _Pass.apply(x)
        return result


def in_quick_gelu(model: nn.Module) -> None:
    """Puts `QuickGELU` in the place of every quick GELU of transformers in `model`."""
    from transformers.activations import QuickGELUActivation

    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, QuickGELUActivation):
                setattr(parent, name, QuickGELU())
