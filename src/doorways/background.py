"""Work that is done beside the painting, one thing after the other: encoding and writing what a GPU has handed over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Queue
from types import TracebackType
from typing import Self

Job = Callable[[], None]

MOST = 2
"""Jobs that may wait; who brings more waits too, so that memory does not fill with pictures."""


class Background:
    """A context manager, at whose end all is done.

    Args:
        aside: whether jobs are done in a thread; otherwise each is done at once by whoever brings it.
    """

    def __init__(self, *, aside: bool) -> None:
        self._jobs: Queue[Job] | None = Queue(MOST) if aside else None
        self._failed: BaseException | None = None

    def do(self, job: Job) -> None:
        """Does a job after those before it. What one raises is raised here, or by `wait`, and the others are done."""
        if self._jobs is None:
            job()
            return
        self._raise()
        self._jobs.put(job)

    def wait(self) -> None:
        """Until all is done."""
        if self._jobs is not None:
            self._jobs.join()
            self._raise()

    def __enter__(self) -> Self:
        if self._jobs is not None:
            threading.Thread(target=self._work, args=(self._jobs,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._jobs is not None:
            self._jobs.join()
            self._jobs.put(_leave)

    def _work(self, jobs: Queue[Job]) -> None:
        while True:
            job = jobs.get()
            try:
                job()
            except _Left:
                return
            except BaseException as error:
                self._failed = self._failed or error
            finally:
                jobs.task_done()

    def _raise(self) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed


class _Left(Exception):
    """The thread may end."""


def _leave() -> None:
    raise _Left
