"""SiLU(group norm(x)) and its gradient from x alone, a few rows at a time, in memory that is there already.

On a large canvas the two cost little but memory: every temporary as large as the picture's features is fetched anew
from the system, page by page. Here the result is the only new one, and the gradient is written over the one that comes in.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHUNK, CHUNK_ON_GPU = 1 << 18, 1 << 26
"""Most values worked on at once: what stays in a processor's caches; what keeps a GPU busy."""


def layout(device: torch.device) -> torch.memory_format:
    """Where the channels of features stand: last on a CPU; on a GPU torch's group norm takes them first alone."""
    return torch.channels_last if device.type == "cpu" else torch.contiguous_format


class Normed:
    """SiLU after a frozen group norm, invisible to autograd.

    Args:
        norm: its weights stay where they are, and move when it is moved.
    """

    def __init__(self, norm: nn.GroupNorm) -> None:
        self.norm = norm

    @torch.no_grad()
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """SiLU(norm(x)) of `x` [n, c, h, w]; and of each group the mean and 1 / deviation [n, groups]."""
        (n, c, h, w), norm = x.shape, self.norm
        x = x.contiguous(memory_format=layout(x.device))
        normed, mean, rstd = torch.native_group_norm(
            x, norm.weight, norm.bias, n, c, h * w, norm.num_groups, norm.eps
        )
        return F.silu(normed, inplace=True), mean, rstd

    @torch.no_grad()
    def backward(self, gradient: Tensor, x: Tensor, mean: Tensor, rstd: Tensor) -> Tensor:
        """The gradient of `x`, written over `gradient`, that of SiLU(norm(x)).

        With s the gradient of norm(x), w the norm's weight and means over a group, it is
        (w s - mean(w s) - y mean(w s y)) rstd, y = (x - mean) rstd. All sums are float32 or better.
        """
        kind = torch.promote_types(x.dtype, torch.float32)
        groups, size = self.norm.num_groups, x[0].numel() // self.norm.num_groups
        weight, bias = (part.to(kind).view(1, -1, 1, 1) for part in (self.norm.weight, self.norm.bias))
        mean, rstd = (
            part.to(kind).repeat_interleave(x.shape[1] // groups, 1)[..., None, None] for part in (mean, rstd)
        )
        slope = weight * rstd
        offset = bias - slope * mean
        rows = max(1, (CHUNK if x.device.type == "cpu" else CHUNK_ON_GPU) * x.shape[2] // x.numel())
        parts = list(zip(x.split(rows, 2), gradient.split(rows, 2), strict=True))
        total, tilted = torch.zeros_like(slope), torch.zeros_like(slope)
        for part, change in parts:
            part = part.to(kind)
            s = torch.ops.aten.silu_backward(change.to(kind), torch.addcmul(offset, part, slope))
            change.copy_(s)
            total += s.sum((2, 3), keepdim=True)
            tilted += s.mul_(part).sum((2, 3), keepdim=True)

        def grouped(values: Tensor) -> Tensor:
            sums = (weight * values).view(len(x), groups, -1).sum(2)
            return sums.repeat_interleave(x.shape[1] // groups, 1)[..., None, None] / size

        bend = -(rstd**3) * grouped(tilted - mean * total)
        shift = -rstd * grouped(total) - bend * mean
        for part, change in parts:
            exact = torch.addcmul(shift, part.to(kind), bend)
            change.copy_(exact.addcmul_(change.to(kind), slope))
        return gradient
