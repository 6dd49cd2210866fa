"""How sharp a picture is, whatever it shows."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from doorways.objectives.filters import grey

WIDTH_PX = 9
"""Width of the blur that is compared with."""


def sharpness(picture: Tensor) -> float:
    """How much a strong blur takes from the differences between neighbouring pixels.

    With D the sum of |differences| of neighbouring grey values along an axis, and V the sum of what a mean over 9 pixels
    along that axis takes from each of them, max(0, |d| - |d blurred|): the smaller of V / D of the two axes
    (of an axis along which nothing changes, there is none).

    Args:
        picture: [1, 3, H, W], sRGB in [0, 1], at least 2 pixels each way.

    Returns: in [0, 1]; near 1 for a picture of crisp lines, near 0 for one that was blurred already, and 0 for a flat one.
        It knows no contrast and no content; noise counts as sharp.

    One less the blur metric of Crete, Dolmiere, Ladret and Nicolas, "The Blur Effect" (2007).
    """
    tone = grey(picture)
    found = []
    for axis in (2, 3):
        kernel = tone.new_full((1, 1, WIDTH_PX, 1) if axis == 2 else (1, 1, 1, WIDTH_PX), 1 / WIDTH_PX)
        room = WIDTH_PX // 2
        padded = F.pad(tone, (0, 0, room, room) if axis == 2 else (room, room, 0, 0), mode="replicate")
        before = tone.diff(dim=axis).abs()
        after = F.conv2d(padded, kernel).diff(dim=axis).abs()
        if (total := float(before.sum())) > 1e-6:
            found.append(float((before - after).clamp(min=0).sum()) / total)
    return min(found, default=0.0)
