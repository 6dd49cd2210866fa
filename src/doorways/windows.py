"""Windows: which columns of a wide canvas a step decodes, and where its cutouts lie among them.

A step on a canvas beyond the limit decodes one window, or where places are compared a window and its image under
the symmetry. They stand side by side in a strip of bounded width, each with a halo of its true neighbours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from doorways.cutouts import Cutouts, CutoutSampler
from doorways.errors import InputError
from doorways.size import Size
from doorways.symmetry import Symmetry

HALO = 6
"""Cells decoded beside a window at most, and cut off for the picture: what lies further off changes the embedded
generator's pixels little, though its convolutions reach 15 cells."""

GOLDEN = (math.sqrt(5) - 1) / 2
"""The steps' windows stand at multiples of it, modulo 1: as evenly spread after any number of steps as can be."""


@dataclass(frozen=True)
class Window:
    """Cells `start` to before `stop` of the canvas, counted on over the right edge where it wraps."""

    start: int
    stop: int

    @property
    def width(self) -> int:
        """In cells."""
        return self.stop - self.start


@dataclass(frozen=True)
class Segment:
    """Cells of the canvas that are decoded at once, and where they stand in the strip.

    Attributes:
        start, stop: as of a window.
        left, right: cells of halo on both sides.
        at: of the strip, where `start` stands.
    """

    start: int
    stop: int
    left: int
    right: int
    at: int


@dataclass(frozen=True)
class Strip:
    """The windows of a step, side by side.

    Attributes:
        drawn: the window that cutouts are drawn in.
        segments: all that is decoded, from left to right; a window is one, or two where it passes an edge that
            does not wrap.
        width: in cells.
    """

    drawn: Window
    segments: tuple[Segment, ...]
    width: int

    def columns(self, cells: int) -> Tensor:
        """int64: which of the canvas' `cells` are in the windows, halos aside, in the order of the strip."""
        parts = [torch.arange(segment.start, segment.stop) % cells for segment in self.segments]
        return torch.cat(parts)


class Windows:
    """The windows of a canvas.

    Args:
        size: of the canvas in pixels.
        factor: pixels per cell.
        limit: columns of pixels decoded at once, halos included.
        symmetry: whose images are decoded too, or None where no places are compared.
        wraps: whether the canvas goes all around.
        phase: in [0, 1), where the first window stands.

    Raises:
        InputError: windows are narrower than the canvas is high; the symmetry turns columns into something else.
    """

    def __init__(
        self,
        size: Size,
        factor: int,
        limit: int,
        *,
        symmetry: Symmetry | None = None,
        wraps: bool = False,
        phase: float = 0.0,
    ) -> None:
        self.size, self.factor, self.symmetry, self.phase = size, factor, symmetry, phase
        self.wraps = wraps
        self.joins = wraps or (symmetry is not None and symmetry.wraps)
        """Whether pieces may pass over the left and right edges."""
        self.cells, self.most = size.width // factor, limit // factor
        self.cell = factor / size.height
        """Width of a cell in heights."""
        if symmetry is not None:
            self.matrix = symmetry.matrix(size.aspect).double()
            across = self.matrix[0]
            if abs(across[0].abs() - 1) > 1e-6 or across[1] != 0 or (self.matrix[2, :2] != 0).any():
                raise InputError(
                    f"symmetry {symmetry.name}: does not map columns onto columns, so that a canvas of {size} cannot "
                    f"be painted in windows; take another symmetry, or window {size.width}"
                )
        paired = symmetry is not None and self.image(Window(0, 1)) != Window(0, 1)
        count, spare = (2, 1) if paired else (1, 0)
        self.inner = (self.most - spare) // count - 2 * HALO
        """Cells that a window shows."""
        if self.inner * factor < size.height:
            least = (math.ceil(size.height / factor) + 2 * HALO) * count + spare
            raise InputError(
                f"window {limit}: a canvas {size.height} high needs {least * factor} or more{' for pairs' * paired}, "
                "so that its largest pieces fit in; use that, or a canvas less high"
            )

    def at(self, step: int) -> Strip:
        """The strip of a step, counted from 0."""
        drawn = self.place((self.phase + step * GOLDEN) % 1)
        windows = [drawn]
        if self.symmetry is not None:
            image = self.image(drawn)
            together = self._together(drawn, image)
            windows = [together] if together else sorted((drawn, image), key=lambda window: window.start)
        segments, at = [], 0
        for window in windows:
            for start, stop, left, right in self._split(window):
                segments.append(Segment(start, stop, left, right, at + left))
                at += left + stop - start + right
        return Strip(drawn, tuple(segments), at)

    def place(self, spot: float) -> Window:
        """The window at `spot` in [0, 1).

        All around every place is as likely. Otherwise it is drawn from a span wider than the canvas and pressed back
        into it, as cutouts are: the outermost column is visited as often as an inner one, and none more than twice as often.
        """
        if self.wraps:
            start = math.floor(spot * self.cells)
        else:
            start = math.floor(spot * (self.cells + self.inner + 1)) - self.inner
            start = min(max(start, 0), self.cells - self.inner)
        return Window(start, start + self.inner)

    def image(self, window: Window) -> Window:
        """What the symmetry makes of a window, in whole cells; over the edge it goes on at the other one."""
        across = self.matrix[0]
        ends = sorted(
            float(across[0]) * end + float(across[2]) / self.cell for end in (window.start, window.stop)
        )
        start, stop = math.floor(ends[0] + 1e-3), math.ceil(ends[1] - 1e-3)
        turns = start // self.cells if self.joins else 0
        return Window(start - turns * self.cells, stop - turns * self.cells)

    def _together(self, one: Window, other: Window) -> Window | None:
        """Both as one window where they meet, or where what is between would be halo on both sides."""
        for first, second in ((one, other), (other, one)):
            offset = second.start - first.start
            offset = offset % self.cells if self.joins else offset
            if 0 <= offset <= first.width + 2 * HALO:
                return Window(first.start, first.start + max(first.width, offset + second.width))
        return None

    def _split(self, window: Window) -> list[tuple[int, int, int, int]]:
        """Start, stop, halo on the left and on the right of what is decoded of a window at once."""
        if self.wraps:
            return [(window.start, window.stop, HALO, HALO)]
        cells = self.cells
        ends = [(window.start, min(window.stop, cells)), (0, window.stop - cells)]
        return [
            (start, stop, min(HALO, start) if not n else 0, min(HALO, cells - stop))
            for n, (start, stop) in enumerate(ends)
            if stop > start
        ]

    def draw(
        self, sampler: CutoutSampler, strip: Strip, rng: torch.Generator, progress: float
    ) -> tuple[Cutouts, Cutouts | None]:
        """The cutouts of a step in the canvas' coordinates: those in the windows, and those of the whole canvas.

        Args:
            sampler: of the whole canvas; inside a window pieces do not overhang.
        """
        cell, drawn, aspect = self.cell, strip.drawn, self.size.aspect
        start = torch.tensor(drawn.start * cell, dtype=torch.float64)
        within = replace(
            sampler,
            aspect=drawn.width * cell,
            count=max(1, sampler.count - sampler.overviews),
            overviews=0,
            border="clamp",
        )
        local = within.draw(rng, progress=progress, symmetry_matrix=self._matrix_from(start))
        pieces = local.moved(start, aspect=aspect, wraps=self.joins)
        if self.symmetry is not None:
            pieces = self._inside(pieces, strip)
        if not sampler.overviews:
            return pieces, None
        whole = replace(sampler, count=sampler.overviews).draw(rng, progress=progress)
        return pieces, replace(whole, wraps=self.joins)

    def _matrix_from(self, start: Tensor) -> Tensor | None:
        """The symmetry in coordinates that begin at `start`."""
        if self.symmetry is None:
            return None
        there, back = torch.eye(3, dtype=torch.float64), torch.eye(3, dtype=torch.float64)
        there[0, 2], back[0, 2] = start, -start
        return back @ self.matrix @ there

    def _inside(self, pieces: Cutouts, strip: Strip) -> Cutouts:
        """Pairs of which the second was drawn, and the first lies beyond the windows, taken on by the symmetry.

        So it is where the symmetry twice is not where one was: a shift by a third.
        """
        firsts, seconds = pieces.pairs.unbind(1)
        away = self.shift(pieces.centre[firsts], strip).isnan()
        image = pieces.mirrored(self.matrix).homography
        placed = pieces.homography.clone()
        for members in (firsts[away], seconds[away]):
            placed[members] = image[members]
        return replace(pieces, homography=placed)

    def shift(self, centres: Tensor, strip: Strip) -> Tensor:
        """[n] heights from where centres [n, 2] are on the canvas to where they are in the strip; NaN if they are not."""
        cells = centres[:, 0] / self.cell
        shifts = torch.full_like(cells, math.nan)
        for segment in strip.segments:
            offset = cells - segment.start
            offset = offset.remainder(self.cells) if self.joins else offset
            inside = (offset >= 0) & (offset <= segment.stop - segment.start)
            shifts = torch.where(inside, segment.at + offset - cells, shifts)
        return shifts * self.cell

    def in_strip(self, pieces: Cutouts, strip: Strip) -> Cutouts:
        """Pieces of the canvas that lie in its windows, in the strip's coordinates."""
        return pieces.moved(self.shift(pieces.centre, strip), aspect=strip.width * self.cell)
