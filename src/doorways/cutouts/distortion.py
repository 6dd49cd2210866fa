"""Distortion of cutouts: each piece is bent and tinted a little, so that a picture must hold from many views.

There is no free horizontal flip: it would erase left and right. There is no turn of hue: colour words would
lose their meaning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from doorways.errors import InputError

DRAWS = 9
"""Uniform numbers that one cutout's distortion takes."""

LIMITS = {"rotation": 180.0, "shear": 1.0, "perspective": 0.4, "blur": 0.25, "noise": 1.0, "colour": 1.0}

GREY = (0.2126, 0.7152, 0.0722)
"""Luminance weights of red, green and blue (Rec. 709)."""


@dataclass(frozen=True)
class Distortion:
    """The largest distortions; each cutout draws its own between none and these, in both directions.

    Attributes:
        rotation: degrees, in [0, 180].
        shear: sideways shift of the patch's lower edge, in halves of its side, in [0, 1].
        perspective: how much nearer or farther an edge stands than the middle, in [0, 0.4].
        blur: standard deviation as a fraction of the cutout's side, in [0, 0.25].
        noise: standard deviation in units of the range [0, 1], in [0, 1].
        colour: relative change of brightness, contrast and saturation, in [0, 1].
    """

    rotation: float = 5.0
    shear: float = 0.04
    perspective: float = 0.04
    blur: float = 0.005
    noise: float = 0.03
    colour: float = 0.08

    def __post_init__(self) -> None:
        for name, limit in LIMITS.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= limit):
                default = type(self).__dataclass_fields__[name].default
                raise InputError(f"{name} {value:g}: must be in [0, {limit:g}]; use {default:g} or 0")

    @classmethod
    def none(cls) -> Distortion:
        """Pieces as they are."""
        return cls(**{field.name: 0.0 for field in fields(cls)})

    def bend(self, uniform: Tensor) -> Tensor:
        """[n, 3, 3] homographies of the patch [-1, 1]^2 that keep its middle; `uniform` [n, 9] in [0, 1)."""
        angle, shear, tilt_x, tilt_y = (2 * uniform[:, :4] - 1).unbind(1)
        angle = angle * math.radians(self.rotation)
        cos, sin, one, zero = angle.cos(), angle.sin(), torch.ones_like(angle), torch.zeros_like(angle)
        turned = _matrix([[cos, -sin, zero], [sin, cos, zero], [zero, zero, one]])
        sheared = _matrix([[one, shear * self.shear, zero], [zero, one, zero], [zero, zero, one]])
        tilt_x, tilt_y = tilt_x * self.perspective, tilt_y * self.perspective
        tilted = _matrix([[one, zero, zero], [zero, one, zero], [tilt_x, tilt_y, one]])
        return turned @ sheared @ tilted

    def tint(self, uniform: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Colour [n, 3, 4], blur [n] and noise [n] (see `Cutouts`) from the same [n, 9] numbers in [0, 1)."""
        brightness, contrast, saturation = ((2 * uniform[:, 6:9] - 1) * self.colour).unbind(1)
        grey = torch.tensor(GREY, dtype=uniform.dtype).expand(3, 3)
        identity = torch.eye(3, dtype=uniform.dtype)
        mixed = grey + (1 + saturation)[:, None, None] * (identity - grey)
        scaled = (1 + contrast)[:, None, None] * mixed
        offset = (0.5 * brightness - 0.5 * contrast)[:, None, None].expand(-1, 3, 1)
        return torch.cat([scaled, offset], 2), uniform[:, 4] * self.blur, uniform[:, 5] * self.noise


def _matrix(rows: list[list[Tensor]]) -> Tensor:
    return torch.stack([torch.stack(row, -1) for row in rows], -2)
