"""Contact sheets: many small pictures on one, with a word above each column and beside each row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from doorways.pictures import to_image

GAP, LINE = 6, 22


def contact_sheet(
    path: Path,
    grid: Sequence[Sequence[Tensor]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    width_px: int = 256,
) -> None:
    """Writes the pictures of `grid` (rows of [1, 3, H, W]), each `width_px` wide, to a PNG at `path`."""
    first = grid[0][0]
    height_px = round(width_px * first.shape[-2] / first.shape[-1])
    font = ImageFont.load_default(14)
    cell = (width_px + GAP, height_px + LINE + GAP)
    sheet = Image.new("RGB", (GAP + cell[0] * len(columns), LINE + cell[1] * len(rows)), "white")
    pen = ImageDraw.Draw(sheet)
    for rank, word in enumerate(columns):
        pen.text((GAP + rank * cell[0], 3), word, "black", font)
    for down, (label, pictures) in enumerate(zip(rows, grid, strict=True)):
        top = LINE + down * cell[1]
        pen.text((GAP, top + 2), label, "#555", font)
        for across, picture in enumerate(pictures):
            small = to_image(picture).resize((width_px, height_px), Image.Resampling.LANCZOS)
            sheet.paste(small, (GAP + across * cell[0], top + LINE))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, optimize=True)
