"""SiLU(group norm(x)) and its gradient from x alone, a few rows at a time, in memory that is there already.

On a large canvas the two cost little but memory: every temporary as large as the picture's features is fetched anew
from the system, page by page. Here the result is the only new one, and the gradient is written over the one that comes in.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from doorways.transfer import exact

CHUNK, CHUNK_ON_GPU = 1 << 18, 1 << 26
"""Most values worked on at once: what stays in a processor's caches; what keeps a GPU busy."""


def layout(device: torch.device) -> torch.memory_format:
    """Where the channels of features stand: last on a CPU; on a GPU torch's group norm takes them first alone."""
    return torch.channels_last if device.type == "cpu" else torch.contiguous_format


@dataclass(eq=False)
class Held:
    """What one norm is told when a part of a picture is decoded alone, or what it is to find out about that part.

    Attributes:
        moments: `exact` [2, groups], the mean and the mean square that each group is taken to have; None for its own.
        margins: fractions of the part's width on the left and right that do not count for its own moments.
        found: `exact` [2, groups], its own moments, once the part has been through, where none were given.
    """

    moments: Tensor | None = None
    margins: tuple[float, float] = (0.0, 0.0)
    found: Tensor | None = None


class Normed:
    """SiLU after a frozen group norm, invisible to autograd.

    Args:
        norm: its weights stay where they are, and move when it is moved.

    Attributes:
        held: set while a part of a picture is decoded alone.
    """

    def __init__(self, norm: nn.GroupNorm) -> None:
        self.norm = norm
        self.held: Held | None = None

    @torch.no_grad()
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """SiLU(norm(x)) of `x` [n, c, h, w]; and of each group the mean and 1 / deviation [n, groups]."""
        if self.held is not None:
            return self._forward_held(x, self.held)
        (n, c, h, w), norm = x.shape, self.norm
        x = x.contiguous(memory_format=layout(x.device))
        normed, mean, rstd = torch.native_group_norm(
            x, norm.weight, norm.bias, n, c, h * w, norm.num_groups, norm.eps
        )
        return F.silu(normed, inplace=True), mean, rstd

    def _forward_held(self, x: Tensor, held: Held) -> tuple[Tensor, Tensor, Tensor]:
        """SiLU(norm(x)) of one picture as `held` says; and what the norm is then, slope and offset [1, c, 1, 1]."""
        x = x.contiguous(memory_format=layout(x.device))
        slope, offset = self.held_affine(x, held)
        result = torch.empty_like(x)
        for part, out in zip(x.split(self._rows(x), 2), result.split(self._rows(x), 2), strict=True):
            out.copy_(F.silu(torch.addcmul(offset, part.to(slope.dtype), slope), inplace=True))
        return result, slope, offset

    @torch.no_grad()
    def held_affine(self, x: Tensor, held: Held) -> tuple[Tensor, Tensor]:
        """The norm of one picture's `x` [1, c, h, w] as `slope` x + `offset`; `held` is told what there was to find."""
        moments = held.moments
        if moments is None:
            width = x.shape[3]
            inside = slice(round(held.margins[0] * width), width - round(held.margins[1] * width))
            moments = held.found = self._moments(x[..., inside])
        mean, square = moments.to(x.device)[:, None].unbind()
        rstd = ((square - mean * mean).clamp(min=0) + self.norm.eps).rsqrt()
        _, slope, offset = self._affine(x, mean, rstd)
        return slope, offset

    def _moments(self, x: Tensor) -> Tensor:
        """The mean and the mean square, `exact` [2, groups], of each group of `x` [1, c, h, w]."""
        values = x.to(torch.promote_types(x.dtype, torch.float32))
        means = torch.stack([values.mean((0, 2, 3)), values.square().mean((0, 2, 3))]).to(exact(x.device))
        return means.view(2, self.norm.num_groups, -1).mean(2)

    def _affine(self, x: Tensor, mean: Tensor, rstd: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The norm of `x` as `slope` x + `offset`, [n, c, 1, 1] each, and before them the norm's own weight."""
        kind = torch.promote_types(x.dtype, torch.float32)
        weight, bias = (part.to(kind).view(1, -1, 1, 1) for part in (self.norm.weight, self.norm.bias))
        mean, rstd = (self._spread(part.to(kind)) for part in (mean, rstd))
        slope = weight * rstd
        return weight, slope, bias - slope * mean

    def _spread(self, values: Tensor) -> Tensor:
        """`values` [n, groups] for every channel, [n, c, 1, 1]."""
        each = self.norm.num_channels // self.norm.num_groups
        return values.repeat_interleave(each, 1)[..., None, None]

    def _rows(self, x: Tensor) -> int:
        """How many rows of `x` to work on at once."""
        return max(1, (CHUNK if x.device.type == "cpu" else CHUNK_ON_GPU) * x.shape[2] // x.numel())

    @torch.no_grad()
    def backward_held(self, gradient: Tensor, x: Tensor, slope: Tensor, offset: Tensor) -> Tensor:
        """As `backward`, where the norm was held: it is an affine map then."""
        for part, change in zip(x.split(self._rows(x), 2), gradient.split(self._rows(x), 2), strict=True):
            normed = torch.addcmul(offset, part.to(slope.dtype), slope)
            change.copy_(torch.ops.aten.silu_backward(change.to(slope.dtype), normed).mul_(slope))
        return gradient

    @torch.no_grad()
    def backward(self, gradient: Tensor, x: Tensor, mean: Tensor, rstd: Tensor) -> Tensor:
        """The gradient of `x`, written over `gradient`, that of SiLU(norm(x)).

        With s the gradient of norm(x), w the norm's weight and means over a group, it is
        (w s - mean(w s) - y mean(w s y)) rstd, y = (x - mean) rstd. All sums are float32 or better.
        """
        kind = torch.promote_types(x.dtype, torch.float32)
        groups, size = self.norm.num_groups, x[0].numel() // self.norm.num_groups
        weight, slope, offset = self._affine(x, mean, rstd)
        mean, rstd = (self._spread(part.to(kind)) for part in (mean, rstd))
        parts = list(zip(x.split(self._rows(x), 2), gradient.split(self._rows(x), 2), strict=True))
        total, tilted = torch.zeros_like(slope), torch.zeros_like(slope)
        for part, change in parts:
            part = part.to(kind)
            s = torch.ops.aten.silu_backward(change.to(kind), torch.addcmul(offset, part, slope))
            change.copy_(s)
            total += s.sum((2, 3), keepdim=True)
            tilted += s.mul_(part).sum((2, 3), keepdim=True)

        def grouped(values: Tensor) -> Tensor:
            sums = (weight * values).view(len(x), groups, -1).sum(2)
            return self._spread(sums) / size

        bend = -(rstd**3) * grouped(tilted - mean * total)
        shift = -rstd * grouped(total) - bend * mean
        for part, change in parts:
            exact = torch.addcmul(shift, part.to(kind), bend)
            change.copy_(exact.addcmul_(change.to(kind), slope))
        return gradient
