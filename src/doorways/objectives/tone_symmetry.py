"""Light and dark in the same places on both sides."""

from __future__ import annotations

from torch import Tensor

from doorways.objectives.filters import blur, grey
from doorways.objectives.objective import Objective
from doorways.symmetry import Symmetry


def tone_symmetry(picture: Tensor, symmetry: Symmetry, *, sigma: float = 0.04) -> Tensor:
    """L1 distance between the blurred grey picture and its own image under `symmetry`.

    Args:
        picture: float tensor [1, 3, H, W], sRGB in [0, 1].
        sigma: blur radius as a fraction of the picture height.

    Returns: scalar in [0, 1]; 0 for a picture that the symmetry maps onto itself.

    L1 lets objects form before their tone is matched; L2 gave mud ("Doorways", Moulton 2021).
    """
    tone = grey(picture)
    # Blurring is linear and the symmetry moves whole pixels: one blur of the difference is the difference of two.
    difference = blur(tone - symmetry.apply(tone), sigma * picture.shape[-2], wraps=symmetry.wraps)
    return difference.abs().mean()


TONE_SYMMETRY = Objective(
    "tone_symmetry", "picture", lambda sight: tone_symmetry(sight.picture, sight.symmetry)
)
