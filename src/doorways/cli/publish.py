"""`doorways publish`: a gallery for the web, or for a disk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from doorways.export.exhibit import Exhibit

app = App(name="publish", help_epilogue="", default_parameter=Parameter(show_default=False))


@app.default
def publish(
    *pictures: Annotated[
        Path,
        Parameter(help="Painted PNGs, or folders of them, whose folders are sections.", metavar="PICTURES"),
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
    force: Annotated[bool, Parameter(help="Replace a folder that is no gallery.", negative="")] = False,
) -> None:
    """Publish pictures as a gallery: a folder of files that any web server shows, and any browser from the disk."""
    from doorways.cli.watching import Watcher
    from doorways.export.gallery import gallery_of
    from doorways.export.publish import publish

    gallery = gallery_of(pictures, title=title, introduction=introduction)
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
    sys.stdout.write(f"{out / 'index.html'}: {made.pictures} pictures, {size}\n")
