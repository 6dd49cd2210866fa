"""Fetching models from the hub with a bar that shows how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from doorways.models import hub
from doorways.models.catalogue import is_here


def fetch(specs: Iterable[str], *, again: bool = False) -> Iterator[tuple[str, Path]]:
    """Brings the hub's models among `specs` that are not here (with `again`, all of them); spec and folder of each.

    InputError or DoorwaysError, with what to do, where one cannot be fetched.
    """
    console = Console(stderr=True, highlight=False)
    for spec in specs:
        if not spec.startswith(hub.HUB) or (is_here(spec) and not again):
            continue
        columns = TextColumn("{task.description}"), BarColumn(None), DownloadColumn(), TimeRemainingColumn()
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"fetching {spec}", total=None)
            if not console.is_terminal:
                console.print(f"fetching {spec}", markup=False)
            folder = hub.pull(spec, partial(_show, bar, task))
        yield spec, folder


def _show(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)
