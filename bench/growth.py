"""What growth buys: the judged quality of a plain run, in what part of its time? `python -m bench.growth`

Protocol. 10 pairs x 3 seeds are painted by the embedded models: plainly, every step on the whole canvas; and beginning
on a smaller canvas, which grows at each of a way's places, where a part of it begins anew or not (`WAYS`). All else is the
same, the steps too. The embedded judge, which does not paint, says how well each picture matches its prompts (`match`), how
far apart its sides are (`contrast`), and how sharp it is; of a way of painting the mean over all paintings counts, and the
standard error of the mean difference to the plain one of the same pair and seed is told. Time is that of all steps: those on
each canvas count what they took in the median of all paintings that were on it, so that what else the machine does falls
out. Paintings are kept in bench/cache/growth.

Target: one way has at least the plain one's match, in at most half of its time. Exits 1 where none does.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

import torch
from rich.console import Console
from rich.progress import track

from bench.paintings import CACHE
from bench.results import FOLDER, Verdict, report
from bench.triage import EYES, SUBJECTS, Run, run
from doorways.recipe import Recipe
from doorways.size import Size

PAIRS = SUBJECTS[:10]
SMALL: dict[str, Any] = {"grow_at": (0.5, 0.85)}
WAYS: Mapping[str, tuple[float, dict[str, Any]]] = {
    "plain": (1, {"grow_at": ()}),
    "a third until 0.5, between until 0.85": (1 / 3, SMALL),
    "the same, begun anew by 0.4": (1 / 3, SMALL | {"grow_noise": 0.4}),
}
"""Ways of painting: the sides of the first canvas, of the whole one's, and how it grows; the first one is compared with."""
MEASURES = ("match", "contrast", "sharpness")
"""Of the judge, that are told; the first one counts."""
TIME = 0.5
"""The target."""


def step_s(runs: Iterable[Run]) -> dict[str, float]:
    """Seconds of a step on each canvas, in the median painting that was on it."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for one in runs:
        for size, took in one.step_s.items():
            seconds[size].append(took)
    return {size: median(took) for size, took in seconds.items()}


def against(runs: Sequence[Run], plain: Sequence[Run], measure: str) -> tuple[float, float]:
    """The mean difference of a measure of the finished pictures to the plain ones', and its standard error."""
    differences = [
        one.measures[-1][measure] - other.measures[-1][measure]
        for one, other in zip(runs, plain, strict=True)
    ]
    spread = stdev(differences) if len(differences) > 1 else math.nan
    return fmean(differences), spread / math.sqrt(len(differences))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", default="384x192")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--cutouts", type=int, default=8)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    torch.set_num_threads(1)
    settings = {"size": given.size, "steps": given.steps, "cutouts": given.cutouts, "threads": 1}
    wanted = [(pair, seed) for pair in PAIRS[: given.pairs] for seed in range(given.seeds)]
    whole = Size.parse(given.size)
    runs: dict[str, list[Run]] = {name: [] for name in WAYS}
    for pair, seed in track(wanted, "paintings", console=Console(stderr=True)):
        for name, (part, how) in WAYS.items():
            first = Size(round(part * whole.width), round(part * whole.height))
            recipe = Recipe.build(prompts=pair, seed=seed, **settings, **how, start_size=first)
            runs[name].append(run(recipe, CACHE / "growth", EYES))
    plain, paces = runs["plain"], step_s(chain.from_iterable(runs.values()))
    rows, found = [], {}
    for name, painted in runs.items():
        time = sum(paces[size] for size in painted[0].canvases) / sum(
            paces[size] for size in plain[0].canvases
        )
        scores = {measure: fmean(one.measures[-1][measure] for one in painted) for measure in MEASURES}
        more, error = against(painted, plain, "match")
        found[name] = {"time": time, **scores, "match less plain": more, "standard error": error}
        rows.append([name, time, f"{more:+.4f} ± {error:.4f}", *scores.values()])
    good = [name for name, one in found.items() if one["time"] <= TIME and one["match less plain"] >= 0]
    holds = report(
        "growth",
        f"{len(wanted)} paintings of {given.size} in each way, {given.steps} steps of {given.cutouts} cutouts",
        ("", "time, of plain", "match less plain", *MEASURES),
        rows,
        verdicts=[
            Verdict(f"the plain match in at most {TIME} of its time", ", ".join(good) or "none", bool(good))
        ],
        data={"protocol": __doc__, "settings": settings | {"judge": EYES}, "ways": found},
        out=given.out,
    )
    raise SystemExit(not holds)


if __name__ == "__main__":
    main()
