"""What a bench leaves behind: a table on the screen, JSON in docs/bench/, and the name of the machine in both."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from doorways.machine import PACKAGES

FOLDER = Path(__file__).parents[1] / "docs" / "bench"
"""Where the published results are."""


@dataclass(frozen=True)
class Verdict:
    """One claim, what was measured of it, and whether it holds."""

    claim: str
    measured: str
    holds: bool


def machine() -> dict[str, Any]:
    """What the numbers depend on: processor, cores, memory, threads and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": cores,
        "memory_gib": round(memory / 2**30, 1),
        "threads": torch.get_num_threads(),
        "system": platform.system(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }


def processor() -> str:
    """The processor's name, where the system tells it."""
    table = Path("/proc/cpuinfo")
    lines = table.read_text().splitlines() if table.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def report(
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    verdicts: Sequence[Verdict] = (),
    data: Mapping[str, Any],
    out: Path = FOLDER,
) -> bool:
    """Shows `rows` and `verdicts`, writes them with `data` to `out`/`name`.json; whether all verdicts hold."""
    described, rows = machine(), [list(row) for row in rows]
    console = Console()
    table = Table(title=title, title_justify="left")
    for rank, column in enumerate(columns):
        table.add_column(column, justify="right" if rank else "left")
    for row in rows:
        table.add_row(*map(shown, row))
    console.print(table)
    for verdict in verdicts:
        colour, word = ("green", "holds") if verdict.holds else ("red", "does not hold")
        console.print(f"[{colour}]{word}[/]: {verdict.claim}: {verdict.measured}")
    console.print(
        f"on {described['processor']}, {described['cores']} cores, {described['threads']} threads, "
        f"torch {described['versions']['torch']}",
        style="dim",
    )
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.json"
    record = {
        "title": title,
        "machine": described,
        "columns": list(columns),
        "rows": rows,
        "verdicts": [vars(verdict) for verdict in verdicts],
        **data,
    }
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(f"written to {path}", style="dim")
    return all(verdict.holds for verdict in verdicts)


def shown(value: Any) -> str:
    """A cell of a table: numbers with three digits that matter."""
    return f"{value:#.3g}".removesuffix(".") if isinstance(value, float) else str(value)
