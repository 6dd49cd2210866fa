"""Workers' names: which process paints a painting, and whether it is known to have ended."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def this_worker(hand: int | None = None) -> str:
    """A name for this process, by which others on this machine can see whether it still lives.

    Args:
        hand: tells those apart who paint for one process, each a painting of its own.

    >>> this_worker() == this_worker() != this_worker(1) != this_worker(2)
    True
    """
    return f"{_machine()}/{os.getpid()}" + ("" if hand is None else f".{hand}")


def _machine() -> str:
    """This machine as processes see it: containers of one name count as many, for they do not see each other."""
    space = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()}:{space.stat().st_ino}" if space.exists() else socket.gethostname()


def is_dead(worker: str) -> bool:
    """Whether `worker` (a name that `this_worker` gave) is surely gone; of other machines' nobody can say.

    >>> is_dead(this_worker()), is_dead("elsewhere/1")
    (False, False)
    """
    machine, _, process = worker.rpartition("/")
    process = process.partition(".")[0]
    if machine != _machine() or not process.isdigit() or os.name == "nt":
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return _is_zombie(Path("/proc", process, "stat"))


def _is_zombie(stat: Path) -> bool:
    """Whether a process has ended and only waits for its parent to notice, which in a container may be never."""
    try:
        return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
