"""The prompt field: how much of each prompt is wanted at every position of the canvas.

Three ways to lie between two prompts, all a partition of unity over the prompts that share the canvas:
linear, smooth (smoothstep) and plateau (flat, with a transition of given width midway). As soon as one prompt has
a y, the shares are proportional to exp(-d^2 / 2 spread^2) instead, d the distance to the prompt's nearest place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Literal, get_args

import torch
from torch import Tensor

from doorways.errors import InputError
from doorways.prompts.places import Site, share_sites
from doorways.prompts.prompt import Place, Prompt

Blend = Literal["linear", "smooth", "plateau"]

_GRID = 256
"""Rows and columns of the grid of midpoints over which means are taken."""


class PromptField:
    """The prompts of a painting as functions on its canvas.

    Args:
        prompts: at least one of them takes a share (`Prompt.takes_share`).
        aspect: width of the canvas in heights.
        blend: the way from one place to the next, where no prompt has a y.
        transition: width of a plateau's transition, as a fraction in [0, 1] of the way between two places.
        spread: standard deviation of a prompt's reach in heights, > 0, where some prompt has a y.
        largest: side of the largest cutout in heights; it moves the outermost default places inwards.
        wraps: whether the right edge goes on at the left one: the last prompt then gives way to the first over the edge.

    Raises:
        InputError: for values out of range, and for a canvas too narrow for the prompts.

    >>> from doorways.prompts import parse_prompts
    >>> field = PromptField(parse_prompts("forest | kelp forest"), aspect=2.0)
    >>> field.shares(torch.tensor([[0.5, 0.5], [1.0, 0.5], [1.75, 0.5]]))
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000],
            [0.0000, 1.0000]])
    """

    def __init__(
        self,
        prompts: Sequence[Prompt],
        *,
        aspect: float,
        blend: Blend = "linear",
        transition: float = 0.2,
        spread: float = 0.35,
        largest: float = 1.0,
        wraps: bool = False,
    ) -> None:
        if blend not in get_args(Blend):
            raise InputError(f"blend {blend!r} is unknown; use one of {', '.join(get_args(Blend))}")
        if not 0 <= transition <= 1:
            raise InputError(
                f"transition {transition}: must be a fraction in 0 to 1 of the way between two prompts; 0.2 is the default"
            )
        if not (math.isfinite(spread) and spread > 0):
            raise InputError(
                f"spread {spread}: must be a finite number of heights above 0; 0.35 is the default"
            )
        self.prompts = tuple(prompts)
        self.aspect = aspect
        self.blend = blend
        self.transition = transition
        self.spread = spread
        self.wraps = wraps
        self.sites = share_sites(self.prompts, aspect=aspect, largest=largest)
        self.has_rows = any(place.y is not None for prompt in self.prompts for place in prompt.places)

    def shares(self, centres: Tensor, overviews: Tensor | None = None) -> Tensor:
        """Each prompt's part of what is wanted around each centre.

        Args:
            centres: [n, 2] in heights; positions off the canvas count as the nearest on it.
            overviews: bool [n], which cutouts see the whole canvas and take the mean of the field instead.

        Returns: [n, m] >= 0, each row with sum 1; 0 for negative and `@all` prompts.
        """
        centres = self._on_canvas(centres)
        shares = self._shares_by_distance(centres) if self.has_rows else self._shares_along(centres[:, 0])
        return shares if overviews is None else _instead(shares, overviews, self.mean_shares())

    def loss_weights(self, centres: Tensor, overviews: Tensor | None = None) -> Tensor:
        """What each prompt's distance to a cutout weighs in the prompt match; below 0 it is pushed away.

        A prompt with a share: share times weight. `@all`, and a negative prompt without a place: its weight everywhere.
        A negative prompt with places: its weight times a bump that is 1 at each place, and 0 at the neighbouring ones.

        Args and Returns: as `shares`, but signed and with no fixed sum.
        """
        canvas = self._on_canvas(centres)
        weights = centres.new_tensor([prompt.weight for prompt in self.prompts])
        reach = self.shares(canvas)
        for index, prompt in enumerate(self.prompts):
            if not prompt.takes_share:
                reach[:, index] = self._bump(index, canvas) if prompt.places else 1.0
        weighted = reach * weights
        return weighted if overviews is None else _instead(weighted, overviews, self.mean_loss_weights())

    def mean_shares(self) -> Tensor:
        """The mean [m] of `shares` over the canvas."""
        return self._means[0]

    def mean_loss_weights(self) -> Tensor:
        """The mean [m] of `loss_weights` over the canvas."""
        return self._means[1]

    @cached_property
    def _means(self) -> tuple[Tensor, Tensor]:
        """Both means over the midpoints of a grid."""
        midpoints = (torch.arange(_GRID, dtype=torch.float64) + 0.5) / _GRID
        centres = torch.cartesian_prod(midpoints * self.aspect, midpoints if self.has_rows else midpoints[:1])
        return self.shares(centres).mean(0), self.loss_weights(centres).mean(0)

    def _shares_along(self, across: Tensor) -> Tensor:
        """Shares [n, m] from x alone: one prompt at each stop, a blend of two stops between them."""
        positions = sorted({site.place.x * self.aspect for site in self.sites})
        values = across.new_zeros(len(positions), len(self.prompts))
        for site in self.sites:
            values[positions.index(site.place.x * self.aspect), site.prompt] = 1
        values = values / values.sum(1, keepdim=True)  # prompts at one and the same place share it evenly
        if len(positions) == 1:
            return values.expand(len(across), -1).clone()
        if self.wraps:  # the last one stands before the first one too, and the first behind the last
            positions = [positions[-1] - self.aspect, *positions, positions[0] + self.aspect]
            values = torch.cat([values[-1:], values, values[:1]])
        stops = across.new_tensor(positions)
        right = torch.searchsorted(stops, across.contiguous()).clamp(1, len(positions) - 1)
        gap = (stops[right] - stops[right - 1]).clamp(min=torch.finfo(stops.dtype).tiny)
        part = self._eased(((across - stops[right - 1]) / gap).clamp(0, 1))[:, None]
        return (1 - part) * values[right - 1] + part * values[right]

    def _eased(self, part: Tensor) -> Tensor:
        """How far over to the next prompt, in [0, 1], when `part` of the way there is gone."""
        if self.blend == "smooth":
            return part * part * (3 - 2 * part)
        if self.blend == "plateau":
            return ((part - 0.5) / max(self.transition, torch.finfo(part.dtype).tiny) + 0.5).clamp(0, 1)
        return part

    def _shares_by_distance(self, centres: Tensor) -> Tensor:
        """Shares [n, m] by the distance to each prompt's nearest place, computed as a softmax so that none is 0 / 0."""
        squared = centres.new_full((len(centres), len(self.prompts)), math.inf)
        for site in self.sites:
            squared[:, site.prompt] = squared[:, site.prompt].minimum(
                self._distance(site.place, centres) ** 2
            )
        return torch.softmax(-squared / (2 * self.spread**2), dim=1)

    def _bump(self, index: int, centres: Tensor) -> Tensor:
        """The bump [n] of a negative prompt over its places: 1 at each, a hat (a Gaussian where some prompt has a y).

        A hat reaches to the nearest place on either side that a sharing prompt was given, has by default, or that is
        the prompt's own; where there is none, to the edge of the canvas. A prompt that rules the whole canvas from its
        default place stands nowhere in particular and stops no hat.
        """
        places = self.prompts[index].places
        if self.has_rows:
            nearest = torch.stack([self._distance(place, centres) for place in places]).amin(0)
            return torch.exp(-(nearest**2) / (2 * self.spread**2))
        neighbours = {site.place.x for site in self.sites if not self._rules_alone(site)} | {
            place.x for place in places
        }
        if self.wraps:
            neighbours |= {x + turn for x in neighbours for turn in (-1, 1)}
        bump = centres.new_zeros(len(centres))
        for place in places:
            left = place.x - max((x for x in neighbours if x < place.x), default=0.0)
            right = min((x for x in neighbours if x > place.x), default=1.0) - place.x
            offset = centres[:, 0] - place.x * self.aspect
            if self.wraps:  # it is to be reached from both sides, and either hat may be the wider one
                offset = offset.remainder(self.aspect)
                bump += torch.maximum(self._hat(offset, right), self._hat(self.aspect - offset, left))
            else:
                bump += torch.where(offset < 0, self._hat(-offset, left), self._hat(offset, right))
        return bump

    def _hat(self, offset: Tensor, reach: float) -> Tensor:
        """1 at an `offset` [n], in heights, of 0, and straight down to 0 at `reach` of the canvas' width."""
        return (1 - offset / max(reach * self.aspect, 1e-6)).clamp(min=0)

    def _rules_alone(self, site: Site) -> bool:
        return len(self.sites) == 1 and not self.prompts[site.prompt].places

    def _distance(self, place: Place, centres: Tensor) -> Tensor:
        """Distance [n] in heights; horizontal where the place has no y."""
        across = self._across(place, centres)
        return across.abs() if place.y is None else across.hypot(centres[:, 1] - place.y)

    def _across(self, place: Place, centres: Tensor) -> Tensor:
        """How far right of a place each centre is, [n] in heights; the short way round where the canvas wraps."""
        across = centres[:, 0] - place.x * self.aspect
        if self.wraps:
            across = (across + self.aspect / 2).remainder(self.aspect) - self.aspect / 2
        return across

    def _on_canvas(self, centres: Tensor) -> Tensor:
        if centres.ndim != 2 or centres.shape[1] != 2:
            raise InputError(f"centres of shape {list(centres.shape)}: must be [n, 2], x and y in heights")
        return torch.stack([centres[:, 0].clamp(0, self.aspect), centres[:, 1].clamp(0, 1)], dim=1)


def _instead(rows: Tensor, where: Tensor, mean: Tensor) -> Tensor:
    """`rows` [n, m] with `mean` [m] in place of those `where` [n] is true."""
    return torch.where(where[:, None].to(rows.device), mean.to(rows), rows)
