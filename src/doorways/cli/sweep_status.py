"""How far a sweep is: said once, or shown while a crew paints it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from doorways.cli.failures import INTERRUPTED
from doorways.cli.stopping import Stopping
from doorways.explore.campaign import UNDER_WAY, rungs_of
from doorways.explore.crew import at_work, log_path
from doorways.explore.working import full_disk
from doorways.library import STATES, Entry, Library, Sweep

LOOK_S = 0.5
ENDED = ("finished", "stopped", "failed")
BEST = 3
"""How many finished paintings of a subject are named."""


def status_json(library: Library, sweep: Sweep) -> dict[str, Any]:
    """The sweep, its counts, its workers and its paintings, as JSON values."""
    entries = library.list(sweep=sweep.id)
    return {
        "id": sweep.id,
        "title": sweep.title,
        "state": sweep.state,
        "reason": sweep.settings.get("reason"),
        "counts": library.counts(sweep.id),
        "rungs": _per_rung(sweep, entries),
        "workers": at_work(library, sweep),
        "paintings": [entry.to_json() for entry in entries],
    }


def status_text(library: Library, sweep: Sweep) -> str:
    """The sweep in a few lines, what is being painted, and the best of each subject."""
    entries = library.list(sweep=sweep.id)
    workers = at_work(library, sweep)
    lines = [f"{sweep.title} ({sweep.id}): {sweep.state}, {_counted(library.counts(sweep.id))}"]
    if reason := sweep.settings.get("reason"):
        lines.append(f"paused because {reason}")
    elif sweep.state != "done" and (full := full_disk(library)):
        lines.append(full)
    lines += [f"rung {rung}: {said}" for rung, said in _per_rung(sweep, entries).items()]
    if sweep.state == "running" and not workers:
        lines.append(f"nobody paints it now; `doorways explore resume {sweep.id}` does")
    elif workers:
        lines.append(f"{len(workers)} at work")
    lines += [
        f"  {entry.id}  step {entry.step} of {entry.steps}  {_name(entry)}"
        for entry in entries
        if entry.worker and library.is_painted(entry.id)
    ]
    subjects: dict[str, list[Entry]] = {}
    for entry in entries:
        subjects.setdefault(entry.subject or "", []).append(entry)
    for subject, group in subjects.items():
        lines += ["", f"{subject}: {_counted(_states(group))}"]
        lines += [f"  {_told(entry)}" for entry in best(group)]
    return "\n".join(lines)


def best(entries: Iterable[Entry]) -> list[Entry]:
    """The finished, pinned and best few of a subject, the furthest and best matching first."""
    painted = [entry for entry in entries if entry.step]
    painted.sort(key=lambda entry: (-entry.rung, -entry.step, -entry.scores.get("match", -1.0)))
    return painted[:BEST]


def watch(library: Library, sweep: Sweep, crew: Sequence[subprocess.Popen[bytes]]) -> int:
    """Shows a crew at work until it has ended, or until Ctrl-C, which lets it keep what is painted; an exit code."""
    console = Console(stderr=True, highlight=False)
    columns = TextColumn("{task.description}"), BarColumn(None), MofNCompleteColumn(), TimeElapsedColumn()
    known = {entry.id for state in ENDED for entry in library.list(sweep=sweep.id, state=state)}
    with (
        Stopping() as stopping,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("painting")
        told, looked_at = False, len(known)
        while any(process.poll() is None for process in crew):
            if stopping.asked and not told:
                told = True
                for process in crew:
                    process.terminate()
            counts = library.counts(sweep.id)
            running = library.list(sweep=sweep.id, state="running", limit=1)
            now = (
                f"{_name(running[0])}, step {running[0].step} of {running[0].steps}"
                if running
                else "painting"
            )
            bar.update(task, description=now, total=sum(counts.values()), completed=_ended(counts))
            if (ended := _ended(counts)) != looked_at:
                known |= _tell_news(library, sweep, known, console)
                looked_at = ended
            time.sleep(LOOK_S)
        _tell_news(library, sweep, known, console)
    return _how_it_ended(library, sweep, crew, interrupted=stopping.asked)


def _how_it_ended(
    library: Library, sweep: Sweep, crew: Sequence[subprocess.Popen[bytes]], *, interrupted: bool
) -> int:
    now, counts = library.get_sweep(sweep.id), library.counts(sweep.id)
    sys.stdout.write(f"{now.title}: {_counted(counts)}\n")
    if counts.keys() & set(UNDER_WAY):
        why = now.settings.get("reason") or "it was left before its end"
        if not interrupted and any(process.returncode for process in crew) and "reason" not in now.settings:
            why = full_disk(library) or f"its workers have ended; {log_path(library, sweep)} says why"
        sys.stdout.write(f"{why}; this goes on with it:\n  doorways explore resume {now.id}\n")
        return INTERRUPTED if interrupted else int(now.state != "paused" or "reason" in now.settings)
    return 0


def _tell_news(library: Library, sweep: Sweep, known: set[str], console: Console) -> set[str]:
    """A line for each painting that has come to its end since the last time; their IDs."""
    news = [
        entry
        for state in ("finished", "failed")
        for entry in library.list(sweep=sweep.id, state=state)
        if entry.id not in known
    ]
    for entry in news:
        console.print(_told(entry), markup=False, soft_wrap=True)
    return {entry.id for entry in news}


def _told(entry: Entry) -> str:
    match = f"match {entry.scores['match']:.3f}, " if "match" in entry.scores else ""
    pinned = ", pinned" if entry.pinned else ""
    return f"{entry.id}  {entry.state} after step {entry.step}, {match}seed {entry.recipe.get('seed')}{pinned}  {_name(entry)}"


def _name(entry: Entry) -> str:
    return entry.subject or entry.prompts


def _per_rung(sweep: Sweep, entries: Sequence[Entry]) -> dict[int, str]:
    """How many paintings each rung has seen, and how they stand."""
    rungs = rungs_of(sweep)
    found = {}
    for rung in range(len(rungs.keep) + 1 if rungs else 0):
        begun = [
            entry
            for entry in entries
            if entry.rung >= rung and (rung or entry.step or entry.state != "stopped")
        ]
        here = [entry for entry in begun if entry.rung == rung]
        found[rung + 1] = f"{len(begun)} paintings" + (f", {_counted(_states(here))}" if here else "")
    return found


def _states(entries: Iterable[Entry]) -> dict[str, int]:
    found = Counter(entry.state for entry in entries)
    return {state: found[state] for state in STATES if state in found}


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in counts.items()) or "no paintings"


def _ended(counts: dict[str, int]) -> int:
    return sum(counts.get(state, 0) for state in ENDED)
