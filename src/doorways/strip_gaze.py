"""The gaze at a canvas beyond the limit: at each step a strip of a few windows, and of the rest a small picture.

The time and memory of a step are those of the strip, whatever the width of the canvas. What needs the whole canvas
(overviews, tone, edges) sees a small picture of it that is remembered, in which the windows of the step are new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from doorways.canvas import Canvas
from doorways.errors import InputError
from doorways.gaze import Gaze, Glimpse, WholeGaze
from doorways.generators import Generator
from doorways.generators.parts import PartDecoder
from doorways.recipe import Recipe
from doorways.symmetry import Symmetry
from doorways.windows import Strip, Windows

MEMORY = 0.05
"""How much of the remembered moments each step's own replace, once they have settled."""


@dataclass(frozen=True, eq=False)
class StripGlimpse(Glimpse):
    """What a step sees of a wide canvas.

    Attributes:
        moments: of the norms in the windows.
        places: int64, columns of the small picture that are new.
        fresh: [1, 3, h, columns], what they show.
    """

    moments: Tensor
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
        moments: float64 [2, groups of all norms], those of the whole canvas as far as they are known; None before the
            first look.
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
        self.canvas, self.decoder = canvas, PartDecoder(generator, wraps=wraps)
        self.factor, self.limit = generator.factor, limit
        self.windows = Windows(canvas.size, self.factor, limit, symmetry=symmetry, wraps=wraps, phase=phase)
        self.scale = shrinking(canvas.size.width, limit, self.factor)
        self.device = next(self.decoder.chain.parameters()).device
        self.moments: Tensor | None = None
        self.small: Tensor | None = None

    @torch.no_grad()
    def begin(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """The moments and the small picture; at first they are found by going over all of `latent`."""
        if self.moments is None or self.small is None:
            most = self.limit // self.factor
            self.moments = self.decoder.survey(latent, most)
            tiles = self.decoder.tiles(latent, most, self.moments)
            shown = [self._under_mask(tile, start, stop) for start, stop, tile, _ in tiles]
            self.small = torch.cat([F.avg_pool2d(tile, self.scale) for tile in shown], 3)
        return self.moments, self.small

    def look(self, latent: Tensor, rng: torch.Generator, *, step: int, progress: float) -> Glimpse:
        """The windows of this step, the pieces in them, and the small picture for the overviews."""
        moments, small = self.begin(latent)
        strip = self.windows.at(step)
        pieces, overviews = self.windows.draw(self.canvas.sampler, strip, rng, progress)
        columns = strip.columns(self.windows.cells).to(latent.device)
        moving = latent.index_select(3, columns).requires_grad_()
        shown, fresh, found = self._decode(latent, moving, strip, moments)
        places = self._places(strip).to(latent.device)
        # a column is new in few steps only: its gradient counts for those in which it is not
        weight = small.shape[3] / len(places)
        new = fresh.detach() + weight * (fresh - fresh.detach())
        picture = small.index_copy(3, places, new)
        parts = [(shown, self.windows.in_strip(pieces, strip))]
        cutouts = pieces
        if overviews is not None:
            parts.append((picture, overviews))
            cutouts = pieces.joined(overviews)
        return StripGlimpse(moving, columns, picture, cutouts, tuple(parts), found, places, fresh.detach())

    def _decode(
        self, latent: Tensor, moving: Tensor, strip: Strip, moments: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The strip [1, 3, H, w], its windows at the small picture's scale, and their moments."""
        factor, begun = self.factor, 0
        shown, fresh, found = [], [], torch.zeros_like(moments)
        for segment in strip.segments:
            width = segment.stop - segment.start
            around = torch.arange(segment.start - segment.left, segment.stop + segment.right)
            around = (around % self.windows.cells).to(latent.device)
            cells = [
                latent.index_select(3, around[: segment.left]),
                moving[..., begun : begun + width],
                latent.index_select(3, around[segment.left + width :]),
            ]
            part, of_part = self.decoder.decode(torch.cat(cells, 3), segment.left, segment.right, moments)
            pixels = (around[:, None] * factor + torch.arange(factor, device=latent.device)).flatten()
            part = self.canvas.masked(part, pixels)
            shown.append(part)
            inner = part[..., segment.left * factor : (segment.left + width) * factor]
            fresh.append(F.avg_pool2d(inner, self.scale))
            found += width / moving.shape[3] * of_part
            begun += width
        return torch.cat(shown, 3), torch.cat(fresh, 3), found

    def _places(self, strip: Strip) -> Tensor:
        """Which columns of the small picture the windows show."""
        each = self.factor // self.scale
        return (strip.columns(self.windows.cells)[:, None] * each + torch.arange(each)).flatten()

    def _under_mask(self, picture: Tensor, start: int, stop: int) -> Tensor:
        """The part of the canvas from cell `start` to before `stop`, under the mask."""
        pixels = torch.arange(start * self.factor, stop * self.factor, device=picture.device)
        return self.canvas.masked(picture, pixels)

    @torch.no_grad()
    def remember(self, glimpse: Glimpse) -> None:
        """The windows' moments become part of the canvas', and they are what the small picture shows from now on."""
        assert isinstance(glimpse, StripGlimpse)
        assert self.moments is not None
        assert self.small is not None
        self.moments.lerp_(glimpse.moments, MEMORY)
        self.small.index_copy_(3, glimpse.places, glimpse.fresh)

    @torch.no_grad()
    def picture(self, latent: Tensor, moving: Tensor) -> Tensor:
        """The picture of `latent`, decoded part by part with its own moments, which are near those remembered."""
        most = self.limit // self.factor
        moments = self.decoder.survey(latent, most, self.begin(moving)[0], passes=1)
        return self.canvas.masked(self.decoder.picture(latent, most, moments))

    def tensors(self) -> dict[str, Tensor]:
        """The moments and the small picture, once there are any."""
        if self.moments is None or self.small is None:
            return {}
        return {"gaze.moments": self.moments, "gaze.small": self.small}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Goes on from copies of both; where there are none, the next look finds them."""
        self.moments, self.small = (
            tensors[name].to(self.device, copy=True) if name in tensors else None
            for name in ("gaze.moments", "gaze.small")
        )


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
