"""Of all processes of a machine only one paints into a file: two that chose the same name would overwrite each other."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from doorways.atomic import writing
from doorways.errors import InputError

if TYPE_CHECKING:
    from filelock import FileLock


@contextmanager
def alone(picture: Path) -> Iterator[None]:
    """A block in which no other process of this user paints into `picture`; the system ends it where this one is killed.

    Raises:
        InputError: another one does.
    """
    from filelock import Timeout

    lock = _lock(picture)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"{picture} is being painted by another process; wait for it, or choose another name"
        ) from None
    try:
        yield
    finally:
        lock.release()


def is_painted(picture: Path) -> bool:
    """Whether a process of this user paints into `picture` now."""
    try:
        with alone(picture):
            return False
    except InputError:
        return True


def _lock(picture: Path) -> FileLock:
    """A file that is held, not the picture's neighbour: folders of pictures are shown and synchronised."""
    from filelock import FileLock

    whose = os.getuid() if hasattr(os, "getuid") else Path.home().name
    folder = Path(tempfile.gettempdir()) / f"doorways-{whose}"
    with writing(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
    name = hashlib.sha256(str(picture.absolute().resolve()).encode()).hexdigest()[:32]
    return FileLock(folder / f"{name}.lock")
