"""What triage buys: of 16 seeds a subject, does it keep one of the two best, at a quarter of the cost?

    python -m bench.triage                        paintings that begin with sketches: 20 subjects x 16 seeds
    python -m bench.triage --begin noise          that begin in noise, on a small canvas
    python -m bench.triage --subjects 2 --seeds 4 --out /tmp
    python -m bench.triage --begin noise --set "learning_rate=0: 0.2, 0.4: 0.03, 1: 0.01" --set grow_at=0.4 --out /tmp

Every painting is painted whole, and judged on the way, at each of `LOOKS`, by the embedded judge, which does not paint: as
it is where the canvas has grown (`Painter.outlook`).
Pictures and measures are kept in bench/cache/triage/, so that a bench that was stopped goes on where it was, and other eyes
judge what is painted already; rungs are tried on what is kept, by the very policy that `doorways explore` follows. The
final score of all seeds, weighed against each other as the judge ranks them, says which two are best. Cost: seconds of
the steps that the rungs take, and of judging, as a share of all steps of all seeds without judging; a step on each canvas
counts what it took on the median painting.
Writes docs/bench/triage.json, or triage_noise.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from statistics import correlation, fmean, median
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

import doorways
from bench.paintings import CACHE, key, perceptor_weights, source, weights_used
from bench.results import FOLDER, Verdict, report
from doorways.atomic import whole
from doorways.events import Stepped
from doorways.explore.rungs import Rungs, Standing, triage
from doorways.judge import combine, judge
from doorways.painter import Painter
from doorways.pictures import to_image
from doorways.recipe import Recipe

SUBJECTS = (
    "forest | desert", "fire | ocean", "castle | volcano", "moon | sun", "sunflower | cactus",
    "rocket | sailboat", "house | tent", "strawberry | pumpkin", "star | planet", "frog | ladybug",
    "mountain | beach", "christmas tree | palm tree", "apple | lemon", "snowman | camel", "butterfly | fish",
    "rose | mushroom", "rainbow | thunder cloud", "whale | elephant", "owl | penguin", "tiger | zebra",
)  # fmt: skip
BEGINNINGS: dict[str, dict[str, Any]] = {
    "sketch": {"sketch": True, "size": "384x192"},
    "noise": {"sketch": False, "size": "640x320", "start_size": "128x64", "grow_at": "0.6"},
}
"""How paintings may begin, and on which canvas."""
LOOKS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.65, 0.7, 1.0)
"""Fractions of the steps after which a painting is judged."""
POLICIES = (
    Rungs(),
    Rungs(at=(0.05,), keep=(0.125,)),
    Rungs(at=(0.1,), keep=(0.125,)),
    Rungs(at=(0.2,), keep=(0.125,)),
    Rungs(at=(0.4,), keep=(0.125,)),
    Rungs(at=(0.6,), keep=(0.125,)),
    Rungs(at=(0.05, 0.2), keep=(0.45, 0.3)),
    Rungs(at=(0.05, 0.3), keep=(0.3, 0.4)),
    Rungs(at=(0.1, 0.3), keep=(0.25, 0.5)),
    Rungs(at=(0.1, 0.6), keep=(0.55, 0.2)),
    Rungs(at=(0.2, 0.65), keep=(0.3, 0.4)),
    Rungs(at=(0.2, 0.6, 0.65), keep=(0.375, 0.5, 0.7)),
    Rungs(at=(0.4, 0.6, 0.65), keep=(0.5, 0.25, 0.5)),
)
"""What is tried on the paintings; the first is what `doorways explore` does unless a theme says otherwise."""
EYES = "embedded-judge"


@dataclass(frozen=True)
class Run:
    """One painting, as it was judged on the way.

    Attributes:
        measures: of the judge, at each of `LOOKS`.
        canvases: the canvas of each step.
        step_s: mean seconds of a step on each canvas; judging_s: of a judgement, with the picture that is judged.
    """

    measures: list[dict[str, float]]
    canvases: list[str]
    step_s: dict[str, float]
    judging_s: float


def run(recipe: Recipe, cache_folder: Path = CACHE / "triage", eyes: str = EYES) -> Run:
    """The run of a recipe, from the cache if it is there; other eyes judge the same pictures."""
    looks = hashlib.sha256(str(LOOKS).encode()).hexdigest()
    painted = cache_folder / f"{key(recipe)}-{looks[:8]}.npz"
    path = painted.with_name(f"{painted.stem}-{perceptor_weights(eyes)[:8]}-{judging()[:8]}.json")
    if not path.is_file():
        if not painted.is_file():
            watch(recipe, painted)
        with np.load(painted) as kept:
            seen = [_picture(kept[str(step)]) for step in _steps(recipe)]
            began = time.perf_counter()
            measures = [dict(judge(picture, recipe, eyes).scores) for picture in seen]
            judging_s = float(kept["looking_s"]) + (time.perf_counter() - began) / len(LOOKS)
            canvases, seconds = kept["canvases"].tolist(), kept["seconds"]
        step_s = {
            size: fmean(seconds[[one == size for one in canvases]].tolist())
            for size in dict.fromkeys(canvases)
        }
        with whole(path) as part:
            part.write_text(json.dumps([measures, canvases, step_s, judging_s]), "utf-8")
    return Run(*json.loads(path.read_text("utf-8")))


@cache
def judging() -> str:
    """A digest of the judge's source."""
    return source((Path(doorways.__path__[0]) / "judge").rglob("*.py"))


def watch(recipe: Recipe, path: Path) -> None:
    """Paints a recipe; writes what a rung is judged by at each of `LOOKS` (uint8 [H, W, 3]), the mean seconds that these took,
    and each step's canvas and seconds.
    """
    painter = Painter(recipe)
    pictures: dict[str, Any] = {}
    canvases, seconds, looking_s = [], [], 0.0
    for event in painter:
        if isinstance(event, Stepped):
            canvases.append(str(event.size))
            seconds.append(event.seconds)
            if event.step in _steps(recipe):
                began = time.perf_counter()
                pictures[str(event.step)] = np.asarray(to_image(painter.outlook()))
                looking_s += (time.perf_counter() - began) / len(LOOKS)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part, part.open("wb") as file:
        np.savez_compressed(file, canvases=canvases, seconds=seconds, looking_s=looking_s, **pictures)


def _steps(recipe: Recipe) -> list[int]:
    """After which steps it is looked at."""
    return [max(1, round(look * recipe.steps)) for look in LOOKS]


def _picture(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255


@dataclass(frozen=True)
class Subject:
    """All seeds of a subject."""

    name: str
    runs: Sequence[Run]

    def scores(self, look: float, which: Sequence[int]) -> list[float]:
        """Of some runs at a fraction of their steps, weighed against each other."""
        return combine([self.runs[index].measures[LOOKS.index(look)] for index in which])

    @cached_property
    def final(self) -> list[float]:
        """The scores of all when all are whole."""
        return self.scores(1.0, range(len(self.runs)))

    def early(self, look: float) -> float:
        """Rank correlation of the scores at a fraction of the steps with the final ones, in [-1, 1]."""
        return correlation(ranks(self.scores(look, range(len(self.runs)))), ranks(self.final))

    def reached(self, rungs: Rungs) -> list[list[int]]:
        """The runs that take each rung, by the policy."""
        standings = [Standing(str(index)) for index in range(len(self.runs))]
        taking = [list(range(len(self.runs)))]
        for rung, look in enumerate(rungs.at):
            here = taking[-1]
            for index, score in zip(here, self.scores(look, here), strict=True):
                standings[index] = standings[index]._replace(
                    rung=rung, scores=(*standings[index].scores, score)
                )
            fates = triage(standings, rungs)
            taking.append([index for index in here if fates[str(index)] == "go on"])
        return taking

    def keeps_one_of_the_best(self, rungs: Rungs, best: int = 2) -> bool:
        """Whether one of the two best is painted whole."""
        order = sorted(range(len(self.runs)), key=lambda index: -self.final[index])
        return bool(set(order[:best]) & set(self.reached(rungs)[-1]))


def ranks(values: Sequence[float]) -> list[float]:
    """The place of each value among all, from 0; equal ones share theirs.

    >>> ranks([0.3, 0.1, 0.3])
    [1.5, 0.0, 1.5]
    """
    return [sum(other < value for other in values) + (values.count(value) - 1) / 2 for value in values]


def cost(subjects: Sequence[Subject], rungs: Rungs) -> float:
    """What the rungs take of the seconds that painting everything whole takes."""
    runs = [one for subject in subjects for one in subject.runs]
    step_s = {size: median(one.step_s[size] for one in runs) for size in runs[0].step_s}
    steps = [step_s[size] for size in runs[0].canvases]
    judging_s = median(one.judging_s for one in runs)
    spent, ends = 0.0, rungs.ends(len(steps))
    for subject in subjects:
        first = 0
        for last, taking in zip(ends, subject.reached(rungs), strict=True):
            spent += len(taking) * (sum(steps[first:last]) + judging_s)
            first = last
    return spent / (len(runs) * sum(steps))


def paint(
    settings: Mapping[str, Any], subjects: int, seeds: int, cache_folder: Path, eyes: str
) -> list[Subject]:
    """All runs of the bench, those painted that are not in the cache yet."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    found = []
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("paintings", total=subjects * seeds)
        for name in SUBJECTS[:subjects]:
            progress.update(task, description=name)
            runs = []
            for seed in range(seeds):
                runs.append(run(Recipe.build(prompts=name, seed=seed, **settings), cache_folder, eyes))
                progress.advance(task)
            found.append(Subject(name, runs))
    return found


def said(rungs: Rungs) -> str:
    """A policy in a few words."""
    return " ".join(f"{at:g}:{keep:g}" for at, keep in zip(rungs.at, rungs.keep, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subjects", type=int, default=len(SUBJECTS))
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--begin", choices=BEGINNINGS, default="sketch")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--cutouts", type=int, default=8)
    parser.add_argument(
        "--set", action="append", default=[], help="NAME=VALUE, another setting of the recipes"
    )
    parser.add_argument("--judge", default=EYES)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    torch.set_num_threads(1)
    settings = BEGINNINGS[given.begin] | {"steps": given.steps, "cutouts": given.cutouts, "threads": 1}
    settings |= dict(one.split("=", 1) for one in given.set)
    subjects = paint(settings, given.subjects, given.seeds, CACHE / "triage", given.judge)
    total = len(subjects)
    needed = round(0.9 * total)
    rows, kept = [], {}
    for rungs in POLICIES:
        kept[rungs] = sum(subject.keeps_one_of_the_best(rungs) for subject in subjects)
        counts = "-".join(map(str, rungs.counts(given.seeds)))
        rows.append([said(rungs), counts, kept[rungs], round(cost(subjects, rungs), 4)])
    early = {str(look): round(fmean(subject.early(look) for subject in subjects), 3) for look in LOOKS}
    rows += [[f"rank correlation after {look}", "", value, ""] for look, value in early.items()]
    mine = POLICIES[0]
    holds = report(
        "triage" if given.begin == "sketch" else f"triage_{given.begin}",
        f"Triage of {given.seeds} seeds for each of {total} subjects: rungs (fraction of steps: share that goes on)",
        ("rungs", "paintings", "subjects that keep one of the two best", "cost, of painting all"),
        rows,
        verdicts=[
            Verdict(
                f"keeps one of the two best for {needed} of {total}", f"{kept[mine]}", kept[mine] >= needed
            ),
            Verdict(
                "at a quarter of the cost or less",
                f"{cost(subjects, mine):.3f}",
                cost(subjects, mine) <= 0.25,
            ),
        ],
        data={
            "settings": settings | {"judge": given.judge, "seeds": given.seeds},
            "weights": weights_used(judge=given.judge),
            "rank_correlation": early,
            "subjects": {
                subject.name: {
                    "final": [round(score, 4) for score in subject.final],
                    "whole": subject.reached(mine)[-1],
                }
                for subject in subjects
            },
        },
        out=given.out,
    )
    raise SystemExit(not holds)


if __name__ == "__main__":
    main()
