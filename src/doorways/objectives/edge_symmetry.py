"""Outlines in the same places on both sides."""

from __future__ import annotations

from torch import Tensor

from doorways.objectives.filters import blur, edges, grey
from doorways.objectives.objective import Objective
from doorways.symmetry import Symmetry


def edge_symmetry(picture: Tensor, symmetry: Symmetry, *, sigma: float = 0.02) -> Tensor:
    """Mean squared difference between the blurred Sobel magnitude and its own image under `symmetry`.

    Args:
        picture: float tensor [1, 3, H, W], sRGB in [0, 1].
        sigma: blur radius as a fraction of the picture height. Magnitudes are measured in tone per blur radius, so
            that the same picture gives about the same value at every resolution.

    Returns: scalar >= 0; 0 for a picture that the symmetry maps onto itself.

    "Doorways" (Moulton 2021), where it proved easy to cheat: noise everywhere satisfies it, and so does a blur.
    Kept for completeness and for mixing with the others.
    """
    sigma_px = sigma * picture.shape[-2]
    outlines = edges(grey(picture), wraps=symmetry.wraps) * sigma_px
    difference = blur(outlines - symmetry.apply(outlines), sigma_px, wraps=symmetry.wraps)
    return difference.square().mean()


EDGE_SYMMETRY = Objective(
    "edge_symmetry", "picture", lambda sight: edge_symmetry(sight.picture, sight.symmetry)
)
