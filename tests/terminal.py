"""A terminal with somebody at it: a command in a pseudo-terminal, its screen, and keys to press."""

from __future__ import annotations

import os
import select
import signal
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("fcntl", reason="there are no pseudo-terminals on this system")

import fcntl
import pty
import termios

PATIENCE_S = 30


class Terminal:
    """Runs `doorways` with `words` in a terminal of 80 x 24 letters; what it has written is `screen`."""

    def __init__(self, words: Sequence[str], folder: Path, **environment: str) -> None:
        program = "import os, sys; from doorways.cli.app import main; main()"
        self.child, self.descriptor = pty.fork()
        if not self.child:  # pragma: no cover - the other process
            os.chdir(folder)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # who tests in the background has it ignored
            plain = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "TMUX")}
            os.execve(sys.executable, [sys.executable, "-c", program, *words], plain | environment)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.screen = ""
        self.code: int | None = None

    def wait_for(self, text: str) -> None:
        """Waits until it has written `text` since the last key."""
        end = time.monotonic() + PATIENCE_S
        while text not in self.screen:
            assert time.monotonic() < end, f"{text!r} did not come, but: {self.screen[-2000:]!r}"
            if not self._read():
                raise AssertionError(f"it ended before {text!r} came: {self.screen[-2000:]!r}")

    def press(self, keys: str, until: str) -> None:
        """Presses keys, and waits for what is written then."""
        self.screen = ""
        os.write(self.descriptor, keys.encode())
        self.wait_for(until)

    def end(self, keys: str = "") -> int:
        """Presses keys, waits for its end, and gives its exit code."""
        self.screen = ""
        if keys:
            os.write(self.descriptor, keys.encode())
        while self._read():
            pass
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])

    def _read(self) -> bool:
        if not select.select([self.descriptor], [], [], PATIENCE_S)[0]:
            return False
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # the other side is gone
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)
