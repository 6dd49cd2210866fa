"""Cutouts: the square pieces of a picture that a perceptor sees."""

from __future__ import annotations

from doorways.cutouts.distortion import Distortion
from doorways.cutouts.geometry import Cutouts
from doorways.cutouts.pyramid import Pyramid, build_pyramid
from doorways.cutouts.resample import cut, finest_level
from doorways.cutouts.sampler import Border, CutoutSampler
from doorways.cutouts.sizes import SizeLaw

__all__ = [
    "Border",
    "CutoutSampler",
    "Cutouts",
    "Distortion",
    "Pyramid",
    "SizeLaw",
    "build_pyramid",
    "cut",
    "finest_level",
]
