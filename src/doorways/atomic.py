"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doorways.errors import DoorwaysError, InputError

PART = ".doorways-"
"""How the names of files begin that are being written; a process that is killed leaves one."""


@contextmanager
def whole(path: Path | str) -> Iterator[Path]:
    """A path beside `path` to write to, which takes the place of `path` when the block ends well.

    When it does not, what stood at `path` stays as it was and nothing is left beside it.

    Raises:
        InputError: the folder is missing or may not be written to, or `path` is a folder.
        DoorwaysError: the disk is full, or fails.
    """
    path = Path(path)
    with writing(path):
        if path.is_dir():
            raise InputError(f"{path}: is a folder; give the name of a file in it")
        part = path.with_name(f"{PART}{secrets.token_hex(6)}{path.suffix}")
        try:
            part.touch(exist_ok=False)
            yield part
            _to_disk(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Says in one sentence what failed when the block cannot write `path`."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> DoorwaysError:
    """What went wrong in writing `path`, and the remedy."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DoorwaysError(f"{path}: the disk is full; free some space, and go on")
    if isinstance(error, FileNotFoundError | NotADirectoryError) and not path.parent.is_dir():
        return InputError(f"{path}: there is no folder {path.parent}; make it first, or write elsewhere")
    if isinstance(error, PermissionError | FileNotFoundError) or error.errno == errno.EROFS:
        return InputError(f"{path}: the folder {path.parent} may not be written to; write elsewhere")
    if error.errno == errno.ENAMETOOLONG:
        return InputError(f"{path.name[:40]}…: the name is too long for this disk; choose a shorter one")
    return DoorwaysError(f"{path}: cannot be written ({error.strerror or error}); write elsewhere")


def _to_disk(path: Path) -> None:
    """Waits until what was written has reached the disk, so that not even a power cut leaves half a file."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def check_writable(path: Path | str) -> None:
    """The error that `whole(path)` would raise, before any work is done; writes nothing that stays."""
    path = Path(path)
    with writing(path):
        if path.is_dir():
            raise InputError(f"{path}: is a folder; give the name of a file in it")
        probe = path.with_name(f"{PART}{secrets.token_hex(6)}")
        probe.touch(exist_ok=False)
        probe.unlink()
