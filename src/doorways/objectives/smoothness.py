"""No grain: neighbours alike."""

from __future__ import annotations

from torch import Tensor

from doorways.errors import InputError
from doorways.objectives.objective import Objective


def smoothness(picture: Tensor) -> Tensor:
    """The mean squared difference of neighbouring pixels, across plus down (the Dirichlet energy).

    Args:
        picture: float tensor [1, 3, H, W], sRGB in [0, 1].

    Returns: scalar >= 0; 0 for a flat picture. Differences are taken per hundredth of the picture height, so that a
        smooth picture gives the same value at every resolution: a ramp from 0 to 1 over the height gives 0.0001.
    """
    if picture.ndim != 4 or min(picture.shape[-2:]) < 2:
        raise InputError(
            f"picture of shape {list(picture.shape)}: must be [1, 3, H, W] with H and W of 2 or more"
        )
    across = picture.diff(dim=-1).square().mean()
    down = picture.diff(dim=-2).square().mean()
    return (across + down) * (picture.shape[-2] / 100) ** 2


SMOOTHNESS = Objective("smoothness", "picture", lambda sight: smoothness(sight.picture))
