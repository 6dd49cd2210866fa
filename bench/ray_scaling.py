"""How a sweep on a Ray cluster scales: paintings per hour against workers, measured here and modelled beyond.

    python -m bench.ray_scaling                       1 and 2 workers
    python -m bench.ray_scaling --workers 1 2 4 8     where there are as many processors

The same paintings, one thread each and without rungs, are painted by `doorways.explore.ray_work` on a Ray cluster of this
machine, by each number of workers. Timed is from the first painting's first event to the last one's last; what workers
take to come (a process, torch) is told apart. The driver's own work for a painting, recording and sending, is the
processor time of its process, so that the model knows two limits: n workers paint n times what one does, until the
driver, one process, is busy all the time. Machines are taken to be such as this one, and the network to cost nothing.
Writes docs/bench/ray_scaling.json.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.results import FOLDER, Verdict, report
from doorways.explore.ray_cluster import connected
from doorways.explore.ray_work import work_on_cluster
from doorways.library import Library
from doorways.recipe import Recipe

BEYOND = (4, 16, 64, 256, 1024)
"""Workers for which the model is asked."""


@dataclass(frozen=True)
class Run:
    """Paintings painted by so many workers.

    Attributes:
        seconds: from the first event to the last.
        coming_s: before the first event.
        driver_s: processor time of the driver in `seconds`.
    """

    workers: int
    paintings: int
    seconds: float
    coming_s: float
    driver_s: float

    @property
    def per_hour(self) -> float:
        """Paintings."""
        return 3600 * self.paintings / self.seconds


def run(settings: dict[str, Any], workers: int, paintings: int) -> Run:
    """Paints on the connected cluster, into a library that is gone afterwards."""
    with TemporaryDirectory() as folder, Library.open(folder) as library:
        sweep = library.add_sweep("bench", "", {"triage": None, "weights": None})
        for seed in range(paintings):
            library.add(Recipe.build(**settings, seed=seed), sweep=sweep.id)
        events: list[tuple[float, float]] = []
        began = time.perf_counter()
        work_on_cluster(
            library,
            sweep.id,
            workers=workers,
            on_event=lambda *_: events.append((time.perf_counter(), time.process_time())),
        )
        assert library.counts(sweep.id) == {"finished": paintings}
    (first, busy_first), (last, busy_last) = min(events), max(events)
    return Run(workers, paintings, last - first, first - began, busy_last - busy_first)


def modelled(workers: int, run: Run) -> float:
    """Paintings per hour by so many workers: what each painted in `run`, but no more than the driver can serve.

    >>> two = Run(workers=2, paintings=20, seconds=100.0, coming_s=5.0, driver_s=2.0)
    >>> modelled(10, two), modelled(1000, two)
    (3600.0, 36000.0)
    """
    return min(workers / run.workers * run.per_hour, 3600 * run.paintings / run.driver_s)


def table(runs: Sequence[Run]) -> list[list[Any]]:
    """A row for each number of workers, measured or not."""
    rows: list[list[Any]] = [
        [
            run.workers,
            run.per_hour,
            modelled(run.workers, runs[0]),
            run.coming_s,
            run.driver_s / run.paintings,
        ]
        for run in runs
    ]
    return rows + [
        [workers, "", modelled(workers, runs[0]), "", ""] for workers in BEYOND if workers > runs[-1].workers
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="the first is the model's")
    parser.add_argument("--paintings", type=int, default=16)
    parser.add_argument("--generator", default="embedded")
    parser.add_argument("--perceptor", default="embedded")
    parser.add_argument("--size", default="192x96")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--cutouts", type=int, default=16)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    if len(given.workers) < 2:
        parser.error("--workers needs two numbers or more, of which the first is compared with")
    names = ("generator", "perceptor", "size", "steps", "cutouts")
    settings = {name: getattr(given, name) for name in names} | {"prompts": "forest | desert", "threads": 1}
    with connected("ray"):
        runs = [run(settings, workers, given.paintings) for workers in given.workers]
    first, last = runs[0], runs[-1]
    share = last.per_hour / first.per_hour * first.workers / last.workers
    holds = report(
        "ray_scaling",
        f"{given.paintings} paintings of {given.size}, {given.steps} steps, on a Ray cluster of one machine",
        (
            "workers",
            "paintings per hour",
            "modelled",
            "seconds until the first",
            "driver's seconds a painting",
        ),
        rows=table(runs),
        verdicts=[
            Verdict(
                f"{last.workers} workers paint 0.8 or more of {last.workers / first.workers:g} times what {first.workers} does",
                f"{share:.2f}",
                share >= 0.8,
            )
        ],
        data={"settings": settings, "runs": [vars(run) for run in runs]},
        out=given.out,
    )
    raise SystemExit(not holds)


if __name__ == "__main__":
    main()
