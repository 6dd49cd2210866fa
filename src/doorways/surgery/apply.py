"""Surgery: a picture and a script in, the picture after it and what was changed out."""

from __future__ import annotations

from torch import Tensor

from doorways.errors import InputError
from doorways.surgery.changed import changed
from doorways.surgery.script import Script


def apply(picture: Tensor, script: Script) -> tuple[Tensor, Tensor]:
    """Carries out the operations of a script in order; a pure function, without chance.

    Args:
        picture: float tensor [1, 3, H, W], sRGB in [0, 1]; it is not changed.

    Returns: the picture after them, likewise, and the mask [1, 1, H, W] of what was changed: 1 where it differs.

    Raises:
        InputError: an operation has no place on this picture, or names a file that cannot be read; with its number.
    """
    after = picture
    for number, (name, operation) in enumerate(script.operations, 1):
        try:
            after = operation.operate(after).clamp(0, 1)
        except InputError as error:
            raise InputError(f"operation {number} ({name}): {error}") from error
    return after, changed(picture, after)
