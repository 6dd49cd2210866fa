"""The loop of a worker: claim a painting, paint it to the end of its rung, judge it, see who goes on; until all is done.

Where its place paints several side by side, it claims so many of a kind, and what becomes of one is nothing to the others.

Any number of processes may run it on one library. What is killed in the middle is taken over by the next one from its
last checkpoint, and takes the same steps, bit for bit on a CPU.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING

from doorways.errors import DoorwaysError
from doorways.explore.campaign import rungs_of
from doorways.explore.crew import sign_off
from doorways.explore.kind import is_painted_alone, kind_of
from doorways.explore.place import Here, NoRoom, Place
from doorways.explore.standings import kept_at, settle
from doorways.judge.ranking import WEIGHTS
from doorways.library import ClaimLost, Entry, Library, PainterLost, Sweep, this_worker

if TYPE_CHECKING:
    from doorways.events import Event
    from doorways.library.recorder import AnyPainter

IDLE_S = 1.0
"""How long a worker waits for what others are about to finish."""
LOOK_S = 0.5
"""How often it looks whether it is to leave."""
MOST_FAILURES = 3
"""So many failures in a row, with nothing painted between, are no accident: the sweep pauses, and says why."""
ROOM_BYTES = 32 << 20
"""With less room than this on the disk, nothing new is begun."""

Stop = Callable[[], bool]


def work(
    library: Library,
    sweep_id: str,
    *,
    worker: str | None = None,
    place: Place | None = None,
    stopping: Stop = lambda: False,
    on_event: Callable[[Entry, Event], None] | None = None,
) -> int:
    """Paints a sweep until nothing of it is left to paint, it is paused, or `stopping` says so.

    Args:
        worker: a name for whoever works here; this process if not given.
        place: where it is painted; in this process if not given.
        on_event: called with each painting and event.

    Returns: how many times it has painted a rung to its end.

    Raises:
        DoorwaysError: painting fails again and again; the sweep is then paused.
    """
    worker, place = worker or this_worker(), place or Here()
    painted, failures = 0, 0
    while True:
        sweep = library.get_sweep(sweep_id)
        if stopping() or sweep.state != "running":
            if sign_off(library, sweep_id, worker, anyway=stopping()):
                return painted
            continue
        _must_have_room(library, sweep)
        if not place.is_ready():
            time.sleep(IDLE_S)
            continue
        entries = claim(library, sweep, worker, most=place.together)
        if not entries:
            place.rest()
            if _more_will_come(library, sweep):
                time.sleep(IDLE_S)
            continue
        rungs = [
            paint_rung(
                library, sweep, entry, place, beside=len(entries) > 1, stopping=stopping, on_event=on_event
            )
            for entry in entries
        ]
        for outcome in in_turns(rungs):
            if isinstance(outcome, bool):
                painted += outcome
                failures = 0
            elif isinstance(outcome, NoRoom):
                time.sleep(IDLE_S)
            elif not isinstance(outcome, DoorwaysError):
                raise outcome
            elif not isinstance(outcome, ClaimLost):
                failures += 1
                _must_have_room(library, sweep)
                if failures == MOST_FAILURES:
                    _pause(library, sweep, str(outcome))
                    raise outcome


def claim(library: Library, sweep: Sweep, worker: str, *, most: int) -> list[Entry]:
    """The next painting to paint, if there is one, and others that can be painted beside it: of its kind and in its rung.

    Args:
        most: so many of them at most, all together.
    """
    first = library.claim(worker, sweep=sweep.id)
    if first is None or most == 1 or is_painted_alone(first.recipe):
        return [first] if first else []
    with library.together():
        waiting = library.list(sweep=sweep.id, state="waiting")
        alike = [
            entry
            for entry in sorted(waiting, key=lambda entry: not entry.pinned)
            if entry.rung == first.rung and kind_of(entry.recipe) == kind_of(first.recipe)
        ]
        return [first, *(library.take(entry.id, worker) for entry in alike[: most - 1])]


def in_turns(rungs: Iterable[Generator[None, None, bool]]) -> list[bool | Exception]:
    """Paints the rungs of several paintings, an event of each in turn, and says what came of each: its error, if it had one."""
    going, outcomes = list(rungs), list[bool | Exception]()
    try:
        while going:
            for rung in list(going):
                try:
                    next(rung)
                except StopIteration as end:
                    outcomes.append(end.value)
                    going.remove(rung)
                except Exception as error:
                    outcomes.append(error)
                    going.remove(rung)
    finally:
        for rung in going:
            rung.close()
    return outcomes


def paint_rung(
    library: Library,
    sweep: Sweep,
    entry: Entry,
    place: Place,
    *,
    beside: bool = False,
    stopping: Stop = lambda: False,
    on_event: Callable[[Entry, Event], None] | None = None,
) -> Generator[None, None, bool]:
    """Paints one claimed painting to the end of its rung, judges it and settles its subject; False if it left before.

    After each event it lets others have their turn.

    Args:
        beside: whether there are others, of its kind.

    Raises:
        ClaimLost: the artist, or another worker, has taken it.
        PainterLost: the place is gone; the painting is `waiting` again.
        DoorwaysError: it cannot be painted; it is then `failed`, and the reason is among its events.
    """
    from doorways.library.recorder import Recorder

    rungs = rungs_of(sweep)
    painter = _open(library, entry, place, beside=beside)
    steps = painter.recipe.steps
    ends = rungs.ends(steps) if rungs else (steps,)
    rung = min(entry.rung, len(ends) - 1)
    leaving = Leaving(library, sweep, entry, stopping)
    with Recorder(library, entry, painter) as recorder:
        if painter.step < ends[rung]:
            for event in place.events(painter):
                recorder(event)
                if on_event is not None:
                    on_event(entry, event)
                if painter.step >= ends[rung] < steps:
                    break
                if painter.step < ends[rung] and (state := leaving()):
                    recorder.leave(state)
                    return False
                yield
        if rungs:
            measures = scores_of(place.judge(painter, sweep.settings), sweep, rung)
            library.score(entry.id, measures, judge=sweep.settings["judge"])
        recorder.leave("finished" if painter.step >= steps else "resting")
    settle(library, sweep.id, subject=entry.subject)
    return True


def scores_of(measures: Mapping[str, float], sweep: Sweep, rung: int) -> dict[str, float]:
    """The judge's measures of a picture; those that count are also kept as they are at this rung."""
    counting = {*(sweep.settings["weights"] or WEIGHTS), "match"}
    return {
        **measures,
        **kept_at(rung, {name: value for name, value in measures.items() if name in counting}),
    }


class Leaving:
    """Whether a worker is to leave its painting: it is told to stop, the sweep is paused or ended, or the claim is gone."""

    def __init__(self, library: Library, sweep: Sweep, entry: Entry, stopping: Stop) -> None:
        self.library, self.sweep, self.entry, self.stopping = library, sweep, entry, stopping
        self._looked = time.monotonic()

    def __call__(self) -> str:
        """The state to leave it in, or nothing for painting on; looks into the library at most every `LOOK_S`.

        Raises:
            ClaimLost: the painting is no longer this worker's.
        """
        if self.stopping():
            return "waiting"
        if time.monotonic() - self._looked < LOOK_S:
            return ""
        self._looked = time.monotonic()
        if (now := self.library.get(self.entry.id)).worker != self.entry.worker:
            raise ClaimLost(f"{now.id}: is {now.state} now")
        state = self.library.get_sweep(self.sweep.id).state
        return {"running": "", "done": "stopped"}.get(state, "waiting")


def _open(library: Library, entry: Entry, place: Place, *, beside: bool) -> AnyPainter:
    """The painter of a claimed painting, which is `failed` if there cannot be one."""
    try:
        return place.open(library.files(entry.id), entry.recipe, beside=beside)
    except PainterLost:
        library.release(entry.id, "waiting", worker=entry.worker)
        raise
    except DoorwaysError as error:
        library.release(entry.id, "failed", worker=entry.worker)
        library.note(entry.id, "\n".join(filter(None, (entry.note, f"failed: {error}"))))
        raise


def _more_will_come(library: Library, sweep: Sweep) -> bool:
    """Whether there is anything left to paint once others are done; if not, the sweep is done.

    Or it is paused, where paintings are left that one waits for which was stopped by hand.
    """
    if settle(library, sweep.id):  # what a killed worker has judged and not settled
        return True
    with library.together():
        counts = library.counts(sweep.id)
        if counts.keys() & {"waiting", "running"}:
            return True
        if library.get_sweep(sweep.id).state == "running":
            if counts.get("paused"):
                _pause(library, sweep, f"paintings of it were stopped by hand: {counts['paused']}")
            else:
                library.update_sweep(sweep.id, state="done")
        return False


def full_disk(library: Library) -> str:
    """That the disk is full, and what to do; nothing if it has room."""
    if shutil.disk_usage(library.folder).free >= ROOM_BYTES:
        return ""
    return f"{library.folder}: the disk is full; free some space, and go on with `doorways explore resume`"


def _must_have_room(library: Library, sweep: Sweep) -> None:
    if reason := full_disk(library):
        _pause(library, sweep, reason)
        raise DoorwaysError(reason)


def _pause(library: Library, sweep: Sweep, reason: str) -> None:
    with library.together():
        settings = library.get_sweep(sweep.id).settings
        library.update_sweep(sweep.id, state="paused", settings={**settings, "reason": reason})
