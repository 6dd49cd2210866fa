"""What growth buys: the judged quality of a plain run, in what part of its time? `python -m bench.growth`

Protocol. 10 pairs x 3 seeds are painted by the embedded models: plainly, every step on the whole canvas; and beginning
on a smaller canvas, which grows later, where a part of it begins anew (`WAYS`). All else is the same, the steps too. The
embedded judge, which does not paint, measures each picture: above all how well it matches its prompts (`match`), how far apart
its sides are (`contrast`), and how sharp it is. Its score is that by which it ranks (`doorways rank`), all pictures of a pair
against each other. Of a way of painting the mean over all paintings counts, and the standard error of the mean difference to
the plain one of the same pair and seed is told. Time is that of all steps: those on each canvas count what they took in the
median of all paintings that were on it, so that what else the machine does falls out. Paintings are kept in
bench/cache/growth.

Targets, for a way that takes at most half of the plain one's time: at least the plain one's score, and its match. Exits 1
where none reaches one of them.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

import torch
from rich.console import Console
from rich.progress import track

from bench.paintings import CACHE, weights_used
from bench.results import FOLDER, Verdict, report
from bench.triage import EYES, SUBJECTS, Run, run
from doorways.judge import combine
from doorways.recipe import Recipe
from doorways.size import Size

PAIRS = SUBJECTS[:10]
WAYS: Mapping[str, tuple[float, dict[str, Any]]] = {
    "plain": (1, {"grow_at": ()}),
    "a third until 0.65, begun anew by 0.5": (1 / 3, {"grow_at": (0.65,), "grow_noise": 0.5}),
}
"""Ways of painting: the sides of the first canvas, of the whole one's, and how it grows; the first one is compared with."""
MEASURES = ("match", "contrast", "sharpness")
"""Of the judge, that are told beside its score."""
TIME = 0.5
"""The target."""


def step_s(runs: Iterable[Run]) -> dict[str, float]:
    """Seconds of a step on each canvas, in the median painting that was on it."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for one in runs:
        for size, took in one.step_s.items():
            seconds[size].append(took)
    return {size: median(took) for size, took in seconds.items()}


def scores(runs: Mapping[str, Sequence[Run]], seeds: int) -> dict[str, list[float]]:
    """Of each way's paintings, by which the judge ranks all of a pair against each other, whatever their way.

    Args:
        runs: of each way, all seeds of one pair after those of another.
        seeds: of a pair.
    """
    scored: dict[str, list[float]] = {name: [] for name in runs}
    for first in range(0, len(next(iter(runs.values()))), seeds):
        found = iter(combine([one.measures[-1] for of in runs.values() for one in of[first : first + seeds]]))
        for name in runs:
            scored[name].extend(islice(found, seeds))
    return scored


def against(found: Sequence[float], plain: Sequence[float]) -> tuple[float, float]:
    """The mean difference to what the plain paintings have, and its standard error."""
    differences = [one - other for one, other in zip(found, plain, strict=True)]
    spread = stdev(differences) if len(differences) > 1 else math.nan
    return fmean(differences), spread / math.sqrt(len(differences))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", default="768x384")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--cutouts", type=int, default=16)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    torch.set_num_threads(1)
    settings = {
        "size": given.size,
        "steps": given.steps,
        "cutouts": given.cutouts,
        "threads": 1,
        "sketch": False,
    }
    wanted = [(pair, seed) for pair in PAIRS[: given.pairs] for seed in range(given.seeds)]
    whole = Size.parse(given.size)
    runs: dict[str, list[Run]] = {name: [] for name in WAYS}
    for pair, seed in track(wanted, "paintings", console=Console(stderr=True)):
        for name, (part, how) in WAYS.items():
            first = Size(round(part * whole.width), round(part * whole.height))
            recipe = Recipe.build(prompts=pair, seed=seed, **settings, **how, start_size=first)
            runs[name].append(run(recipe, CACHE / "growth", EYES))
    scored, paces = scores(runs, given.seeds), step_s(chain.from_iterable(runs.values()))
    time = {name: sum(paces[size] for size in painted[0].canvases) for name, painted in runs.items()}
    rows: list[list[Any]] = []
    found: dict[str, dict[str, Any]] = {}
    for name, painted in runs.items():
        share = time[name] / time["plain"]
        more = {"score": against(scored[name], scored["plain"])} | {
            measure: against(_all(painted, measure), _all(runs["plain"], measure)) for measure in MEASURES
        }
        means = {measure: fmean(_all(painted, measure)) for measure in MEASURES}
        found[name] = {"time": share, **means, "more than plain, and standard error": more}
        rows.append([name, share, *(f"{mean:+.3f} ± {error:.3f}" for mean, error in more.values())])
    verdicts = []
    for measure in ("score", "match"):
        good = [
            name
            for name, one in found.items()
            if one["time"] <= TIME and one["more than plain, and standard error"][measure][0] >= 0
        ]
        claim = f"the plain {measure} in at most {TIME} of its time"
        verdicts.append(Verdict(claim, ", ".join(good) or "none", bool(good)))
    holds = report(
        "growth",
        f"{len(wanted)} paintings of {given.size} in each way, {given.steps} steps of {given.cutouts} cutouts",
        ("", "time, of plain", *(f"{measure}, more than plain" for measure in ("score", *MEASURES))),
        rows,
        verdicts=verdicts,
        data={
            "protocol": __doc__,
            "settings": settings | {"judge": EYES},
            "weights": weights_used(judge=EYES),
            "ways": found,
        },
        out=given.out,
    )
    raise SystemExit(not holds)


def _all(runs: Iterable[Run], measure: str) -> list[float]:
    """A measure of the finished pictures."""
    return [one.measures[-1][measure] for one in runs]


if __name__ == "__main__":
    main()
