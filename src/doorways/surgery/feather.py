"""Soft edges: areas that fade, and areas that grow, by whole pixels. All areas are [1, 1, H, W] in [0, 1]."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad


def soften(area: Tensor, width_px: float) -> Tensor:
    """`area` with edges that fade over about `width_px`, half of it inside and half outside.

    The mean over a square, taken twice: exactly 1 and 0 where no edge is nearer than half the width (rounded to
    pixels). The picture's own border is no edge: what touches it does not fade there.
    """
    reach = round(width_px / 4)
    return _mean(_mean(area, reach), reach).clamp(0, 1) if reach else area


def grow(area: Tensor, reach_px: float) -> Tensor:
    """`area` with all that lies within `reach_px` of it, measured along rows and along columns."""
    reach = round(reach_px)
    if not reach:
        return area
    across = max_pool2d(area, (1, 2 * reach + 1), stride=1, padding=(0, reach))
    return max_pool2d(across, (2 * reach + 1, 1), stride=1, padding=(reach, 0))


def _mean(area: Tensor, reach: int) -> Tensor:
    """The mean over squares of 2 `reach` + 1 pixels, in float64: sums of ones are whole numbers there."""
    side = 2 * reach + 1
    padded = pad(area.double(), (reach,) * 4, mode="replicate")
    across = avg_pool2d(padded, (1, side), stride=1)
    return avg_pool2d(across, (side, 1), stride=1).to(area)
