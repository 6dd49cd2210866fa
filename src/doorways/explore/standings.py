"""How the paintings of a subject stand, read from the library; and triage, carried out there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doorways.explore.rungs import Rungs, Standing, triage
from doorways.judge.ranking import WEIGHTS, combine
from doorways.library import Entry, Library


def measures_at(rung: int, scores: Mapping[str, float]) -> dict[str, float]:
    """The judge's measures at the end of the rung after `rung` passed ones, from a painting's scores.

    >>> measures_at(0, {"match": 0.4, "rung:1:match": 0.3})
    {'match': 0.3}
    """
    mark = _mark(rung)
    return {name.removeprefix(mark): value for name, value in scores.items() if name.startswith(mark)}


def kept_at(rung: int, measures: Mapping[str, float]) -> dict[str, float]:
    """The names under which a painting's scores keep what it was at the end of a rung, when it has long gone on.

    >>> kept_at(0, {"match": 0.3})
    {'rung:1:match': 0.3}
    """
    return {_mark(rung) + name: value for name, value in measures.items()}


def _mark(rung: int) -> str:
    return f"rung:{rung + 1}:"


def was_judged(entry: Entry) -> bool:
    """Whether it has been judged at the end of the rung that it is in."""
    return bool(measures_at(entry.rung, entry.scores))


def was_killed(entry: Entry) -> bool:
    """Whether it was stopped by hand: before it was judged, or as a reject."""
    return entry.state == "stopped" and (entry.verdict == "reject" or not was_judged(entry))


def was_triaged(entry: Entry) -> bool:
    """Whether triage has stopped it."""
    return entry.state == "stopped" and not was_killed(entry)


def standings(entries: Sequence[Entry], rungs: Rungs, weights: Mapping[str, float]) -> list[Standing]:
    """How the paintings of a subject stand: at each rung, their measures weighed against each other's (`judge.combine`)."""
    weighed: list[dict[str, float]] = []
    for rung in range(len(rungs.at)):
        rows = {entry.id: measures_at(rung, entry.scores) for entry in entries if entry.state != "failed"}
        rows = {id: row for id, row in rows.items() if row}
        weighed.append(dict(zip(rows, combine(list(rows.values()), weights), strict=True)))
    return [
        Standing(
            entry.id,
            entry.rung,
            tuple(weighed[rung].get(entry.id) for rung in range(_reached(entry, rungs))),
            "failed" if entry.state == "failed" else "killed" if was_killed(entry) else "",
            entry.pinned,
        )
        for entry in entries
    ]


def _reached(entry: Entry, rungs: Rungs) -> int:
    """How many rungs' ends it has reached."""
    return min(len(rungs.at), entry.rung + was_judged(entry))


def settle(library: Library, sweep: str, *, subject: str | None = None) -> int:
    """Carries out what triage says of a sweep's subjects, or of one; how many paintings went on or stopped.

    All that is read and written is one transaction: any number of workers may do this at any time.
    """
    with library.together():
        settings = library.get_sweep(sweep).settings
        if not settings.get("triage"):
            return 0
        rungs, weights = Rungs(**settings["triage"]), settings["weights"] or WEIGHTS
        subjects: dict[str, list[Entry]] = {}
        for entry in library.list(sweep=sweep, subject=subject):
            subjects.setdefault(entry.subject or "", []).append(entry)
        moved = 0
        for entries in subjects.values():
            fates = triage(standings(entries, rungs, weights), rungs)
            for entry in entries:
                fate = fates.get(entry.id)
                if fate == "go on" and entry.state in ("resting", "stopped"):
                    library.release(entry.id, "waiting", rung=entry.rung + 1)
                    moved += 1
                elif fate == "stop" and entry.state == "resting":
                    library.release(entry.id, "stopped")
                    moved += 1
    return moved
