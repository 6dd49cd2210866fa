"""The gaze at a canvas beyond the limit: at each step a strip of a few windows, and of the rest a small picture.

The time and memory of a step are those of the strip, whatever the width of the canvas. What needs the whole canvas
(overviews, tone, edges) sees a small picture of it that is remembered, in which the windows of the step are new.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from doorways.canvas import Canvas
from doorways.errors import InputError
from doorways.gaze import Gaze, Glimpse, WholeGaze
from doorways.generators import Generator
from doorways.generators.parts import PartDecoder, encode_canvas
from doorways.recipe import Recipe
from doorways.symmetry import Symmetry
from doorways.transfer import exact, sent
from doorways.windows import Strip, Windows

REFRESH = 5
"""Every so many steps the moments of one tile of the canvas are found anew, one tile after the other."""


@dataclass(frozen=True, eq=False)
class StripGlimpse(Glimpse):
    """What a step sees of a wide canvas.

    Attributes:
        places: int64, columns of the small picture that are new.
        fresh: [1, 3, h, columns], what they show.
    """

    places: Tensor
    fresh: Tensor


class StripGaze:
    """A few windows are decoded at every step.

    Args:
        symmetry: in whose pairs pieces come; None where no places are compared.
        limit: columns of pixels decoded at once.
        wraps: whether the canvas goes all around.
        phase: in [0, 1), where the first window stands.

    Attributes:
        moments: `exact` [tiles, 2, groups of all norms], those of each tile of the canvas when it was last surveyed; None
            before the first look.
        small: [1, 3, H / k, W / k], the canvas as it was seen last.

    Raises:
        InputError: the generator, the border, the symmetry or the limit do not allow for windows.
    """

    def __init__(
        self,
        canvas: Canvas,
        generator: Generator,
        symmetry: Symmetry | None,
        *,
        limit: int,
        wraps: bool,
        phase: float = 0.0,
    ) -> None:
        sampler = canvas.sampler
        if sampler.border != ("wrap" if wraps else "clamp"):
            raise InputError(
                f"border {sampler.border}: a canvas wider than the window of {limit} is painted in parts, which end at "
                f"the edges or go all around; leave out border, or give wrap, or window {canvas.size.width}"
            )
        if sampler.overviews == sampler.count:
            raise InputError(
                f"overviews {sampler.overviews}: are all pieces, which leaves none for the windows of a canvas wider "
                f"than {limit}; ask for fewer of them, or for more cutouts"
            )
        self.canvas, self.decoder = canvas, PartDecoder(generator, limit // generator.factor, wraps=wraps)
        self.factor, self.limit = generator.factor, limit
        self.windows = Windows(canvas.size, self.factor, limit, symmetry=symmetry, wraps=wraps, phase=phase)
        self.scale = shrinking(canvas.size.width, limit, self.factor)
        self.device = next(self.decoder.chain.parameters()).device
        self.moments: Tensor | None = None
        self.small: Tensor | None = None

    @torch.no_grad()
    def begin(self, latent: Tensor) -> None:
        """Goes over all of `latent` at first, for the moments and the small picture."""
        if self.moments is not None:
            return
        moments = self.decoder.survey(latent)
        tiles = self.decoder.pictures(latent, self.decoder.pooled(moments, latent.shape[3]))
        small = [F.avg_pool2d(self._under_mask(tile, start, stop), self.scale) for start, stop, tile in tiles]
        self.moments, self.small = moments, torch.cat(small, 3)

    def refreshed(self, latent: Tensor, step: int) -> Tensor:
        """The moments of the canvas; every `REFRESH` steps one tile's are found again."""
        assert self.moments is not None
        turn, rest = divmod(step, REFRESH)
        if rest == 0:
            tiles = self.decoder.tiles(latent.shape[3])
            tile = turn % len(tiles)
            self.moments[tile] = self.decoder.moments(latent, *tiles[tile])
        return self.decoder.pooled(self.moments, latent.shape[3])

    def look(self, latent: Tensor, rng: torch.Generator, *, step: int, progress: float) -> Glimpse:
        """The windows of this step, the pieces in them, and the small picture for the overviews."""
        self.begin(latent)
        assert self.small is not None
        small, moments = self.small, self.refreshed(latent, step)
        strip = self.windows.at(step)
        pieces, overviews = self.windows.draw(self.canvas.sampler, strip, rng, progress)
        columns = sent(strip.columns(self.windows.cells), latent.device)
        moving = latent.index_select(3, columns).requires_grad_()
        shown, fresh = self._decode(latent, moving, strip, moments)
        places = sent(self._places(strip), latent.device)
        # a column is new in few steps only: its gradient counts for those in which it is not
        weight = small.shape[3] / len(places)
        new = fresh.detach() + weight * (fresh - fresh.detach())
        picture = small.index_copy(3, places, new)
        parts = [(shown, self.windows.in_strip(pieces, strip))]
        cutouts = pieces
        if overviews is not None:
            parts.append((picture, overviews))
            cutouts = pieces.joined(overviews)
        return StripGlimpse(moving, columns, picture, cutouts, tuple(parts), places, fresh.detach())

    def _decode(self, latent: Tensor, moving: Tensor, strip: Strip, moments: Tensor) -> tuple[Tensor, Tensor]:
        """The strip [1, 3, H, w], and its windows at the small picture's scale."""
        factor, begun = self.factor, 0
        shown, fresh = [], []
        for segment in strip.segments:
            width = segment.stop - segment.start
            around = torch.arange(segment.start - segment.left, segment.stop + segment.right)
            around = sent(around % self.windows.cells, latent.device)
            cells = [
                latent.index_select(3, around[: segment.left]),
                moving[..., begun : begun + width],
                latent.index_select(3, around[segment.left + width :]),
            ]
            part = self.decoder.decode(torch.cat(cells, 3), moments)
            pixels = (around[:, None] * factor + torch.arange(factor, device=latent.device)).flatten()
            part = self.canvas.masked(part, pixels)
            shown.append(part)
            inner = part[..., segment.left * factor : (segment.left + width) * factor]
            fresh.append(F.avg_pool2d(inner, self.scale))
            begun += width
        return torch.cat(shown, 3), torch.cat(fresh, 3)

    def _places(self, strip: Strip) -> Tensor:
        """Which columns of the small picture the windows show."""
        each = self.factor // self.scale
        return (strip.columns(self.windows.cells)[:, None] * each + torch.arange(each)).flatten()

    def _under_mask(self, picture: Tensor, start: int, stop: int) -> Tensor:
        """The part of the canvas from column `start` to before `stop`, under the mask."""
        pixels = torch.arange(start, stop, device=picture.device)
        return self.canvas.masked(picture, pixels)

    @torch.no_grad()
    def remember(self, glimpse: Glimpse) -> None:
        """What the windows showed is what the small picture shows from now on."""
        assert isinstance(glimpse, StripGlimpse)
        assert self.small is not None
        self.small.index_copy_(3, glimpse.places, glimpse.fresh)

    @torch.no_grad()
    def picture(self, latent: Tensor) -> Tensor:
        """The picture of `latent`, tile by tile with its own moments."""
        moments = self.decoder.pooled(self.decoder.survey(latent), latent.shape[3])
        picture = latent.new_empty(1, 3, self.canvas.size.height, self.canvas.size.width)
        for start, stop, tile in self.decoder.pictures(latent, moments):
            picture[..., start:stop] = self._under_mask(tile, start, stop)
        return picture

    def encode(self, picture: Tensor) -> Tensor:
        """The latent of `picture`, as many columns at a time as are decoded at once."""
        return encode_canvas(self.decoder.generator, picture, self.limit, wraps=self.decoder.wraps)

    def copy(self) -> StripGaze:
        """Another one with moments and a small picture of its own."""
        other = copy(self)
        other.load(self.tensors())
        return other

    def tensors(self) -> dict[str, Tensor]:
        """The moments and the small picture, once there are any."""
        if self.moments is None or self.small is None:
            return {}
        return {"gaze.moments": self.moments, "gaze.small": self.small}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Goes on from copies of both; where there are none, the next look finds them."""
        moments, small = (tensors.get(name) for name in ("gaze.moments", "gaze.small"))
        self.moments = None if moments is None else moments.to(self.device, exact(self.device), copy=True)
        self.small = None if small is None else small.to(self.device, copy=True)


def shrinking(width: int, limit: int, factor: int) -> int:
    """How many pixels wide what the small picture shows in one is: a power of 2 that a cell holds, to fit the limit.

    >>> shrinking(16384, 2048, 8), shrinking(3000, 2048, 8), shrinking(65536, 2048, 8)
    (8, 2, 8)
    """
    scale = 1
    while scale * limit < width and factor % (2 * scale) == 0:
        scale *= 2
    return scale


def open_gaze(
    canvas: Canvas, generator: Generator, recipe: Recipe, symmetry: Symmetry, *, paired: bool
) -> Gaze:
    """How a canvas of a recipe is looked at: as a whole where it fits the window, in strips where it does not."""
    if canvas.size.width <= recipe.window:
        return WholeGaze(canvas, generator, symmetry, paired=paired, wraps=recipe.wrap)
    phase = float(torch.rand((), generator=torch.Generator().manual_seed(recipe.seed)))
    return StripGaze(
        canvas,
        generator,
        symmetry if paired else None,
        limit=recipe.window,
        wraps=recipe.wrap,
        phase=phase,
    )
