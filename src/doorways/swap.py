"""A folder that is written whole or not at all: made beside the one it replaces, and swapped in when it is complete."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doorways.atomic import writing
from doorways.errors import InputError


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder` to fill, which takes its place when the block ends well.

    When it does not, what stood there stays as it was and nothing is left beside it. Between the two renames of the
    swap there is a moment without the folder; what it held is then still beside it.

    Args:
        folder: what to write; it need not be there, but the folder that holds it must. The current one, one above it, and
            one above home are never replaced, unless they are empty.

    Raises:
        InputError: there is a file of that name, or a folder that is never replaced, or it cannot be written.
        DoorwaysError: the disk is full, or fails.
    """
    folder = folder.resolve()
    with writing(folder):
        _check(folder)
        new = folder.with_name(f".doorways-{secrets.token_hex(6)}")
        old = folder.with_name(f".doorways-{secrets.token_hex(6)}-before")
        try:
            new.mkdir()
            yield new
            if folder.exists():
                folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                if old.exists():
                    old.rename(folder)
                raise
        finally:
            shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _check(folder: Path) -> None:
    if folder.is_file():
        raise InputError(f"{folder}: is a file; give the name of a folder to write")
    held = (Path.cwd().resolve(), Path.home().resolve())
    if is_filled(folder) and any(place.is_relative_to(folder) for place in held):
        raise InputError(
            f"{folder}: holds the folder you are in, or your home; give a new folder, such as site"
        )


def is_filled(folder: Path) -> bool:
    """Whether there is such a folder, with anything in it."""
    return folder.is_dir() and any(folder.iterdir())
