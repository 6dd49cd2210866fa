"""A gallery as a folder of files that any web server, or the disk itself, shows: no program runs behind it.

index.html  gallery.css  gallery.js     the page; it asks nobody else for anything
pictures/                               each picture in several sizes and formats
originals/                              the painted PNGs with their recipes
tiles/  openseadragon.min.js            big pictures in tiles, if there are any
doorways-gallery.json                   what is in it, and the mark by which it may be replaced
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import doorways
from doorways.errors import InputError
from doorways.export.deep_zoom import FROM_PX, can_tile, tile
from doorways.export.exhibit import Exhibit
from doorways.export.fields import change_text, public, told_settings
from doorways.export.gallery import MARK, Gallery
from doorways.export.grid import Tile
from doorways.export.pages import render
from doorways.export.renditions import FALLBACK, modern, renditions
from doorways.recipe_text import toml
from doorways.swap import is_filled, whole_folder

DEEP_ZOOM = ("openseadragon.min.js", "openseadragon.txt")
"""The viewer of tiles, and its licence."""
WRITTEN = {"index.html", "gallery.css", "gallery.js", "pictures", "originals", "tiles", MARK, *DEEP_ZOOM}
"""What a gallery's folder may hold."""


@dataclass(frozen=True)
class Published:
    """What became of a gallery: the folder, its pictures, its bytes, and how many are big and have no tiles."""

    folder: Path
    pictures: int
    size_bytes: int
    untiled: int


def publish(
    gallery: Gallery,
    folder: Path,
    *,
    originals: bool = True,
    force: bool = False,
    on_picture: Callable[[Exhibit], None] | None = None,
) -> Published:
    """Writes a gallery into `folder`, whole or not at all, in place of one that is there.

    Args:
        gallery: what to show.
        folder: where; the folder that holds it must be there.
        originals: publish the PNGs themselves too, from which paintings can be repeated.
        force: replace a folder that is no gallery, or holds more than one.
        on_picture: told of each painting before its files are made, which takes a while.

    Raises:
        InputError: a picture cannot be read, or the folder must not or cannot be written.
        DoorwaysError: the disk is full, or fails.
    """
    with whole_folder(folder) as new:
        if not force:
            _check_nothing_is_lost(gallery, folder, originals)
        made = _Made(new, originals)
        for section in gallery.sections:
            made.begin(section.title)
            for exhibit in section.exhibits:
                if on_picture:
                    on_picture(exhibit)
                made.add(exhibit)
        made.write(gallery)
        size = sum(path.stat().st_size for path in new.rglob("*") if path.is_file())
    return Published(folder, len(gallery.exhibits), size, made.untiled)


def _check_nothing_is_lost(gallery: Gallery, folder: Path, originals: bool) -> None:
    """InputError where `folder` holds what is not of a gallery, or pictures to be shown that would not stay in it."""
    remedy = "give a new folder, or --force to replace it"
    if is_filled(folder) and not (folder / MARK).is_file():
        raise InputError(f"{folder}: is no gallery, and all that is in it would be lost; {remedy}")
    if folder.is_dir() and (others := sorted({path.name for path in folder.iterdir()} - WRITTEN)):
        raise InputError(f"{folder}: holds {others[0]} beside a gallery, which would be lost; {remedy}")
    inside = [one for one in gallery.exhibits if one.picture.resolve().is_relative_to(folder.resolve())]
    if inside and not originals:
        raise InputError(
            f"{inside[0].picture}: is in {folder} itself, and would be lost without originals; {remedy}"
        )


class _Made:
    """The files of a gallery as they come to be."""

    def __init__(self, folder: Path, originals: bool) -> None:
        self.folder, self.originals = folder, originals
        self.sections: list[dict[str, Any]] = []
        self.homes: dict[str, str] = {}
        self.untiled = self.tiled = 0
        self._taken: set[str] = set()
        for name in ("pictures", *(["originals"] if originals else [])):
            (folder / name).mkdir()

    def begin(self, title: str) -> None:
        """Begins a section."""
        place = self._unused(f"section-{slug(title)}")
        self.sections.append({"id": place, "title": title, "figures": []})

    def add(self, exhibit: Exhibit) -> None:
        """Makes the files of one painting, and what the page needs to know of them."""
        image = Tile(exhibit.picture).open()
        stem = self._unused(slug(exhibit.name))
        self.homes.setdefault(exhibit.name, stem)
        tiles = self._tile(exhibit, stem) if max(image.size) >= FROM_PX else ""
        made = renditions(image, self.folder / "pictures", stem, whole=not tiles)
        best, plain = ([one for one in made if one.kind == kind] for kind in (modern(), FALLBACK))
        if self.originals:
            shutil.copyfile(exhibit.picture, self.folder / "originals" / f"{stem}.png")
        figure = {
            "id": stem,
            "sides": exhibit.sides,
            "alt": exhibit.alt,
            "caption": exhibit.caption,
            "width": image.width,
            "height": image.height,
            "kind": modern(),
            "best": best,
            "plain": plain,
            "tiles": tiles,
            "original": f"originals/{stem}.png" if self.originals else "",
            "settings": told_settings(exhibit.recipe),
            "recipe": toml(public(exhibit.recipe)) if exhibit.recipe else "",
            "progress": ""
            if exhibit.finished
            else f"step {exhibit.step} of {exhibit.recipe.get('steps', '?')}",
            "lineage": exhibit.lineage if len(exhibit.lineage) > 1 else (),
        }
        self.sections[-1]["figures"].append(figure)

    def write(self, gallery: Gallery) -> None:
        """Writes the page, and what belongs to it."""
        introduction = [part.strip() for part in gallery.introduction.split("\n\n") if part.strip()]
        page = render(
            "gallery.html",
            title=gallery.title,
            introduction=introduction,
            sections=self.sections,
            homes=self.homes,
            changed=change_text,
        )
        (self.folder / "index.html").write_text(page, encoding="utf-8")
        for name in ("gallery.css", "gallery.js", *(DEEP_ZOOM if self.tiled else ())):
            (self.folder / name).write_bytes((files("doorways.export") / "assets" / name).read_bytes())
        content = {
            "doorways": doorways.__version__,
            "title": gallery.title,
            "sections": [
                {
                    "title": section.title,
                    "pictures": [
                        {"name": one.name, "prompts": public(one.recipe).get("prompts", "")}
                        for one in section.exhibits
                    ],
                }
                for section in gallery.sections
            ],
        }
        told = json.dumps(content, indent=1, ensure_ascii=False)
        (self.folder / MARK).write_text(told + "\n", encoding="utf-8")

    def _tile(self, exhibit: Exhibit, stem: str) -> str:
        """What a viewer needs to know of a big picture's tiles, as JSON; empty if they cannot be made."""
        if not can_tile():
            self.untiled += 1
            return ""
        self.tiled += 1
        (self.folder / "tiles").mkdir(exist_ok=True)
        return json.dumps(tile(exhibit.picture, self.folder / "tiles", stem))

    def _unused(self, stem: str) -> str:
        """The stem, or with the first number that makes it new; it is taken from then on."""
        names = itertools.chain([stem], (f"{stem}-{count}" for count in itertools.count(2)))
        unused = next(name for name in names if name not in self._taken)
        self._taken.add(unused)
        return unused


def slug(name: str) -> str:
    """Letters and digits of ASCII, which no server and no disk writes otherwise, parted by hyphens.

    >>> slug("Fólkvangr & <co>"), slug("森")
    ('folkvangr-co', 'painting')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-") or "painting"
