"""The trajectory of a painting on one sheet, each picture under the step it was taken at."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from doorways.export.grid import Grid


def strip(samples: Sequence[tuple[int, Image.Image]], *, title: str = "") -> Grid:
    """Steps and the pictures at them, of which there is at least one: below each other if wide, else side by side.

    >>> early, late = Image.new("RGB", (4, 2)), Image.new("RGB", (8, 4))
    >>> strip([(1, early), (6, late)]).rows
    ('step 1', 'step 6')
    """
    steps = tuple(f"step {step}" for step, _ in samples)
    images = [image for _, image in samples]
    if images[-1].width > images[-1].height:
        return Grid.of([[image] for image in images], rows=steps, columns=("",), title=title)
    return Grid.of([images], rows=("",), columns=steps, title=title)
