"""Decoding a part of a canvas as the whole would be decoded, and a canvas that goes all around.

A convolution sees its neighbours alone: a part is decoded with a halo of cells on both sides, which is cut off again.
A group norm sees everything: its mean and mean square over the whole canvas (its moments) are remembered and held, or
each part would have its own contrast and the parts would not fit together. Attention stays within the part.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn

from doorways.errors import InputError
from doorways.generators.base import Generator
from doorways.generators.frozen import Chain, FrozenConv
from doorways.generators.normed import Held, Normed

PASSES = 3
"""How often a survey goes over the canvas: each time moments are right one norm further, and nearly right beyond."""


class PartDecoder:
    """Decodes columns of a latent `[1, c, h, n]`, cells counted from 0 to n - 1 and round again where it wraps.

    Args:
        generator: a VQGAN or a KL autoencoder.
        wraps: whether the canvas goes all around.

    Attributes:
        halo: cells on either side that a cell's pixels depend on, attention aside.
        attends: whether there is attention, which makes a part differ from what it is within the whole.

    Raises:
        InputError: the generator does not decode from place to place.
    """

    def __init__(self, generator: Generator, *, wraps: bool = False) -> None:
        chain = getattr(generator, "chain", None)
        if chain is None:
            raise InputError(
                f"generator {generator.name}: cannot decode a part of a canvas; take a VQGAN or a KL autoencoder "
                "without conditioned norms (embedded is one), a smaller size, or a larger window"
            )
        self.generator, self.chain, self.wraps = generator, cast(Chain, chain), wraps
        self.halo = halo(self.chain)
        self.attends = any(isinstance(part, Attention) for part in self.chain.modules())
        self.groups = [norm.num_groups for norm in norms(self.chain)]

    def around(self, latent: Tensor, start: int, stop: int, reach: int) -> tuple[Tensor, int, int]:
        """Cells `start` to before `stop` with up to `reach` more on both sides, and how many these are: left, right."""
        cells = latent.shape[3]
        left, right = (reach, reach) if self.wraps else (min(reach, start), min(reach, cells - stop))
        index = torch.arange(start - left, stop + right, device=latent.device) % cells
        return latent.index_select(3, index), left, right

    def decode(self, latent: Tensor, left: int, right: int, moments: Tensor | None) -> tuple[Tensor, Tensor]:
        """The picture of a part, its halo included, and the moments found inside the halo.

        Args:
            latent: [1, c, h, w], of which `left` and `right` cells are halo.
            moments: float64 [2, all groups of all norms], held in place of the part's own; None for its own.
        """
        cells = latent.shape[3]
        margins = (left / cells, right / cells)
        parts = [None] * len(self.groups) if moments is None else moments.split(self.groups, 1)
        held = [Held(part, margins) for part in parts]
        with holding(self.chain, held):
            picture = self.generator.decode(latent)
        return picture, torch.cat([cast(Tensor, part.found) for part in held], 1)

    @torch.no_grad()
    def tiles(
        self, latent: Tensor, most: int, moments: Tensor | None
    ) -> Iterator[tuple[int, int, Tensor, Tensor]]:
        """The whole canvas in parts: from which cell to before which, its picture without the halo, its moments.

        Args:
            most: cells decoded at once, halos included; parts are at least one cell wide all the same.
        """
        cells = latent.shape[3]
        count = math.ceil(cells / max(1, most - 2 * self.halo))
        edges = [round(cells * n / count) for n in range(count + 1)]
        for start, stop in itertools.pairwise(edges):
            part, left, right = self.around(latent, start, stop, self.halo)
            picture, found = self.decode(part, left, right, moments)
            scale = self.generator.factor
            yield start, stop, picture[..., left * scale : picture.shape[3] - right * scale], found

    def survey(
        self, latent: Tensor, most: int, moments: Tensor | None = None, passes: int = PASSES
    ) -> Tensor:
        """The moments of the whole canvas, found part by part; from those of one that is alike, or from nothing.

        The first pass from nothing takes each part's own. Those that are found while others are held are those of the
        whole canvas once they are the same, and every pass brings them nearer.
        """
        for _ in range(passes):
            found = [((stop - start), part) for start, stop, _, part in self.tiles(latent, most, moments)]
            moments = sum((width * part for width, part in found), torch.zeros(())) / latent.shape[3]
        assert moments is not None
        return moments

    @torch.no_grad()
    def picture(self, latent: Tensor, most: int, moments: Tensor) -> Tensor:
        """The picture [1, 3, H, W] of the whole canvas, decoded part by part."""
        factor = self.generator.factor
        height, width = (side * factor for side in latent.shape[2:])
        result = latent.new_empty(1, 3, height, width)
        for start, stop, part, _ in self.tiles(latent, most, moments):
            result[..., start * factor : stop * factor] = part
        return result


def all_around(generator: Generator) -> Callable[[Tensor], Tensor]:
    """The decoder of a canvas whose right edge goes on at the left one.

    Raises:
        InputError: the generator's canvas ends at its edges.
    """
    if getattr(generator, "periodic", False):
        return generator.decode
    chain = getattr(generator, "chain", None)
    if chain is None:
        raise InputError(
            f"generator {generator.name}: cannot paint a view all around; leave out wrap, or take a VQGAN or a KL "
            "autoencoder without conditioned norms (embedded is one), or fourier"
        )

    def decode(latent: Tensor) -> Tensor:
        with holding(chain, wraps=True):
            return generator.decode(latent)

    return decode


def halo(chain: Chain) -> int:
    """How many latent cells away a cell may be whose code changes a pixel, attention aside."""
    reach, scale = 0.0, 1.0
    for layer in chain.modules():
        if isinstance(layer, FrozenConv):
            reach += layer.reach / scale
            scale *= 2 if layer.spread is not None else 1
    return math.ceil(reach)


def norms(chain: Chain) -> list[nn.GroupNorm]:
    """The group norms of a chain, in its order."""
    return [owner.norm if isinstance(owner, Normed) else owner.group_norm for owner in _owners(chain)]


@contextmanager
def holding(chain: Chain, held: list[Held] | None = None, *, wraps: bool = False) -> Iterator[None]:
    """Inside, each norm of `chain` does as its `held` says, and convolutions wrap around the edges or do not."""
    owners = _owners(chain) if held is not None else []
    convolutions = [layer for layer in chain.modules() if isinstance(layer, FrozenConv)]
    before = [owner.group_norm if isinstance(owner, Attention) else None for owner in owners]
    try:
        for layer in convolutions:
            layer.wraps = wraps
        for owner, part in zip(owners, held or [], strict=True):
            if isinstance(owner, Normed):
                owner.held = part
            else:
                owner.group_norm = HeldNorm(owner.group_norm, part)
        yield
    finally:
        for layer in convolutions:
            layer.wraps = False
        for owner, norm in zip(owners, before, strict=True):
            if isinstance(owner, Normed):
                owner.held = None
            else:
                owner.group_norm = norm


def _owners(chain: Chain) -> list[Normed | Attention]:
    """What holds a group norm, in the order of the chain."""
    found: list[Normed | Attention] = []
    for layer in chain.modules():
        if isinstance(layer, FrozenConv) and layer.before is not None:
            found.append(layer.before)
        elif isinstance(layer, Attention) and layer.group_norm is not None:
            found.append(layer)
    return found


class HeldNorm(nn.Module):
    """The group norm of an attention, with the moments that are held; margins are counted, as its cells come in a row."""

    def __init__(self, norm: nn.GroupNorm, held: Held) -> None:
        super().__init__()
        self.inner, self.held = Normed(norm), held

    def forward(self, x: Tensor) -> Tensor:
        """The norm of `x` [1, c, cells]."""
        with torch.no_grad():
            self.held.note(*self.inner._sums(x[..., None]))
            own = self.held if self.held.moments is not None else Held(self.held.found)
            mean, rstd = own.statistics(self.inner.norm.eps)
            _, slope, offset = self.inner._affine(x, mean, rstd)
        return torch.addcmul(offset[..., 0], x.to(slope.dtype), slope[..., 0]).to(x.dtype)
