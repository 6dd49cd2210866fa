"""Maps of the canvas onto itself that pair places: mirror, flip, half turn, and a shift by 1/n of the width.

Canvas coordinates are heights: x in [0, W] from the left, y in [0, 1] from the top, W = width / height.
torch is imported only when a matrix is asked for, so that recipes and the command line stay light.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doorways.errors import InputError
from doorways.registry import symmetries

if TYPE_CHECKING:
    from torch import Tensor


class Symmetry(ABC):
    """A map of the canvas onto itself; a new one gives a name, a matrix and what it does to pixels."""

    wraps: bool = False
    """Whether what leaves on the right comes back on the left."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The spec that `parse_symmetry` turns back into this symmetry."""

    @abstractmethod
    def matrix(self, aspect: float) -> Tensor:
        """The map as a matrix [3, 3] on column vectors (x, y, 1) in heights, on a canvas `aspect` heights wide."""

    @abstractmethod
    def apply(self, picture: Tensor) -> Tensor:
        """The image of a picture [..., H, W], pixel for pixel: what stood at c stands at the image of c."""

    def move(self, points: Tensor, aspect: float) -> Tensor:
        """The images [n, 2] of points [n, 2] in heights, wrapped into [0, aspect) where the symmetry wraps."""
        matrix = self.matrix(aspect).to(points)
        moved = points @ matrix[:2, :2].T + matrix[:2, 2]
        if self.wraps:
            moved[:, 0] = moved[:, 0].remainder(aspect)
        return moved

    def fixed_distance(self, centres: Tensor, aspect: float, *, wraps: bool = False) -> Tensor:
        """How far the symmetry carries each centre: |c - c'| [n] in heights, the short way round if it wraps.

        `wraps` says that the canvas does, whatever the symmetry.

        Zero on the axis (or at the centre of a half turn), where both members of a pair see the same thing.

        >>> import torch
        >>> parse_symmetry("mirror").fixed_distance(torch.tensor([[0.5, 0.2], [1.0, 0.2]]), aspect=2.0)
        tensor([1., 0.])
        """
        across, down = (self.move(centres, aspect) - centres).abs().unbind(-1)
        if self.wraps or wraps:
            across = across.minimum(aspect - across)
        return across.hypot(down)


@dataclass(frozen=True)
class Reflection(Symmetry):
    """Left and right change places, or top and bottom, or both (a half turn)."""

    title: str
    sideways: bool
    upright: bool

    @property
    def name(self) -> str:
        return self.title

    def matrix(self, aspect: float) -> Tensor:
        import torch

        across = (-1.0, 0.0, _checked(aspect)) if self.sideways else (1.0, 0.0, 0.0)
        down = (0.0, -1.0, 1.0) if self.upright else (0.0, 1.0, 0.0)
        return torch.tensor([across, down, (0.0, 0.0, 1.0)])

    def apply(self, picture: Tensor) -> Tensor:
        return picture.flip([dim for dim, turned in ((-2, self.upright), (-1, self.sideways)) if turned])


@dataclass(frozen=True)
class Shift(Symmetry):
    """Everything moves right by 1/`parts` of the width; what leaves on the right comes back on the left.

    On pixels the shift is rounded to whole ones: half a pixel off at most where `parts` does not divide the width.
    """

    parts: int = 2
    wraps = True

    def __post_init__(self) -> None:
        if self.parts < 2:
            raise InputError(
                f"symmetry shift:{self.parts}: the number of parts must be 2 or more; write shift:2"
            )

    @property
    def name(self) -> str:
        return f"shift:{self.parts}"

    def matrix(self, aspect: float) -> Tensor:
        import torch

        return torch.tensor([(1.0, 0.0, _checked(aspect) / self.parts), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])

    def apply(self, picture: Tensor) -> Tensor:
        return picture.roll(round(picture.shape[-1] / self.parts), dims=-1)


def parse_symmetry(spec: str) -> Symmetry:
    """The symmetry that a spec names: `mirror`, `flip`, `half-turn`, `shift` (by a half), `shift:3`, or a plugin's.

    >>> parse_symmetry("shift:3")
    Shift(parts=3)
    """
    name, _, argument = spec.partition(":")
    make = symmetries.get(name.strip())
    symmetry = make(argument.strip()) if callable(make) else None
    if not isinstance(symmetry, Symmetry):
        raise InputError(
            f"a plugin registered {make!r} as symmetry {name.strip()!r}; it must register a function from a text to a "
            "Symmetry"
        )
    return symmetry


def mirror(argument: str = "") -> Symmetry:
    """Left-right."""
    return _without(argument, Reflection("mirror", sideways=True, upright=False))


def flip(argument: str = "") -> Symmetry:
    """Top-bottom."""
    return _without(argument, Reflection("flip", sideways=False, upright=True))


def half_turn(argument: str = "") -> Symmetry:
    """Both at once: the canvas turned by 180 degrees."""
    return _without(argument, Reflection("half-turn", sideways=True, upright=True))


def shift(argument: str = "") -> Symmetry:
    """By 1/n of the width to the right, wrapping around; n = 2 unless given."""
    if argument and not (argument.isascii() and argument.isdigit() and len(argument) <= 4):
        raise InputError(
            f"symmetry shift:{argument}: what follows the colon is a whole number of parts; write shift:3"
        )
    return Shift(int(argument)) if argument else Shift()


def register() -> None:
    """Enters the built-in symmetries; each is a function from what follows the colon of a spec to a Symmetry."""
    for name, make in (("mirror", mirror), ("flip", flip), ("half-turn", half_turn), ("shift", shift)):
        symmetries.register(name, make)


def _without(argument: str, symmetry: Symmetry) -> Symmetry:
    if argument:
        raise InputError(
            f"symmetry {symmetry.name}:{argument}: {symmetry.name} takes no number; leave out :{argument}"
        )
    return symmetry


def _checked(aspect: float) -> float:
    if not (math.isfinite(aspect) and aspect > 0):
        raise InputError(f"aspect {aspect}: must be a finite number above 0; give width / height")
    return aspect
