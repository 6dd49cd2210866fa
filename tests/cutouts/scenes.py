"""Pictures, symmetries and samplers that the tests of cutouts look at."""

from __future__ import annotations

import torch
from torch import Tensor

from doorways.cutouts import CutoutSampler, Distortion, SizeLaw
from doorways.schedule import Schedule


def law(large: float | str = 0.7, medium: float | str = 0.25, small: float | str = 0.05) -> SizeLaw:
    return SizeLaw(Schedule.parse(large), Schedule.parse(medium), Schedule.parse(small))


def fixed(size: float) -> SizeLaw:
    return SizeLaw(Schedule.parse(1), Schedule.parse(1), Schedule.parse(1), size_range=(size, size))


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise_picture(width: int, height: int, *, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(1, 3, height, width, generator=rng(seed), dtype=torch.float64).to(dtype)


def plain(aspect: float, **settings: object) -> CutoutSampler:
    """A sampler whose pieces are neither bent nor tinted."""
    settings = {"sizes": law(), "distortion": Distortion.none(), **settings}
    return CutoutSampler(aspect, **settings)  # type: ignore[arg-type]


def mirror_matrix(aspect: float) -> Tensor:
    return torch.tensor([[-1, 0, aspect], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)


def flip_matrix(aspect: float) -> Tensor:
    return torch.tensor([[1, 0, 0], [0, -1, 1], [0, 0, 1]], dtype=torch.float64)


def half_turn_matrix(aspect: float) -> Tensor:
    return mirror_matrix(aspect) @ flip_matrix(aspect)


def shift_matrix(aspect: float) -> Tensor:
    return torch.tensor([[1, 0, aspect / 4], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)


SYMMETRIES = {
    "mirror": (mirror_matrix, lambda picture: picture.flip(3), False),
    "flip": (flip_matrix, lambda picture: picture.flip(2), False),
    "half-turn": (half_turn_matrix, lambda picture: picture.flip(2, 3), False),
    "shift": (shift_matrix, lambda picture: picture.roll(picture.shape[3] // 4, 3), True),
}
"""Of each: its matrix for an aspect, what it does to a picture, and whether it wraps."""
