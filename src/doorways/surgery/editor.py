"""Another program that edits a picture: it is started without a shell, and what it saves is seen until it ends."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from doorways.errors import DoorwaysError, InputError
from doorways.pictures import read_picture

EVERY = 0.25
"""Seconds between two looks at the file. What changed between them may still be being written."""


class Editor:
    """An editor and the file that it works on.

    Args:
        command: the program and its own options, as in a terminal: `gimp --new-instance`. It is split into words, and
            nothing in it is interpreted: no shell, variables or wildcards.
        file: the picture, put after them.

    Raises:
        InputError: the command names no program that is here.
    """

    def __init__(self, command: str, file: Path) -> None:
        try:
            words = shlex.split(command, posix=os.name != "nt")
        except ValueError as error:
            raise InputError(
                f"editor {command!r}: cannot be split into words ({error}); close its quotes"
            ) from None
        if not words:
            raise InputError("editor '': names no program; give for example --editor gimp")
        program = shutil.which(words[0])
        if program is None:
            raise InputError(
                f"editor {words[0]!r}: there is no such program; install it, or give another with --editor"
            )
        self.file, self._words = file, [program, *words[1:], str(file.absolute())]
        self._process: subprocess.Popen[bytes] | None = None

    def saves(self, *, lingers: bool = False) -> Iterator[Tensor | InputError]:
        """Starts the editor and yields the picture [1, 3, H, W] after each time that it was saved, until it ends.

        What is saved while nobody asks for the next one is seen once, as it is in the end. Where the file is no
        picture, the error is yielded instead.

        Args:
            lingers: whether to go on watching, without end, after the program has ended: some hand the picture to a
                window that is already open.

        Raises:
            DoorwaysError: the program cannot be started.
        """
        seen = before = _stamp(self.file)
        try:
            # A session of its own: Ctrl-C in this terminal is for Doorways, not for the editor.
            self._process = subprocess.Popen(self._words, stdin=subprocess.DEVNULL, start_new_session=True)
        except OSError as error:
            raise DoorwaysError(
                f"{self._words[0]}: cannot be started ({error.strerror}); try another --editor"
            ) from error
        ended = False
        while not ended:
            ended = self._process.poll() is not None and not lingers
            if not ended:
                time.sleep(EVERY)
            stamp = _stamp(self.file)
            if stamp not in (seen, None) and (stamp == before or ended):  # it is written whole
                seen = stamp
                yield _picture(self.file)
            before = stamp

    @property
    def code(self) -> int | None:
        """The exit code that the program ended with; None while it goes on, or was never started."""
        return None if self._process is None else self._process.poll()


def _stamp(file: Path) -> tuple[int, int] | None:
    """What changes when a file is saved; None while it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _picture(file: Path) -> Tensor | InputError:
    try:
        return read_picture(file)
    except InputError as error:
        return error
