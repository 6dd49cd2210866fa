"""A worker as a process: `python -m doorways.explore.worker LIBRARY SWEEP THREADS`. `crew.hire` starts it."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from doorways.errors import DoorwaysError
from doorways.explore.working import work
from doorways.library import Library


class Told:
    """Whether a signal to stop has come; the second one ends the process at once."""

    def __init__(self) -> None:
        self.stop = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def __call__(self) -> bool:
        return self.stop

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.stop:
            raise KeyboardInterrupt
        self.stop = True


def main() -> int:
    """The exit code: 0 when nothing is left or it was told to stop, 1 when painting fails again and again."""
    folder, sweep, threads = sys.argv[1:]
    told = Told()
    try:
        with Library.open(folder, create=False) as library:
            work(library, sweep, threads=int(threads), stopping=told)
    except DoorwaysError as error:
        sys.stderr.write(f"doorways: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
