"""`doorways sheet`: many pictures on one, in rows and columns by what tells them apart."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Group, Parameter

from doorways.errors import InputError

if TYPE_CHECKING:
    from doorways.export.exhibit import Exhibit
    from doorways.export.grid import Grid
    from doorways.library import Entry, Library

app = App(name="sheet", help_epilogue="", default_parameter=Parameter(show_default=False))

SHOWN = Group("What to show", sort_key=1)
LAYOUT = Group("Rows and columns", sort_key=2)
OUTPUT = Group("Output", sort_key=3)
ENDINGS = (".png", ".html", ".pdf")


@app.default
def sheet(
    *pictures: Annotated[
        str,
        Parameter(
            help="Painted PNGs, folders of them, or IDs of the library.", group=SHOWN, metavar="PICTURES"
        ),
    ],
    sweep: Annotated[str | None, Parameter(help="All of this sweep.", group=SHOWN, metavar="ID")] = None,
    board: Annotated[str | None, Parameter(help="All on this board.", group=SHOWN, metavar="NAME")] = None,
    library: Annotated[
        Path | None,
        Parameter(
            help="The library; $DOORWAYS_LIBRARY or your data folder if not given.",
            group=SHOWN,
            metavar="FOLDER",
        ),
    ] = None,
    rows: Annotated[
        str | None,
        Parameter(
            help="A row for each value of this field: any of the recipe, subject, prompts, step, rating, verdict, "
            "score:match and its kin. Found if not given, as is the other.",
            group=LAYOUT,
            metavar="FIELD",
        ),
    ] = None,
    columns: Annotated[
        str | None, Parameter(help="A column for each value of this one.", group=LAYOUT, metavar="FIELD")
    ] = None,
    trajectory: Annotated[
        bool,
        Parameter(
            help="A row for each painting of the library: how it was after 1 step, a third, two thirds and all of them.",
            group=LAYOUT,
            negative="",
        ),
    ] = False,
    title: Annotated[str, Parameter(help="Written above.", group=LAYOUT, metavar="TEXT")] = "",
    out: Annotated[
        Path,
        Parameter(
            name=["--out", "-o"], help="A .png, .pdf or .html. [sheet.png]", group=OUTPUT, metavar="FILE"
        ),
    ] = Path("sheet.png"),
    width: Annotated[
        int, Parameter(help="Width of each picture in pixels. [256]", group=OUTPUT, metavar="N")
    ] = 256,
    paper: Annotated[
        Literal["a4", "a3"] | None,
        Parameter(
            help="Pages to print, at 150 dpi: a4 or a3. A .png is numbered if there are several.",
            group=OUTPUT,
            metavar="SIZE",
            show_choices=False,
        ),
    ] = None,
    landscape: Annotated[bool, Parameter(help="Pages lie on their side.", group=OUTPUT, negative="")] = False,
    force: Annotated[bool, Parameter(help="Overwrite files that exist.", group=OUTPUT, negative="")] = False,
) -> None:
    """Lay out many pictures on one sheet: subjects against seeds, or any field against any other."""
    from doorways.cli.outputs import check_name

    check_name(out)
    if out.suffix.lower() not in ENDINGS:
        raise InputError(f"out {out}: must end in .png, .pdf or .html; use {out.with_suffix('.png')}")
    if width < 16:
        raise InputError(f"width {width}: must be at least 16 pixels; the default is 256")
    if landscape and paper is None:
        raise InputError("landscape is about pages; give --paper a4 or a3 too")
    if trajectory and (rows or columns):
        raise InputError("--trajectory has its own rows and columns; leave out --rows and --columns")
    wanted = Wanted(pictures, sweep, board, library)
    if trajectory:
        grid = wanted.trajectories(title)
    else:
        from doorways.export.grid import arrange

        grid = arrange(wanted.exhibits(), rows=rows, columns=columns, title=title)
    for path in _write(grid, out, width=width, paper=paper, landscape=landscape, force=force):
        sys.stdout.write(f"{path}: {_count(len(grid.rows), 'row')}, {_count(len(grid.columns), 'column')}\n")


@dataclass(frozen=True)
class Wanted:
    """The paintings that were asked for; of the words, one that is no file's name is an ID."""

    words: tuple[str, ...]
    sweep: str | None
    board: str | None
    library: Path | None

    @cached_property
    def ids(self) -> list[str]:
        """The words that are IDs."""
        from doorways.library.ids import is_id

        return [word for word in self.words if is_id(word)]

    @contextmanager
    def opened(self) -> Iterator[tuple[Library, list[Entry]]]:
        """The library, and those of its paintings that were asked for."""
        from doorways.library import Library

        with Library.open(self.library, create=self.library is None) as library:
            entries = [library.get(id) for id in self.ids]
            if self.sweep:
                entries += library.list(sweep=library.get_sweep(self.sweep).id)
            if self.board:
                entries += library.list(board=self.board)
            yield library, entries

    def exhibits(self) -> list[Exhibit]:
        """All that have a picture."""
        from doorways.export.gallery import exhibits_of

        found = [Path(word) for word in self.words if word not in self.ids]
        shelved = bool(self.ids or self.sweep or self.board)
        exhibits = list(exhibits_of(found)) if found or not shelved else []
        if shelved:
            from doorways.export.shelf import exhibit, painted

            with self.opened() as (library, entries):
                exhibits += [exhibit(library, entry) for entry in painted(library, entries)]
        if not exhibits:
            raise InputError("nothing of that has a picture yet; wait until something is painted")
        return exhibits

    def trajectories(self, title: str) -> Grid:
        """How those of the library were on the way."""
        from doorways.export.shelf import trajectories

        if files := [word for word in self.words if word not in self.ids]:
            raise InputError(
                f"{files[0]}: of a file nothing is known but how it is; give the painting's ID, --sweep or --board"
            )
        with self.opened() as (library, entries):
            return trajectories(library, entries, title=title)


def _write(
    grid: Grid, out: Path, *, width: int, paper: Literal["a4", "a3"] | None, landscape: bool, force: bool
) -> list[Path]:
    """The files that were written."""
    from doorways.atomic import whole

    if out.suffix.lower() == ".html":
        from doorways.export.sheet_page import sheet_page

        _check_free([out], force)
        text = sheet_page(grid, width_px=width, beside=out.parent)
        with whole(out) as part:
            part.write_text(text, encoding="utf-8")
        return [out]
    from doorways.export.sheet import DPI, contact_sheet, pages

    if paper is None and out.suffix.lower() == ".png":
        _check_free([out], force)
        images = [contact_sheet(grid, width_px=width)]
    else:
        images = list(pages(grid, paper or "a4", landscape=landscape))
    if out.suffix.lower() == ".pdf":
        _check_free([out], force)
        with whole(out) as part:
            images[0].save(part, format="PDF", save_all=True, append_images=images[1:], resolution=DPI)
        return [out]
    paths = (
        [out]
        if len(images) == 1
        else [out.with_stem(f"{out.stem}-{rank}") for rank in range(1, len(images) + 1)]
    )
    _check_free(paths, force)
    for path, image in zip(paths, images, strict=True):
        with whole(path) as part:
            image.save(part, format="PNG", dpi=(DPI, DPI), optimize=True)
    return paths


def _check_free(paths: list[Path], force: bool) -> None:
    from doorways.atomic import check_writable

    for path in paths:
        if path.exists() and not force:
            raise InputError(f"{path} exists already; --force overwrites it, or choose another name")
        check_writable(path)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
