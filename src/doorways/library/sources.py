"""The pictures that a recipe names, copied into the library: what is begun can be gone on with after they have moved.

Recipes in the library keep the names that the artist gave; a painter gets the copies' paths in their place.
"""

from __future__ import annotations

import filecmp
import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from doorways.atomic import whole, writing
from doorways.errors import InputError
from doorways.prompts import format_prompts, parse_prompts

SETTINGS = ("init_image", "suggest", "mask")
"""Settings that name a picture; prompts may too."""


def named_files(settings: Mapping[str, Any]) -> list[str]:
    """The paths of the pictures that a recipe's settings (JSON values) name.

    >>> named_files({"prompts": "sea | image(a b.png) :0.5", "mask": "m.png"})
    ['m.png', 'a b.png']
    """
    named = [str(settings[name]) for name in SETTINGS if settings.get(name) is not None]
    if "image(" in settings.get("prompts", ""):
        named += [str(prompt.image) for prompt in parse_prompts(settings["prompts"]) if prompt.image]
    return list(dict.fromkeys(named))


def renamed(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same settings with other paths for the pictures that `names` holds.

    >>> renamed({"prompts": "sea | image(a.png)", "mask": "m.png"}, {"a.png": "/b.png"})
    {'prompts': 'sea | image(/b.png)', 'mask': 'm.png'}
    """
    changed = {
        name: names.get(str(settings[name]), settings[name]) for name in SETTINGS if settings.get(name)
    }
    prompts = settings.get("prompts", "")
    if "image(" in prompts and any(path in names for path in named_files({"prompts": prompts})):
        found = parse_prompts(prompts)
        changed["prompts"] = format_prompts(
            replace(prompt, image=Path(names.get(str(prompt.image), str(prompt.image))))
            if prompt.image
            else prompt
            for prompt in found
        )
    return dict(settings) | changed


Copies = dict[tuple[Path, int, int], Path]
"""Where a picture was copied to: by its path, its time of change in nanoseconds and its size in bytes."""


def keep_sources(
    settings: Mapping[str, Any], folder: Path, *, before: Path | None = None, copies: Copies | None = None
) -> None:
    """Copies the pictures that a recipe names into `folder`, which is made if there are any.

    Args:
        before: the folder of the parent's copies, from which those are taken that have moved since.
        copies: those made before, which is added to: what was copied already is linked where the disk can, so that a
            thousand paintings that begin with one picture hold it once.

    Raises:
        InputError: one of them is not there, or cannot be read.
    """
    found: dict[Path, Path] = {}
    for name in named_files(settings):
        places = [Path(name), *([before / copy_name(name)] if before else [])]
        there = next((place for place in places if place.is_file()), None)
        if there is None:
            raise InputError(f"{name}: there is no such picture; check its name")
        found[folder / copy_name(name)] = there
    if found:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
    known = {} if copies is None else copies
    for copy, there in found.items():
        with whole(copy) as part:
            identity = _identity(there)
            _copy(there, part, known.get(identity))
        known[identity] = copy


def _copy(there: Path, part: Path, made: Path | None) -> None:
    """Makes `part` a copy of the picture `there`: a link to the one that was `made` before, or one of its own."""
    if made is not None:
        part.unlink()
        try:
            part.hardlink_to(made)
        except OSError:  # it is gone, or this disk has no links
            part.unlink(missing_ok=True)
        else:
            return
    shutil.copyfile(there, part)


def _identity(path: Path) -> tuple[Path, int, int]:
    stat = path.stat()
    return path.absolute(), stat.st_mtime_ns, stat.st_size


def kept_sources(settings: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Each picture that a recipe names and that has a copy in `folder` -> the path of the copy."""
    copies = {name: folder / copy_name(name) for name in named_files(settings)}
    return {name: copy.absolute().as_posix() for name, copy in copies.items() if copy.exists()}


def is_same(path: str, copy: str) -> bool:
    """Whether the picture at `path` is still there, and still the one that was copied."""
    return Path(path).is_file() and filecmp.cmp(path, copy, shallow=False)


def copy_name(path: str) -> str:
    """The name of the copy of the picture at `path`: its own, after eight digits that tell like names apart.

    >>> copy_name("a/start.png")
    '09c069df-start.png'
    """
    name = path.encode("utf-8", "surrogatepass")  # the same wherever a library is read
    return f"{hashlib.sha256(name).hexdigest()[:8]}-{Path(path).name}"
