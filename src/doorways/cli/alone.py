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
    lock = _held(picture)
    if lock is None:
        raise InputError(
            f"{picture} is being painted by another process; wait for it, or choose another name"
        )
    try:
        yield
    finally:
        lock.release()


def is_painted(picture: Path) -> bool:
    """Whether a process of this user paints into `picture` now."""
    lock = _held(picture)
    if lock is not None:
        lock.release()
    return lock is None


def _held(picture: Path) -> FileLock | None:
    """The lock of a picture, taken, or None where another has it; DoorwaysError where it cannot be written.

    It is no neighbour of the picture: folders of pictures are shown and synchronised.
    """
    from filelock import FileLock, Timeout

    whose = os.getuid() if hasattr(os, "getuid") else Path.home().name
    folder = Path(tempfile.gettempdir()) / f"doorways-{whose}"
    name = hashlib.sha256(os.fsencode(picture.resolve())).hexdigest()[:32]
    lock = FileLock(folder / f"{name}.lock")
    with writing(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
    return lock
