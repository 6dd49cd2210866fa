"""A contact sheet as one HTML file: a table that needs nothing beside it, reads well on a phone, and prints."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path

from PIL import Image

from doorways.export.grid import Grid, Tile
from doorways.export.pages import render


def sheet_page(grid: Grid, *, width_px: int = 256, beside: Path | None = None) -> str:
    """The grid as HTML with its pictures inside.

    Args:
        grid: rows and columns of pictures.
        width_px: width at which each picture is shown; it is kept twice as wide, for fine screens and for paper.
        beside: folder where the page will lie: each picture that is a file leads to it from there.

    Raises:
        InputError: a picture cannot be read.
    """
    rows = [
        {
            "heading": heading,
            "cells": [
                [_tile(tile, width_px, beside) for tile in grid.cells.get((down, across), ())]
                for across in range(len(grid.columns))
            ],
        }
        for down, heading in enumerate(grid.rows)
    ]
    return render(
        "sheet.html", title=grid.title, remark=grid.remark, columns=grid.columns, rows=rows, width=width_px
    )


def _tile(tile: Tile, width_px: int, beside: Path | None) -> dict[str, object]:
    image = tile.open()
    wide = min(image.width, 2 * width_px)
    small = image.resize((wide, max(1, round(wide * image.height / image.width))), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, format="WEBP", quality=80)
    link = ""
    if isinstance(tile.picture, Path) and beside is not None:
        link = Path(os.path.relpath(tile.picture.absolute(), beside.absolute())).as_posix()
    return {
        "source": f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}",
        "width": width_px,
        "height": max(1, round(width_px * image.height / image.width)),
        "label": tile.label,
        "alt": tile.alt or tile.label,
        "link": link,
    }
