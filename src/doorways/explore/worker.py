"""A worker as a process: `python -m doorways.explore.worker LIBRARY SWEEP`. `crew.hire` starts it."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from doorways.errors import DoorwaysError
from doorways.explore.crew import on_duty
from doorways.explore.place import Here
from doorways.explore.working import work
from doorways.library import Library, this_worker


class Told:
    """Whether a signal to stop has come; the second one ends the process at once."""

    def __init__(self) -> None:
        self.stop = False
        self.listen()

    def listen(self) -> None:
        """Hears signals from now on, whoever heard them before."""
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("sweep")
    parser.add_argument("--threads", type=int, help="of each painting that does not say how many")
    parser.add_argument("--together", type=int, default=1, help="paintings side by side, on this machine")
    parser.add_argument("--on", help="the cluster to paint on")
    parser.add_argument("--workers", type=int, help="paintings at a time, on a cluster")
    given = parser.parse_args()
    told = Told()
    try:
        with (
            Library.open(given.library, create=False) as library,
            on_duty(library, given.sweep, this_worker()),
        ):
            if given.on is None:
                here = Here(given.threads, together=given.together)
                work(library, given.sweep, place=here, stopping=told)
            else:
                from doorways.explore.ray_cluster import connected
                from doorways.explore.ray_work import work_on_cluster

                with connected(given.on):
                    told.listen()  # Ray has put its own ears in place of these
                    work_on_cluster(library, given.sweep, workers=given.workers, stopping=told)
    except DoorwaysError as error:
        sys.stderr.write(f"doorways: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
