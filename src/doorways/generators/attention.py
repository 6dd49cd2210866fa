"""Attention of every place of a picture's features to every other, as VQGANs and KL autoencoders have it.

Weights lie under diffusers' names; the arithmetic is that of its `Attention` with one head, a group norm and a short cut.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from doorways.generators.normed import Normed


class Attention(nn.Module):
    """[n, channels, h, w] to the same.

    Attributes:
        before: its group norm, which may be held.
    """

    def __init__(self, channels: int, groups: int, eps: float) -> None:
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, eps)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])
        self.before = Normed(self.group_norm)

    def forward(self, x: Tensor) -> Tensor:
        """`x` and what its places see of each other."""
        places = self.norm(x).flatten(2).transpose(1, 2)
        q, k, v = (layer(places)[:, None] for layer in (self.to_q, self.to_k, self.to_v))
        seen = self.to_out[0](F.scaled_dot_product_attention(q, k, v)[:, 0])
        return seen.transpose(1, 2).reshape(x.shape) + x

    def norm(self, x: Tensor) -> Tensor:
        """The group norm of `x`, as it is held."""
        if self.before.held is None:
            normed: Tensor = self.group_norm(x)
            return normed
        slope, offset = self.before.held_affine(x, self.before.held)
        return torch.addcmul(offset, x.to(slope.dtype), slope).to(x.dtype)
