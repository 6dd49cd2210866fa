"""Decoding and encoding a part of a canvas as the whole would be decoded, and a canvas that goes all around.

A convolution sees its neighbours alone: a part is decoded with a halo of cells on both sides, which is cut off again.
A group norm sees everything: its mean and mean square over the whole canvas (its moments) are remembered and held, or
each part would have its own contrast and the parts would not fit together. Attention stays within the part.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from doorways.errors import InputError
from doorways.generators.attention import Attention
from doorways.generators.base import Generator
from doorways.generators.frozen import Chain, FrozenConv
from doorways.generators.normed import Held, Normed
from doorways.transfer import sent

BESIDE = 8
"""Cells encoded beside a part of a picture, and cut off again."""


class PartDecoder:
    """Decodes columns of a latent `[1, c, h, n]`, cells counted from 0 to n - 1 and round again where it wraps.

    Moments are `exact` [2, all groups of all norms]: the mean and the mean square of every group.

    Args:
        generator: a VQGAN or a KL autoencoder.
        most: cells decoded at once, halos included; where that leaves none, parts are one cell wide all the same.
        wraps: whether the canvas goes all around.

    Attributes:
        halo: cells on either side that a cell's pixels depend on, attention aside.
        attends: whether there is attention, which makes a part differ from what it is within the whole.

    Raises:
        InputError: the generator does not decode from place to place.
    """

    def __init__(self, generator: Generator, most: int, *, wraps: bool = False) -> None:
        chain = getattr(generator, "chain", None)
        if chain is None:
            raise InputError(
                f"generator {generator.name}: cannot decode a part of a canvas; take a VQGAN or a KL autoencoder "
                "without conditioned norms (embedded is one), a smaller size, or a larger window"
            )
        self.generator, self.chain, self.most, self.wraps = generator, cast(Chain, chain), most, wraps
        self.halo = halo(self.chain)
        self.attends = any(isinstance(part, Attention) for part in self.chain.modules())
        self.groups = [norm.num_groups for norm in norms(self.chain)]

    def around(self, latent: Tensor, start: int, stop: int, reach: int) -> tuple[Tensor, int, int]:
        """Cells `start` to before `stop` with up to `reach` more on both sides, and how many these are: left, right."""
        cells = latent.shape[3]
        left, right = (reach, reach) if self.wraps else (min(reach, start), min(reach, cells - stop))
        index = torch.arange(start - left, stop + right, device=latent.device) % cells
        return latent.index_select(3, index), left, right

    def decode(self, part: Tensor, moments: Tensor) -> Tensor:
        """The picture of a part [1, c, h, w], its halo included, decoded with `moments`."""
        with holding(self.chain, [Held(own) for own in moments.split(self.groups, 1)]):
            return self.generator.decode(part)

    def tiles(self, cells: int) -> list[tuple[int, int]]:
        """The canvas of so many cells in parts: from which cell to before which."""
        return even_parts(cells, max(1, self.most - 2 * self.halo))

    @torch.no_grad()
    def moments(self, latent: Tensor, start: int, stop: int) -> Tensor:
        """The moments inside one part of the canvas, when it is decoded with its own."""
        part, left, right = self.around(latent, start, stop, self.halo)
        cells = part.shape[3]
        held = [Held(None, (left / cells, right / cells)) for _ in self.groups]
        with holding(self.chain, held):
            self.generator.decode(part)
        return torch.cat([cast(Tensor, own.found) for own in held], 1)

    def survey(self, latent: Tensor) -> Tensor:
        """The moments [tiles, 2, groups] of every tile; `pooled` are nearly those of the canvas decoded at once.

        Nearly, since the norms before have seen one tile, and not all of them. Going over the canvas again with what was
        found held comes nearer slowly, since what is wrong at one norm changes those behind it.
        """
        return torch.stack([self.moments(latent, *tile) for tile in self.tiles(latent.shape[3])])

    def pooled(self, surveyed: Tensor, cells: int) -> Tensor:
        """The moments of a canvas of so many cells from those of its tiles."""
        widths = [stop - start for start, stop in self.tiles(cells)]
        shares = torch.tensor(widths, dtype=surveyed.dtype) / cells
        return torch.einsum("t,tmg->mg", sent(shares, surveyed.device), surveyed)

    @torch.no_grad()
    def pictures(self, latent: Tensor, moments: Tensor) -> Iterator[tuple[int, int, Tensor]]:
        """The picture of every tile, and from which column of pixels to before which it is."""
        factor = self.generator.factor
        for start, stop in self.tiles(latent.shape[3]):
            part, left, right = self.around(latent, start, stop, self.halo)
            picture = self.decode(part, moments)
            yield (
                start * factor,
                stop * factor,
                picture[..., left * factor : picture.shape[3] - right * factor],
            )


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


def encode_canvas(generator: Generator, picture: Tensor, window: int, *, wraps: bool) -> Tensor:
    """The latent of the `picture` [1, 3, H, W] of a canvas.

    All at once; or, where a generator sees from place to place, in parts of at most `window` columns if the canvas is wider
    or goes on over its edges.
    """
    width = picture.shape[3]
    if getattr(generator, "chain", None) is None or (width <= window and not wraps):
        return generator.encode(picture)
    return encode_in_parts(generator, picture, min(width, window), wraps=wraps)


@torch.no_grad()
def encode_in_parts(generator: Generator, picture: Tensor, most: int, *, wraps: bool) -> Tensor:
    """The latent of a wide `picture` [1, 3, H, W], encoded `most` columns at a time, each part with what stands beside it.

    Where it `wraps`, that goes on over the edges. Norms are each part's own, so that parts meet nearly and not exactly.
    """
    factor, width = generator.factor, picture.shape[3]
    latents = []
    for start, stop in even_parts(width // factor, max(1, most // factor)):
        left, right = (BESIDE, BESIDE) if wraps else (min(BESIDE, start), min(BESIDE, width // factor - stop))
        columns = torch.arange((start - left) * factor, (stop + right) * factor, device=picture.device)
        latent = generator.encode(picture.index_select(3, columns % width))
        latents.append(latent[..., left : left + stop - start])
    return torch.cat(latents, 3)


def even_parts(cells: int, most: int) -> list[tuple[int, int]]:
    """So many cells in parts of at most `most`: from which cell to before which.

    >>> even_parts(10, 4)
    [(0, 3), (3, 7), (7, 10)]
    """
    count = math.ceil(cells / most)
    edges = [round(cells * n / count) for n in range(count + 1)]
    return list(itertools.pairwise(edges))


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
    return [normed.norm for normed in _normed(chain)]


@contextmanager
def holding(chain: Chain, held: list[Held] | None = None, *, wraps: bool = False) -> Iterator[None]:
    """Inside, each norm of `chain` does as its `held` says, and convolutions wrap around the edges or do not."""
    normed = _normed(chain) if held is not None else []
    convolutions = [layer for layer in chain.modules() if isinstance(layer, FrozenConv)]
    try:
        for layer in convolutions:
            layer.wraps = wraps
        for one, part in zip(normed, held or [], strict=True):
            one.held = part
        chain.holding = partial(holding, chain, held, wraps=wraps)
        yield
    finally:
        chain.holding = nullcontext
        for layer in convolutions:
            layer.wraps = False
        for one in normed:
            one.held = None


def _normed(chain: Chain) -> list[Normed]:
    """The norms that can be held, in the order of the chain."""
    layers = (layer for layer in chain.modules() if isinstance(layer, FrozenConv | Attention))
    return [layer.before for layer in layers if layer.before is not None]
