"""Pictures in a terminal: by kitty's or iTerm2's protocol, or as half blocks of colour."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Literal, get_args

from doorways.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

Way = Literal["kitty", "iterm2", "blocks", "open", "none"]
CELL_PX = (10, 20)
"""Width and height of a terminal's cell, about; a protocol that knows better scales the picture itself."""
CHUNK = 4096
"""Letters that kitty takes at once."""


def way_for(environment: Mapping[str, str]) -> Way:
    """How the terminal that these variables tell of shows pictures; `open` if it shows none.

    >>> way_for({"TERM": "xterm-kitty"}), way_for({"TERM": "xterm", "COLORTERM": "truecolor"}), way_for({})
    ('kitty', 'blocks', 'open')
    """
    program, term = environment.get("TERM_PROGRAM", ""), environment.get("TERM", "")
    within = "TMUX" in environment or term.startswith(("screen", "tmux"))  # they let no picture through
    if not within:
        if (
            "KITTY_WINDOW_ID" in environment
            or term in ("xterm-kitty", "xterm-ghostty")
            or program == "ghostty"
        ):
            return "kitty"
        if program in ("iTerm.app", "WezTerm", "mintty") or "KONSOLE_VERSION" in environment:
            return "iterm2"
    deep = environment.get("COLORTERM") in ("truecolor", "24bit") or term.endswith("-direct")
    return "blocks" if deep or "WT_SESSION" in environment else "open"


def check_way(name: str) -> Way:
    """The way of that name; InputError if there is none."""
    for way in get_args(Way):
        if way == name:
            return way
    raise InputError(f"pictures {name!r}: must be one of auto, {', '.join(get_args(Way))}")


def drawn(image: Image.Image, way: Way, columns: int, rows: int) -> str:
    """What a terminal must be sent to show an image in a box of `columns` x `rows` cells; empty if it is not shown there.

    The cursor is at the upper left corner of the box before, and anywhere after.
    """
    if way in ("open", "none"):
        return ""
    across, down = fitted(image.size, columns, rows)
    if way == "blocks":
        return _blocks(image.resize((across, 2 * down)))
    small = (
        image.resize((across * CELL_PX[0], down * CELL_PX[1])) if image.width > across * CELL_PX[0] else image
    )
    data = _png(small)
    return _kitty(data, across, down) if way == "kitty" else _iterm2(data, across, down)


def cleared(way: Way) -> str:
    """What takes all pictures away that clearing the screen leaves."""
    return "\x1b_Ga=d,q=2\x1b\\" if way == "kitty" else ""


def fitted(size: tuple[int, int], columns: int, rows: int) -> tuple[int, int]:
    """Columns and rows that a picture of `size` pixels takes of a box, in its own shape; a cell is twice as high as wide.

    >>> fitted((768, 384), 80, 30), fitted((100, 400), 80, 20)
    ((80, 20), (10, 20))
    """
    width, height = size
    scale = min(columns / width, rows * 2 / height)
    return max(1, round(width * scale)), max(1, round(height * scale / 2))


def _png(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _kitty(data: str, across: int, down: int) -> str:
    """A PNG in chunks; `q=2` asks for no answer, which would come as if it were typed."""
    parts = [data[first : first + CHUNK] for first in range(0, len(data), CHUNK)]
    head = f"a=T,f=100,q=2,C=1,c={across},r={down},"
    return "".join(
        f"\x1b_G{head if rank == 0 else ''}m={int(rank < len(parts) - 1)};{part}\x1b\\"
        for rank, part in enumerate(parts)
    )


def _iterm2(data: str, across: int, down: int) -> str:
    return f"\x1b]1337;File=inline=1;width={across};height={down};preserveAspectRatio=1:{data}\x07"


def _blocks(image: Image.Image) -> str:
    """Two pixels a cell: the upper one the colour of a half block, the lower one its background."""
    from PIL import Image as Images

    pixels = image.convert("RGB")
    lines = []
    for top in range(0, pixels.height, 2):
        pair = pixels.crop((0, top, pixels.width, top + 2)).transpose(Images.Transpose.TRANSPOSE)
        data = pair.tobytes()
        cells = [data[place : place + 6] for place in range(0, len(data), 6)]
        line = ""
        for cell, same in groupby(cells):
            upper, lower = ";".join(map(str, cell[:3])), ";".join(map(str, cell[3:]))
            line += f"\x1b[38;2;{upper};48;2;{lower}m" + "▀" * len(list(same))
        lines.append(line + "\x1b[0m")
    return "\x1b[B\r".join(lines)
