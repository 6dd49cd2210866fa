"""The trajectory of a painting on one sheet: after a third, two thirds and all of its steps, and how it began.

It shows whether fewer steps would have done.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

GAP = 0.02
"""Between pictures, as a fraction of their height."""


def trajectory_steps(steps: int) -> tuple[int, ...]:
    """The steps to keep of a run of `steps` >= 1: the first, a third, two thirds, the last.

    >>> trajectory_steps(300), trajectory_steps(2)
    ((1, 100, 200, 300), (1, 2))
    """
    return tuple(sorted({1, max(1, round(steps / 3)), max(1, round(2 * steps / 3)), steps}))


def contact_sheet(images: Sequence[Image.Image]) -> Image.Image:
    """The images at the size of the last one, on white: below each other if they are wide, else side by side."""
    width, height = images[-1].size
    gap = max(1, round(GAP * height))
    stacked = width > height
    across, down = (1, len(images)) if stacked else (len(images), 1)
    sheet = Image.new("RGB", (across * (width + gap) - gap, down * (height + gap) - gap), "white")
    for index, image in enumerate(images):
        shown = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(shown, (0, index * (height + gap)) if stacked else (index * (width + gap), 0))
    return sheet
