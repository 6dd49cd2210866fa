"""One picture laid over another where an area says so, and pictures moved by whole pixels."""

from __future__ import annotations

import torch
from torch import Tensor


def lay(below: Tensor, above: Tensor, area: Tensor) -> Tensor:
    """`above` where `area` [1, 1, H, W] is 1, exactly `below` where it is 0, and a mixture between."""
    return torch.lerp(below, above, area.expand_as(below))


def shift(image: Tensor, right_px: int, down_px: int) -> Tensor:
    """`image` [..., H, W] moved by whole pixels; what comes in from beyond the border is 0."""
    moved = torch.zeros_like(image)
    rows, from_rows = _overlap(image.shape[-2], down_px)
    columns, from_columns = _overlap(image.shape[-1], right_px)
    moved[..., rows, columns] = image[..., from_rows, from_columns]
    return moved


def _overlap(length: int, by: int) -> tuple[slice, slice]:
    """What is filled of an axis that is moved, and with what."""
    first, end = min(max(0, by), length), max(0, min(length, length + by))
    return slice(first, max(first, end)), slice(min(max(0, -by), length), max(0, min(length, length - by)))
