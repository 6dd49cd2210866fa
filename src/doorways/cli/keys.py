"""Single keys from a terminal, as they are pressed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from doorways.errors import InputError

NAMES = {
    "\x1b[C": "right", "\x1bOC": "right", "\x1b[D": "left", "\x1bOD": "left", "\x1b[A": "up", "\x1bOA": "up",
    "\x1b[B": "down", "\x1bOB": "down", "\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace",
    "\x1b": "escape", "\x04": "end", "": "end", " ": "space",
}  # fmt: skip
"""What terminals send for keys that are no letters."""


@contextmanager
def single_keys() -> Iterator[Callable[[], str]]:
    """While it is entered, calling it waits for one key and gives its letter or its name (`right`, `escape`, …).

    What is typed is not shown; Ctrl-C interrupts as ever. `end` is Ctrl-D, or a terminal that is gone.

    Raises:
        InputError: nobody sits at a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "this needs a terminal with somebody at it; in a script, use `doorways library verdict`, `rate` and `note`"
        )
    if os.name == "nt":
        yield _windows
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    pending: list[str] = []

    def key() -> str:
        while not pending:
            text = os.read(descriptor, 64).decode(errors="replace")
            pending.extend(split(text) or [""])
        return named(pending.pop(0))

    try:
        tty.setcbreak(descriptor, termios.TCSADRAIN)  # what is typed already counts
        yield key
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def whole_lines() -> Iterator[None]:
    """Within `single_keys`: lines are typed, shown and edited as ever."""
    if os.name == "nt":
        yield
        return
    import termios

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    lines = termios.tcgetattr(descriptor)
    lines[3] |= termios.ECHO | termios.ICANON
    try:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, lines)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def split(text: str) -> list[str]:
    r"""The keys in what a terminal sent at once: letters, and escape sequences whole.

    >>> split("k\x1b[C5"), split("\x1b"), split("")
    (['k', '\x1b[C', '5'], ['\x1b'], [])
    """
    return re.findall(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.)?|[^\x1b]", text, re.DOTALL)


def named(sequence: str) -> str:
    """The name of a key; letters are their own."""
    return NAMES.get(sequence, sequence if len(sequence) == 1 else "unknown")


def _windows() -> str:
    import msvcrt

    key: str = msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
    if key in ("\x00", "\xe0"):
        code: str = msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
        return {"M": "right", "K": "left", "H": "up", "P": "down"}.get(code, "unknown")
    if key == "\x03":
        raise KeyboardInterrupt
    return named(key)
