"""The crew of a sweep: processes of this machine that run `doorways.explore.worker`, to paint here or on a cluster."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from doorways.atomic import writing
from doorways.errors import DoorwaysError, InputError
from doorways.library import Library, Sweep, this_worker
from doorways.library.claims import LEASE_S
from doorways.library.workers import is_dead

WORKERS = "workers"
"""Where a sweep's settings remember its crew: each name, and until when it counts if it is not renewed."""


def log_path(library: Library, sweep: Sweep) -> Path:
    """Where its workers write what goes wrong."""
    return library.folder / "logs" / f"{sweep.id}.log"


def threads_each(workers: int) -> int:
    """Threads for each of so many workers, so that together they use this machine's processors and no more.

    >>> threads_each(10_000)
    1
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // workers)


def hire(
    library: Library, sweep: Sweep, workers: int | None = None, *, together: int = 1, on: str | None = None
) -> list[subprocess.Popen[bytes]]:
    """Starts so many workers, which paint until nothing is left; they outlive this process.

    A signal to stop (SIGTERM) lets a worker keep what it has painted so far.

    Args:
        workers: 1 if not given; on a cluster, as many as it has room for.
        together: paintings that each of them paints side by side (`together.py`); on a cluster it is one.
        on: the cluster (`ray_cluster`); the crew is then one process, and its workers are elsewhere.

    Raises:
        InputError: the folder that paths in the theme start from is gone, or the library may not be written to.
    """
    folder = sweep.settings.get("folder")
    if folder is not None and not Path(folder).is_dir():
        raise InputError(
            f"{folder}: the folder that {sweep.title} was begun in is gone; bring it back, or give the theme again elsewhere"
        )
    log = log_path(library, sweep)
    with writing(log):
        log.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "doorways.explore.worker", str(library.folder.absolute()), sweep.id]
    if on is None:
        command += ["--threads", str(threads_each(workers or 1)), "--together", str(together)]
    else:
        command += ["--on", on, *(["--workers", str(workers)] if workers else [])]
    with writing(log), log.open("ab") as stream:
        crew = [
            subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
            for _ in range(1 if on else workers or 1)
        ]
    here = this_worker().rpartition("/")[0]
    with library.together():
        names, until = at_work(library, sweep), time.time() + LEASE_S
        there = {name: its for name, its in _crew(library, sweep.id).items() if name in names}
        _remember(library, sweep.id, there | {f"{here}/{process.pid}": until for process in crew})
    return crew


@contextmanager
def on_duty(library: Library, sweep_id: str, worker: str, *, lease_s: float = LEASE_S) -> Iterator[None]:
    """While the block runs, a worker that was hired counts as at work, until it has signed off."""
    over = threading.Event()

    def beat() -> None:
        while True:
            with suppress(DoorwaysError), library.together():  # a full disk may have room by the next beat
                if worker in (crew := _crew(library, sweep_id)):
                    _remember(library, sweep_id, {**crew, worker: time.time() + lease_s})
            if over.wait(lease_s / 4):
                return

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()


def sign_off(library: Library, sweep_id: str, worker: str, *, anyway: bool) -> bool:
    """Takes a worker that is about to leave off the crew; False, and it stays, if the sweep runs again and not `anyway`."""
    with library.together():
        sweep = library.get_sweep(sweep_id)
        if sweep.state == "running" and not anyway:
            return False
        crew = _crew(library, sweep.id)
        if crew.pop(worker, None) is not None:
            _remember(library, sweep.id, crew)
    return True


def _crew(library: Library, sweep_id: str) -> dict[str, float]:
    """The crew as it is remembered; a list of names alone is an older version's, of which nobody knows the time."""
    found = library.get_sweep(sweep_id).settings.get(WORKERS)
    return found if isinstance(found, dict) else {}


def _remember(library: Library, sweep_id: str, crew: Mapping[str, float]) -> None:
    settings = library.get_sweep(sweep_id).settings
    library.update_sweep(sweep_id, settings={**settings, WORKERS: dict(crew)})


def let_go(crew: Iterable[subprocess.Popen[bytes]]) -> None:
    """Has the crew paint on without anybody who waits for it."""
    for process in crew:
        process.returncode = 0  # or it would be missed, with a warning, when the object goes


def at_work(library: Library, sweep: Sweep) -> list[str]:
    """The names of the sweep's workers whose time has not run out, and that are not known to have ended."""
    now, running = time.time(), library.list(sweep=sweep.id, state="running")
    hired = [name for name, until in _crew(library, sweep.id).items() if until >= now and not is_dead(name)]
    painting = [entry.worker for entry in running if entry.worker and library.is_painted(entry.id)]
    return list(dict.fromkeys([*hired, *painting]))
