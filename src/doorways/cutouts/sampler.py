"""Where cutouts fall: drawn so that no column of the canvas is starved.

Offsets drawn uniformly inside the picture show the outermost column of a 3:1 canvas to 0.12 % of the cutouts
and the middle one to 31 %, and the prompt at the edge is never seen alone ("Doorways", Moulton 2021, and
every sampler of its kind). Here centres are drawn over a span wider than the canvas and pressed back into it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor

from doorways.cutouts.distortion import DRAWS, Distortion
from doorways.cutouts.geometry import Cutouts, image_of
from doorways.cutouts.sizes import SizeLaw
from doorways.errors import InputError

Border = Literal["clamp", "reflect", "wrap"]
Real = torch.float64

PLACING = 6
"""Uniform numbers that one cutout's place takes: class, size, x, y, size again, which of a pair is drawn."""


@dataclass(frozen=True)
class CutoutSampler:
    """Draws the cutouts of a step.

    Attributes:
        aspect: width of the canvas in heights, > 0.
        sizes: the law of their sizes.
        count: cutouts a step, both members of a pair and the overviews counted, >= 1.
        overviews: how many of them show the whole canvas, in [0, count].
        border: "clamp" keeps cutouts inside the canvas (what bending moves over an edge is reflected);
            "reflect" lets them overhang it, and shows the reflection there: every place is seen equally
            often; "wrap" lets them pass over the left and right edges, which meet as in a view all around,
            and keeps them inside top and bottom: every column is seen equally often.
        distortion: how much they are bent and tinted.
    """

    aspect: float
    sizes: SizeLaw
    count: int = 32
    overviews: int = 2
    border: Border = "clamp"
    distortion: Distortion = field(default_factory=Distortion)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.aspect) and self.aspect > 0):
            raise InputError(
                f"aspect {self.aspect:g}: width / height of a canvas must be finite and > 0; use 2"
            )
        if self.count < 1:
            raise InputError(f"cutouts {self.count}: a step needs at least 1 cutout; use 32")
        if not 0 <= self.overviews <= self.count:
            raise InputError(
                f"overviews {self.overviews}: must be in [0, {self.count}], the number of cutouts; use 2"
            )
        if self.border not in get_args(Border):
            raise InputError(
                f"border {self.border!r}: must be one of {', '.join(get_args(Border))}; use clamp"
            )

    def draw(
        self,
        rng: torch.Generator,
        *,
        progress: float = 0.0,
        symmetry_matrix: Tensor | None = None,
        wraps: bool = False,
    ) -> Cutouts:
        """The cutouts of one step, in the order: firsts of pairs, seconds of pairs, singles, overviews.

        Args:
            rng: the painting's own generator, on the CPU; it advances alike whatever is asked for.
            progress: fraction of the run that is done, in [0, 1].
            symmetry_matrix: [3, 3] on canvas coordinates; if given, all but the overviews come in pairs, and
                an odd one stays single. Which of a pair is drawn and which is its image is random.
            wraps: whether the symmetry carries things over the left and right edges (a shift does).
        """
        uniform = torch.rand(self.count, PLACING + DRAWS, generator=rng, dtype=Real)
        noise_seed = int(torch.randint(2**62, (), generator=rng))
        wraps = wraps or self.border == "wrap"
        pieces = self.count - self.overviews
        paired = pieces // 2 if symmetry_matrix is not None else 0
        drawn = pieces - paired

        centre, size = self._place(uniform[:drawn, :PLACING], progress)
        bent = _standing(centre, size) @ self.distortion.bend(uniform[:drawn, PLACING:])
        first, second = bent[:paired], bent[:0]
        if symmetry_matrix is not None:
            symmetry, wrap_at = symmetry_matrix.to("cpu", Real), self.aspect if wraps else None
            swapped = (uniform[:paired, 5] < 0.5)[:, None, None]
            first = torch.where(swapped, image_of(first, symmetry.inverse(), wrap_at=wrap_at), bent[:paired])
            second = torch.where(swapped, bent[:paired], image_of(bent[:paired], symmetry, wrap_at=wrap_at))
        whole, whole_size = self._overviews(uniform[drawn : drawn + self.overviews, PLACING:])

        twins = torch.arange(paired)
        rows = torch.cat([twins, torch.arange(drawn + self.overviews)])
        colour, blur, noise = self.distortion.tint(uniform[rows, PLACING:])
        return Cutouts(
            homography=torch.cat([first, second, bent[paired:], whole]),
            size=torch.cat([size[:paired], size, whole_size]),
            overview=torch.arange(self.count) >= pieces,
            pairs=torch.stack([twins, twins + paired], 1),
            colour=colour,
            blur=blur,
            noise=noise,
            noise_seed=noise_seed,
            aspect=self.aspect,
            wraps=wraps,
        )

    def _place(self, uniform: Tensor, progress: float) -> tuple[Tensor, Tensor]:
        """Centres [n, 2] and sizes [n] in heights, before bending.

        Inside the canvas a centre is drawn in [-s/2, L + s/2] along each axis of length L and pressed into
        [s/2, L - s/2]: the outermost column is seen L / (L + s) times as often as the average. One pressed
        into a corner, against an edge of both axes, would show the same square again and again: it draws its
        size once more, between half and all of it, and stays in the corner. (Against one edge alone it still
        varies along the other; nearly every large cutout of a panorama is pressed against top or bottom.)
        Along an axis where cutouts may overhang, centres are uniform in [0, L].
        """
        lengths = torch.tensor([self.aspect, 1.0], dtype=Real)
        size = self.sizes.draw(uniform[:, 0], uniform[:, 1], progress) * lengths.min()
        inside = torch.tensor([self.border == "clamp", self.border != "reflect"])
        margin = size[:, None] / 2 * inside
        spot = uniform[:, 2:4] * (lengths + 2 * margin) - margin
        before, after = spot < margin, spot > lengths - margin
        cornered = (before | after).all(1)
        size = torch.where(cornered, size * (1 + uniform[:, 4]) / 2, size)
        margin = size[:, None] / 2 * inside
        return torch.where(before, margin, torch.where(after, lengths - margin, spot)), size

    def _overviews(self, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Homographies [o, 3, 3] and sides [o] of bent squares that just hold the whole canvas."""
        side = torch.full((len(uniform),), max(self.aspect, 1.0), dtype=Real)
        middle = torch.tensor([self.aspect / 2, 0.5], dtype=Real).expand(len(uniform), 2)
        bent = _standing(middle, side) @ self.distortion.bend(uniform)
        corners = torch.tensor([[0, 0, 1], [0, 1, 1], [self.aspect, 0, 1], [self.aspect, 1, 1]], dtype=Real)
        seen = bent.inverse() @ corners.T
        reach = (seen[:, :2] / seen[:, 2:]).abs().amax((1, 2))
        zoom = torch.stack([reach, reach, torch.ones_like(reach)], 1)
        return bent * zoom[:, None, :], side * reach


def _standing(centre: Tensor, size: Tensor) -> Tensor:
    """[n, 3, 3] upright squares around centres [n, 2] with sides [n]."""
    placed = torch.eye(3, dtype=Real).repeat(len(size), 1, 1)
    placed[:, 0, 0] = placed[:, 1, 1] = size / 2
    placed[:, :2, 2] = centre
    return placed
