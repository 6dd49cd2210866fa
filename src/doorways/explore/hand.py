"""What the artist decides by hand while a sweep is painted: pin, kill and promote a painting; pause, resume, stop it all."""

from __future__ import annotations

from doorways.errors import InputError
from doorways.explore.campaign import rungs_of
from doorways.explore.standings import settle, was_killed
from doorways.library import Entry, Library, Sweep


def pin(library: Library, id: str) -> Entry:
    """This painting is painted whole, before others and whatever the judge says; one that was stopped goes on."""
    with library.together():
        entry = library.pin(id)
        if entry.verdict == "reject" and entry.state != "finished":
            library.verdict(entry.id, None)
        if was_killed(entry):
            library.release(entry.id, "waiting")
        _settle(library, entry)
        return library.get(entry.id)


def kill(library: Library, id: str) -> Entry:
    """This painting is painted no further, and is a reject; another does not take its place.

    Raises:
        InputError: it is finished.
    """
    with library.together():
        entry = library.get(id)
        if entry.state == "finished":
            raise InputError(
                f"{entry.id}: is finished, so there is nothing to stop; reject it with `doorways library`"
            )
        library.release(entry.id, "stopped")
        library.verdict(entry.id, "reject")
        library.pin(entry.id, False)
        _settle(library, entry)
        return library.get(entry.id)


def promote(library: Library, id: str) -> Entry:
    """This painting goes on to the next rung, without the judge, and without taking the place of another.

    Raises:
        InputError: it is of no sweep with rungs, is in its last rung, or is finished.
    """
    with library.together():
        entry = library.get(id)
        rungs = rungs_of(library.get_sweep(entry.sweep)) if entry.sweep else None
        if rungs is None:
            raise InputError(f"{entry.id}: belongs to no sweep with rungs, so it has none to go on to")
        if entry.state == "finished":
            raise InputError(f"{entry.id}: is finished, so there is no rung to go on to")
        if entry.rung + 1 >= len(rungs.ends(entry.steps)):
            raise InputError(
                f"{entry.id}: is in its last rung; `doorways explore pin {entry.id}` has it painted before others"
            )
        if entry.verdict == "reject":
            library.verdict(entry.id, None)
        return library.release(entry.id, "waiting", rung=entry.rung + 1)


def resume(library: Library, sweep: Sweep) -> int:
    """The sweep goes on, with what had failed or been left in the middle too; how many paintings wait."""
    with library.together():
        settings = library.get_sweep(sweep.id).settings
        settings.pop("reason", None)
        library.update_sweep(sweep.id, state="running", settings=settings)
        for state in ("failed", "paused"):
            for entry in library.list(sweep=sweep.id, state=state):
                library.release(entry.id, "waiting")
        return library.counts(sweep.id).get("waiting", 0)


def stop(library: Library, sweep: Sweep) -> int:
    """The sweep ends: what is being painted is left with a checkpoint, the rest stops; how many paintings that is."""
    with library.together():
        settings = library.get_sweep(sweep.id).settings
        settings.pop("reason", None)
        library.update_sweep(sweep.id, state="done", settings=settings)
        stopped = 0
        for state in ("waiting", "running", "resting", "paused", "failed"):
            for entry in library.list(sweep=sweep.id, state=state):
                if not library.is_painted(entry.id):
                    library.release(entry.id, "stopped")
                    stopped += 1
        return stopped + library.counts(sweep.id).get("running", 0)


def _settle(library: Library, entry: Entry) -> None:
    """What a decision means for the others of the subject."""
    if entry.sweep:
        settle(library, entry.sweep, subject=entry.subject)
