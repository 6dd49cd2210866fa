"""`doorways publish`: a gallery for the web, or for a disk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from doorways.export.exhibit import Exhibit
    from doorways.export.gallery import Gallery

app = App(name="publish", help_epilogue="", default_parameter=Parameter(show_default=False))


@app.default
def publish(
    *pictures: Annotated[
        str,
        Parameter(
            help="A board of the library; or painted PNGs, or folders of them, whose folders are sections.",
            metavar="BOARD|PICTURES",
        ),
    ],
    out: Annotated[
        Path, Parameter(name=["--out", "-o"], help="The folder to write. [site]", metavar="FOLDER")
    ] = Path("site"),
    title: Annotated[
        str, Parameter(help="Of the gallery; named after the folder if not given.", metavar="TEXT")
    ] = "",
    introduction: Annotated[
        str, Parameter(help="Below the title; empty lines part paragraphs.", metavar="TEXT")
    ] = "",
    originals: Annotated[
        bool,
        Parameter(
            help="Leave out the PNGs that hold the recipes; pages still show them.",
            name="--no-originals",
            negative="",
        ),
    ] = False,
    library: Annotated[
        Path | None,
        Parameter(help="The library; $DOORWAYS_LIBRARY or your data folder if not given.", metavar="FOLDER"),
    ] = None,
    force: Annotated[bool, Parameter(help="Replace a folder that is no gallery.", negative="")] = False,
) -> None:
    """Publish pictures as a gallery: a folder of files that any web server shows, and any browser from the disk."""
    from doorways.cli.watching import Watcher
    from doorways.export.publish import publish

    gallery = _gallery(pictures, library, title, introduction)
    watcher = Watcher()
    with watcher.counting(len(gallery.exhibits)) as one_more:

        def tell(exhibit: Exhibit) -> None:
            one_more(exhibit.name)

        made = publish(gallery, out, originals=not originals, force=force, on_picture=tell)
    if made.untiled:
        watcher.say(
            f"{made.untiled} big pictures are shown without deep zoom; `pip install 'doorways[deepzoom]'` adds it"
        )
    size = f"{made.size_bytes / 1e6:.1f} MB"
    count = "1 picture" if made.pictures == 1 else f"{made.pictures} pictures"
    sys.stdout.write(f"{out / 'index.html'}: {count}, {size}\n")


def _gallery(words: tuple[str, ...], library: Path | None, title: str, introduction: str) -> Gallery:
    """Of files and folders, or of one board, if its name is no file's."""
    from doorways.cli.outputs import is_there
    from doorways.export.gallery import gallery_of

    if len(words) != 1 or is_there(Path(words[0])) or words[0].lower().endswith(".png"):
        return gallery_of([Path(word) for word in words], title=title, introduction=introduction)
    from doorways.export.shelf import board_gallery
    from doorways.library import Library

    with Library.open(library, create=library is None) as opened:
        return board_gallery(opened, words[0], title=title, introduction=introduction)
