"""Patches: the first layer of a vision transformer as the one matrix product that it is.

Written as a convolution whose kernels lie side by side it takes a tenth of the tower's time on a CPU, most of it on the
way back: convolutions are made for kernels that overlap.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Patches(nn.Module):
    """What `convolution` computes, which must tile its input (`tiles`); its weights are shared, under their names."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.weight, self.bias = convolution.weight, convolution.bias

    def forward(self, pictures: Tensor) -> Tensor:
        """[n, c, H, W] -> [n, d, H / p, W / p], p the kernel's side."""
        high, wide = self.weight.shape[2:]
        patches = pictures.unfold(2, high, high).unfold(3, wide, wide)
        rows = patches.permute(0, 2, 3, 1, 4, 5).flatten(3)
        return F.linear(rows, self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


def tiles(layer: nn.Module) -> bool:
    """Whether `layer` is a convolution that sees every pixel once."""
    return (
        isinstance(layer, nn.Conv2d)
        and layer.stride == layer.kernel_size
        and layer.padding in ("valid", (0, 0))
        and layer.groups == 1
        and layer.dilation == (1, 1)
    )


def in_patches(model: nn.Module) -> None:
    """Puts `Patches` in the place of every layer of `model` that tiles its input."""
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d) and tiles(layer):
                setattr(parent, name, Patches(layer))
