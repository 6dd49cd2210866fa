"""The wound: where a picture that was operated on may change when it is healed."""

from __future__ import annotations

from torch import Tensor

from doorways.surgery.feather import grow, soften

REACH = 0.03
"""How far a wound reaches beyond what was changed, in picture heights."""
FADE = 0.06
"""The width over which it then fades away, in picture heights."""


def wound(changed: Tensor, *, reach: float = REACH, fade: float = FADE) -> Tensor:
    """The mask [1, 1, H, W] in [0, 1] for healing what was `changed` (1 where it was).

    It is 1 on all that was changed and `reach` around it, where the seams are, and fades to 0 over `fade`, both in
    picture heights, so that healing makes no seam of its own.
    """
    height = changed.shape[-2]
    return soften(grow(changed, (reach + fade / 2) * height + 1), fade * height)
