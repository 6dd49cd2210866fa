"""Encoders and decoders whose weights are frozen, with fewer products than diffusers' and a third of their memory.

The arithmetic is diffusers' own up to rounding. What is different follows from no weight wanting a gradient:

- torch keeps the input of every convolution, and of the activation and the norm before it, for the way back. But the
  gradient of a convolution's input takes its weights alone, and norm and activation are soon computed again
  (`normed.py`): of the three inputs one is kept, and that one is the residual sum's anyway.
- A picture is doubled by repeating its pixels, then convolved with 3x3. On repeated pixels that is a transposed 4x4
  convolution of the small picture: 4 products a pixel instead of 9, and the large one is never held.
- On a CPU channels come last, as its convolutions want them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import zip_longest
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from doorways.generators.networks import Decoder, Encoder, Resnet
from doorways.generators.normed import Normed, layout
from doorways.recompute import recomputed


class _Pass(torch.autograd.Function):
    """Through a `FrozenConv` and back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: FrozenConv) -> Tensor:
        ctx.layer, ctx.wraps = layer, layer.wraps
        ctx.held = layer.before is not None and layer.before.held is not None
        if layer.before is None:
            return layer.convolve(x)
        y, *statistics = layer.before.forward(x)
        ctx.save_for_backward(x, *statistics)
        return layer.convolve(y)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        gradient = ctx.layer.transposed(gradient, wraps=ctx.wraps)
        if ctx.layer.before is not None:
            back = ctx.layer.before.backward_held if ctx.held else ctx.layer.before.backward
            gradient = back(gradient, *ctx.saved_tensors)
        return gradient, None


class FrozenConv(nn.Module):
    """A convolution of stride 1 and what comes before it, differentiable with respect to the input alone.

    Args:
        convolution: padded so that its output is as large as its input.
        norm: a group norm to come first, and a SiLU after it.
        doubles: whether the input is doubled in size first, by repeating its pixels; for kernels of 3x3.

    Attributes:
        wraps: set while the left edge is to continue the right one; otherwise zeros lie beyond both.
    """

    spread: Tensor | None
    wraps: bool = False

    def __init__(
        self, convolution: nn.Conv2d, norm: nn.GroupNorm | None = None, *, doubles: bool = False
    ) -> None:
        super().__init__()
        self.convolution, self.norm = convolution, norm
        self.before = None if norm is None else Normed(norm)
        self.register_buffer("spread", spread(convolution.weight) if doubles else None)

    def forward(self, x: Tensor) -> Tensor:
        if torch.compiler.is_compiling():  # which finds by itself what to keep for the way back
            return self.convolve(x if self.norm is None else F.silu(self.norm(x)))
        result: Tensor = _Pass.apply(x, self)
        return result

    def convolve(self, x: Tensor) -> Tensor:
        """The convolution alone."""
        weight, bias = self.convolution.weight, self.convolution.bias
        reach = self.reach
        if (
            self.wraps and reach
        ):  # one column more on both sides, and the two that come of each are dropped again
            x = torch.cat([x[..., -reach:], x, x[..., :reach]], 3)
        if self.spread is not None:
            return F.conv_transpose2d(x, self.spread, bias, stride=2, padding=(1, 3 if self.wraps else 1))
        return F.conv2d(x, weight, bias, padding=(reach, 0 if self.wraps else reach))

    def transposed(self, gradient: Tensor, *, wraps: bool = False) -> Tensor:
        """The gradient of the input of `convolve` from that of its output."""
        reach = self.reach
        if self.spread is not None:
            gradient = F.conv2d(gradient, self.spread, stride=2, padding=(1, 3 if wraps else 1))
        else:
            padding = (reach, 0 if wraps else reach)
            gradient = F.conv_transpose2d(gradient, self.convolution.weight, padding=padding)
        if not (wraps and reach):
            return gradient
        inside = gradient[..., reach:-reach].clone(memory_format=layout(gradient.device))
        inside[..., :reach] += gradient[..., -reach:]
        inside[..., -reach:] += gradient[..., :reach]
        return inside

    @property
    def reach(self) -> int:
        """How many input columns to the left and right of its own an output pixel sees."""
        return 1 if self.spread is not None else self.convolution.weight.shape[-1] // 2


def spread(weight: Tensor) -> Tensor:
    """[i, o, 4, 4]: transposed with stride 2, it does to a picture what `weight` [o, i, 3, 3] does to its double."""
    turned = weight.detach().flip(2, 3).transpose(0, 1)
    wide = F.pad(turned, (0, 1)) + F.pad(turned, (1, 0))
    return F.pad(wide, (0, 0, 0, 1)) + F.pad(wide, (0, 0, 1, 0))


class Residual(nn.Module):
    """Two convolutions beside a short cut."""

    def __init__(self, block: Resnet) -> None:
        super().__init__()
        self.first = FrozenConv(block.conv1, block.norm1)
        self.second = FrozenConv(block.conv2, block.norm2)
        self.shortcut = nn.Identity() if block.conv_shortcut is None else FrozenConv(block.conv_shortcut)

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.second(self.first(x))
        return changed.add_(self.shortcut(x))


class Halved(nn.Module):
    """A convolution of stride 2, of a picture with zeros to its right and below it."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        halved: Tensor = self.convolution(F.pad(x, (0, 1, 0, 1)))
        return halved


class Chain(nn.Sequential):
    """Layers one after another, whose weights lie as the device wants them.

    Attributes:
        compiled: what it does as it was compiled for the way there and back, or None; where a gradient is wanted it is used.
        recomputes: whether only what goes into each layer is kept for the way back, and the rest is computed again.
        holding: makes the context that layers run in just now (`parts.holding`), for the way back to run in it too.
    """

    compiled: Callable[[Tensor], Tensor] | None = None
    recomputes: bool = False
    holding: Callable[[], AbstractContextManager[None]] = nullcontext

    def forward(self, x: Tensor) -> Tensor:
        if not self.recomputes:
            result: Tensor = (self.compiled if self.compiled and x.requires_grad else super().forward)(x)
            return result
        for layer in self:
            x = recomputed(layer, x, self.holding)
        return x

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:  # type: ignore[override]
        """Moves the weights, those that other modules share included."""
        moved = super().to(device=device, dtype=dtype)
        return nn.Module.to(moved, memory_format=layout(torch.device(device)))  # type: ignore[call-overload]


def frozen(half: Encoder | Decoder) -> Chain:
    """An encoder or a decoder as a chain of the layers above, its weights shared."""
    return Chain(*_layers(half)).to(half.conv_in.weight.device)


def _layers(half: Encoder | Decoder) -> Iterator[nn.Module]:
    """The layers in their order."""
    yield FrozenConv(half.conv_in)
    for block in half.blocks:
        for resnet, attention in zip_longest(block.resnets, block.attentions):
            yield Residual(resnet)
            if attention is not None:
                yield attention
        for sampler in block.upsamplers:
            yield FrozenConv(sampler.conv, doubles=True)
        for sampler in block.downsamplers:
            yield Halved(sampler.conv)
    yield FrozenConv(half.conv_out, half.conv_norm_out)
