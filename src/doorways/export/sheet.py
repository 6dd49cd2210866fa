"""Contact sheets as images: one that is as large as it must be, or pages of paper to print.

Column headings stand above the columns, a row's heading above the row over its whole width (prompts are long), what
else differs below each picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from PIL import Image, ImageDraw

from doorways.errors import InputError
from doorways.export.grid import Grid, Tile
from doorways.export.lettering import Lettering

Paper = Literal["a4", "a3"]
DPI = 150
PAPERS: dict[Paper, tuple[int, int]] = {"a4": (1240, 1754), "a3": (1754, 2480)}
"""Width and height upright, in pixels at `DPI`."""
SMALLEST_PX = 118
"""Narrowest picture on paper, 2 cm; with more columns than that leaves room for, a sheet goes over several pages."""
LARGEST_PX = 20_000
"""Longest side of a sheet that viewers still open."""
INK, GREY = "#1a1a1a", "#666"


@dataclass(frozen=True)
class Look:
    """Measures of a sheet in pixels: its whole width, one picture's width, margins, the height of letters; their font."""

    sheet: int
    picture: int
    margin: int
    gap: int
    letters: int
    lettering: Lettering

    @property
    def room(self) -> int:
        """Width between the margins."""
        return self.sheet - 2 * self.margin


def contact_sheet(grid: Grid, *, width_px: int = 256) -> Image.Image:
    """The whole grid as one RGB image on white.

    Args:
        grid: rows and columns of pictures.
        width_px: width of each picture; heights follow.

    Raises:
        InputError: a picture cannot be read, or the sheet would be too large.
    """
    gap = max(4, width_px // 40)
    across = len(grid.columns)
    look = Look(
        2 * gap + across * (width_px + gap) - gap,
        width_px,
        gap,
        gap,
        max(14, width_px // 28),
        _lettering(grid),
    )
    strips, height = list[Image.Image](), 2 * gap
    for strip in chain(_head(grid, look), *(_row(grid, row, look) for row in range(len(grid.rows)))):
        height += strip.height
        if max(height, look.sheet) > LARGEST_PX:
            raise InputError(
                f"the sheet would be more than {LARGEST_PX} pixels long; make pictures smaller (--width), show fewer, "
                "or print it on pages (--paper a4)"
            )
        strips.append(strip)
    return _stacked(strips, (look.sheet, height), gap)


def pages(grid: Grid, paper: Paper = "a4", *, landscape: bool = False) -> Iterator[Image.Image]:
    """The grid on pages of A4 or A3 at 150 dpi; each page says its title, its columns and its number.

    InputError if a picture cannot be read.
    """
    size = PAPERS[paper][::-1] if landscape else PAPERS[paper]
    margin, gap = 71, 12  # 12 mm
    most = (size[0] - 2 * margin + gap) // (SMALLEST_PX + gap)
    parts = [_columns(grid, first, most) for first in range(0, len(grid.columns), most)]
    made: list[tuple[Grid, Look, list[Image.Image]]] = []
    for part in parts:
        picture = (size[0] - 2 * margin + gap) // len(part.columns) - gap
        look = Look(size[0], picture, margin, gap, 20, _lettering(grid))
        room = size[1] - 2 * margin - sum(strip.height for strip in _head(part, look)) - 2 * look.letters
        blocks = [_fitted(_joined(_row(part, row, look), size[0]), room) for row in range(len(part.rows))]
        made += [(part, look, sheet) for sheet in _fill(blocks, room)]
    for number, (part, look, blocks) in enumerate(made, 1):
        page = _stacked([*_head(part, look), *blocks], size, margin)
        if len(made) > 1:
            said = f"{number} / {len(made)}"
            left = size[0] - margin - look.lettering.width(said, look.letters)
            _write(page, left, size[1] - margin - look.letters, [said], look, GREY)
        yield page


def _lettering(grid: Grid) -> Lettering:
    labels = (tile.label for tiles in grid.cells.values() for tile in tiles)
    return Lettering.for_texts([grid.title, grid.remark, *grid.rows, *grid.columns, *labels, "…"])


def _columns(grid: Grid, first: int, count: int) -> Grid:
    """Some neighbouring columns of a grid."""
    cells = {
        (down, across - first): tiles
        for (down, across), tiles in grid.cells.items()
        if first <= across < first + count
    }
    return Grid(grid.rows, grid.columns[first : first + count], cells, grid.title, grid.remark)


def _fill(blocks: Iterable[Image.Image], room: int) -> list[list[Image.Image]]:
    """Blocks parted into pages, none of them cut."""
    filled: list[list[Image.Image]] = [[]]
    for block in blocks:
        if filled[-1] and sum(one.height for one in filled[-1]) + block.height > room:
            filled.append([])
        filled[-1].append(block)
    return filled


def _head(grid: Grid, look: Look) -> Iterator[Image.Image]:
    """Title, what is common to all, and the headings of the columns."""
    large = round(look.letters * 1.4)
    if title := look.lettering.lines(grid.title, large, look.room, most=2):
        yield _text(title, look, INK, letters=large)
    if remark := look.lettering.lines(grid.remark, look.letters, look.room, most=3):
        yield _text(remark, look, GREY)
    if any(grid.columns):
        broken = [look.lettering.lines(word, look.letters, look.picture, most=3) for word in grid.columns]
        strip = _strip(look, max(map(len, broken)) * _line(look.letters) + look.gap // 2)
        for across, words in enumerate(broken):
            _write(strip, _left(across, look), 0, words, look, INK)
        yield strip


def _row(grid: Grid, row: int, look: Look) -> Iterator[Image.Image]:
    """The heading of a row, and its pictures: those of one place below each other."""
    if words := look.lettering.lines(grid.rows[row], look.letters, look.room, most=2):
        yield _text(words, look, INK)
    columns = [
        [_cell(tile, look) for tile in grid.cells.get((row, across), ())]
        for across in range(len(grid.columns))
    ]
    strip = _strip(look, max(sum(cell.height for cell in cells) for cells in columns) + look.gap)
    for across, cells in enumerate(columns):
        top = 0
        for cell in cells:
            strip.paste(cell, (_left(across, look), top))
            top += cell.height
    yield strip


def _cell(tile: Tile, look: Look) -> Image.Image:
    """A picture and its label."""
    image = tile.open()
    height = max(1, round(look.picture * image.height / image.width))
    words = look.lettering.lines(tile.label, look.letters * 0.85, look.picture, most=3)
    room = len(words) * _line(look.letters * 0.85) + look.gap // 2
    cell = Image.new("RGB", (look.picture, height + room), "white")
    cell.paste(image.resize((look.picture, height), Image.Resampling.LANCZOS))
    _write(cell, 0, height + 2, words, look, GREY, letters=look.letters * 0.85)
    return cell


def _left(across: int, look: Look) -> int:
    return look.margin + across * (look.picture + look.gap)


def _line(letters: float) -> int:
    return round(letters * 1.35)


def _strip(look: Look, height: int) -> Image.Image:
    return Image.new("RGB", (look.sheet, height), "white")


def _text(words: Sequence[str], look: Look, colour: str, *, letters: float = 0) -> Image.Image:
    strip = _strip(look, len(words) * _line(letters or look.letters) + look.gap // 2)
    _write(strip, look.margin, 0, words, look, colour, letters=letters)
    return strip


def _write(
    image: Image.Image,
    left: float,
    top: float,
    words: Sequence[str],
    look: Look,
    colour: str,
    *,
    letters: float = 0,
) -> None:
    pen, size = ImageDraw.Draw(image), letters or look.letters
    for rank, line in enumerate(words):
        pen.text((left, top + rank * _line(size)), line, colour, look.lettering.font(size))


def _joined(strips: Iterable[Image.Image], across: int) -> Image.Image:
    strips = list(strips)
    return _stacked(strips, (across, sum(strip.height for strip in strips)), 0)


def _fitted(block: Image.Image, room: int) -> Image.Image:
    """A block no higher than a page: shrunk if it must be, in the middle."""
    if block.height <= room:
        return block
    small = block.resize((max(1, round(block.width * room / block.height)), room), Image.Resampling.LANCZOS)
    whole = Image.new("RGB", (block.width, room), "white")
    whole.paste(small, ((block.width - small.width) // 2, 0))
    return whole


def _stacked(strips: Iterable[Image.Image], size: tuple[int, int], top: int) -> Image.Image:
    sheet = Image.new("RGB", size, "white")
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    return sheet
