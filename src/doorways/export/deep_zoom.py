"""Tiles of big pictures (Deep Zoom), of which a viewer loads only what is looked at; made by pyvips, an extra."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from doorways.errors import DoorwaysError

FROM_PX = 4096
"""Longest side from which a picture is worth tiles."""
TILE_PX = 512
OVERLAP_PX = 1


def can_tile() -> bool:
    """Whether pyvips is here."""
    return find_spec("pyvips") is not None


def tile(picture: Path, folder: Path, stem: str) -> dict[str, Any]:
    """Writes the tiles of a picture into `folder/STEM_files`.

    Returns: what OpenSeadragon reads, with the address of the tiles as seen from the folder above `folder`.

    Raises:
        DoorwaysError: the picture is damaged, or the disk is full.
    """
    import pyvips

    try:
        image = pyvips.Image.new_from_file(str(picture), access="sequential")
        if image.hasalpha():
            image = image.flatten(background=255)
        image.dzsave(
            str(folder / stem),
            suffix=".jpg[Q=86,keep=none]",
            tile_size=TILE_PX,
            overlap=OVERLAP_PX,
            depth="onepixel",
        )
    except pyvips.Error as error:
        said = " ".join(str(error).split())
        raise DoorwaysError(
            f"{picture}: cannot be cut into tiles ({said}); see to the picture and the disk"
        ) from error
    # It cannot be read from file://, and says no more than what is returned.
    (folder / f"{stem}.dzi").unlink()
    return {
        "Image": {
            "xmlns": "http://schemas.microsoft.com/deepzoom/2008",
            "Url": f"{folder.name}/{stem}_files/",
            "Format": "jpg",
            "Overlap": str(OVERLAP_PX),
            "TileSize": str(TILE_PX),
            "Size": {"Width": str(image.width), "Height": str(image.height)},
        }
    }
