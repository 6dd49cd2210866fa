"""Cutouts as a value: where each piece lies, how it is bent and how it is tinted.

A `Cutouts` is drawn once a step, and can be logged, replayed and mirrored. It knows no picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from doorways.errors import InputError


@dataclass(frozen=True, eq=False)
class Cutouts:
    """`n` square pieces of a canvas, `p` pairs among them. Tensors live on the CPU, numbers are float64.

    Lengths are in canvas heights: the canvas is 1 high and `aspect` wide, x runs right and y down.

    Attributes:
        homography: [n, 3, 3], patch coordinates in [-1, 1]^2 (columns x, y, 1) to canvas coordinates; its
            lower right entry is 1, so the middle of the patch shows `centre`.
        size: [n] sides before bending, in heights.
        overview: bool [n], whether the piece shows the whole canvas, letterboxed on mid grey.
        pairs: int64 [p, 2]; the second of each pair is the image of the first under the symmetry.
        colour: [n, 3, 4], what is done to colours: `colour[:, :, :3] @ rgb + colour[:, :, 3]`.
        blur: [n] standard deviations, as fractions of the cutout's side.
        noise: [n] standard deviations in units of the picture's range [0, 1].
        noise_seed: seeds the noise itself; the two of a pair get the same noise.
        aspect: width of the canvas in heights.
        wraps: whether the left edge continues the right one; otherwise pictures reflect at their edges.
    """

    homography: Tensor
    size: Tensor
    overview: Tensor
    pairs: Tensor
    colour: Tensor
    blur: Tensor
    noise: Tensor
    noise_seed: int
    aspect: float
    wraps: bool = False

    def __len__(self) -> int:
        return len(self.size)

    @property
    def centre(self) -> Tensor:
        """[n, 2] what the middle of each patch shows: x in [0, aspect], y in [0, 1]."""
        return self.homography[:, :2, 2]

    def mirrored(self, symmetry_matrix: Tensor) -> Cutouts:
        """The same cutouts of a canvas that the symmetry was applied to: each is replaced by its image.

        Args:
            symmetry_matrix: [3, 3], maps canvas coordinates (columns x, y, 1) onto canvas coordinates.

        Pixels correspond one to one: a cutout of a picture equals the mirrored cutout of the mirrored
        picture, colours, blur and noise included. Where the canvas wraps, centres are brought back into [0,
        aspect).
        """
        image = image_of(self.homography, symmetry_matrix, wrap_at=self.aspect if self.wraps else None)
        return replace(self, homography=image)

    def moved(self, across: Tensor, *, aspect: float, wraps: bool = False) -> Cutouts:
        """The same pieces in the coordinates of another canvas as high, on which they lie `across` further right.

        Args:
            across: [n] or [], in heights.
            aspect: width of the other canvas in heights.
            wraps: whether its left edge continues its right one; centres are then brought into [0, aspect).
        """
        placed = self.homography.clone()
        placed[:, 0] += across.expand(len(self))[:, None] * placed[:, 2]
        if wraps:
            placed = image_of(placed, torch.eye(3), wrap_at=aspect)
        return replace(self, homography=placed, aspect=aspect, wraps=wraps)

    def joined(self, others: Cutouts) -> Cutouts:
        """These and `others` of the same canvas behind them; where pieces lie, since the noise is these' alone."""

        def both(name: str) -> Tensor:
            return torch.cat([getattr(self, name), getattr(others, name)])

        return replace(
            self,
            homography=both("homography"),
            size=both("size"),
            overview=both("overview"),
            pairs=torch.cat([self.pairs, others.pairs + len(self)]),
            colour=both("colour"),
            blur=both("blur"),
            noise=both("noise"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Lists and numbers that JSON holds without loss; `from_dict` gives the same cutouts, bit for bit."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: value.tolist() if isinstance(value, Tensor) else value for key, value in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Cutouts:
        """The cutouts that `to_dict` described.

        Raises:
            InputError: names are missing or unknown.
        """
        names = {field.name for field in fields(cls)}
        if set(values) != names:
            wrong = ", ".join(sorted(set(values) ^ names))
            raise InputError(f"logged cutouts lack or add {wrong}; replay what to_dict() gave, unchanged")
        count = len(values["size"])

        def real(name: str) -> Tensor:
            return torch.tensor(values[name], dtype=torch.float64)

        return cls(
            homography=real("homography").reshape(count, 3, 3),
            size=real("size"),
            overview=torch.tensor(values["overview"], dtype=torch.bool),
            pairs=torch.tensor(values["pairs"], dtype=torch.int64).reshape(-1, 2),
            colour=real("colour").reshape(count, 3, 4),
            blur=real("blur"),
            noise=real("noise"),
            noise_seed=int(values["noise_seed"]),
            aspect=float(values["aspect"]),
            wraps=bool(values["wraps"]),
        )


def image_of(homography: Tensor, symmetry_matrix: Tensor, *, wrap_at: float | None = None) -> Tensor:
    """Homographies [n, 3, 3] followed by a symmetry [3, 3]; centres taken modulo `wrap_at` in x if given."""
    image = symmetry_matrix.to(homography) @ homography
    if wrap_at is None:
        return image
    turns = (image[:, 0, 2] / wrap_at).floor()
    moved = image.clone()
    moved[:, 0] -= (turns * wrap_at)[:, None] * image[:, 2]
    return moved
