"""A sweep on the connected Ray cluster: as many workers as there is room for, in threads here that paint there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

from doorways.explore.crew import sign_off
from doorways.explore.ray_cluster import nodes, threads_for
from doorways.explore.ray_place import RayPlace, needs_of
from doorways.explore.working import work
from doorways.library import Entry, Library, this_worker

if TYPE_CHECKING:
    from doorways.events import Event

LOOK_S = 1.0
"""How often it looks for room and for what has ended."""


def work_on_cluster(
    library: Library,
    sweep_id: str,
    *,
    workers: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
    on_event: Callable[[Entry, Event], None] | None = None,
) -> None:
    """As `work`, on the cluster, until nothing is left to paint, the sweep is paused, or `stopping` says so.

    Args:
        workers: paintings at a time; if not given, as many as the machines have room for, also those that join later.

    Raises:
        DoorwaysError: painting fails again and again; the sweep is then paused.
    """
    folder = library.get_sweep(sweep_id).settings.get("folder")
    threads = 1 if workers is None else threads_for(workers, nodes())
    crew: list[threading.Thread] = []
    errors: list[BaseException] = []
    numbers = count(1)

    def told() -> bool:
        return stopping() or bool(errors)

    def paint(number: int) -> None:
        place = RayPlace(threads, folder)
        try:
            work(
                library,
                sweep_id,
                worker=this_worker(number),
                place=place,
                stopping=told,
                on_event=on_event,
            )
        except BaseException as error:
            errors.append(error)
        finally:
            place.leave()

    while True:
        crew = [worker for worker in crew if worker.is_alive()]
        if not told() and library.get_sweep(sweep_id).state == "running":
            for _ in range(len(crew), workers or _room(library, sweep_id, threads)):
                crew.append(threading.Thread(target=paint, args=(next(numbers),), daemon=True))
                crew[-1].start()
        elif not crew:
            if errors:
                raise errors[0]
            if sign_off(library, sweep_id, this_worker(), anyway=told()):
                return
        time.sleep(LOOK_S)


def _room(library: Library, sweep_id: str, threads: int) -> int:
    """How many paintings like the sweep's first one the cluster has room for; one at least, which may bring machines."""
    (first,) = library.list(sweep=sweep_id, limit=1)
    return max(1, needs_of(first.recipe, threads).room(nodes()))
