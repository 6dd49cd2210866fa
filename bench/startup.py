"""How long the command takes to begin, and to step and paint with the embedded models: `python -m bench.startup`.

Protocol. `doorways --help` is run to its end, and `doorways paint` with the embedded models and its default size until it has
said what it paints on, the last thing before its first step; each in a new process, one after the other, after one run
that is not counted (so that files are in the system's memory, as from the second time on). Of each the median is taken.
Two whole paintings of 768x384, the default one and one of 300 steps that grows from half of the sides, are timed once. The
steps of one on 512x256 with 32 cutouts are timed within this process, less the first three, and the median taken.

Targets: 0.3 s, 3 s, 2 minutes for either painting, and 0.3 s for a step. Exits 1 where one is missed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from cyclopts import App

from bench.paintings import weights_used
from bench.results import FOLDER, Verdict, report
from doorways.painter import Painter
from doorways.recipe import Recipe

COMMAND = (sys.executable, "-m", "doorways.cli")
HELP_S, FIRST_STEP_S, PAINTING_S, STEP_S = 0.3, 3.0, 120.0, 0.3
"""The targets."""
ASKED = (*COMMAND, "paint", "forest | kelp forest", "--seed", "3", "--no-library")
PAINTINGS = {
    "the default painting": (),
    "300 steps, growing": ("--steps", "300", "--start-size", "384x192"),
}
"""What is given for whole ones."""
STEP, UNCOUNTED = "a step on 512x256 with 32 cutouts", 3
"""What is timed within this process, and how many of the first steps are not counted."""
BEGUN = "painting on "
"""What the command says before its first step begins with."""


def help_s() -> float:
    """Seconds of `doorways --help`."""
    began = time.perf_counter()
    subprocess.run([*COMMAND, "--help"], check=True, capture_output=True)
    return time.perf_counter() - began


def first_step_s() -> float:
    """Seconds until `doorways paint` begins its first step."""
    with tempfile.TemporaryDirectory() as folder:
        asked = [*ASKED, "--steps", "1"]
        began = time.perf_counter()
        with subprocess.Popen(
            asked, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as run:
            assert run.stderr is not None
            said = next((line for line in run.stderr if BEGUN in line), None)
            took = time.perf_counter() - began
            run.stderr.read()
        if said is None or run.returncode:
            raise RuntimeError(
                f"{' '.join(asked)} ended with {run.returncode} and did not say what it paints on"
            )
        return took


def painting_s(*given: str) -> float:
    """Seconds of a whole `doorways paint`."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run([*ASKED, *given], cwd=folder, check=True, capture_output=True)
        return time.perf_counter() - began


def steps_s(count: int = 30) -> list[float]:
    """Seconds of each of `count` steps of a default recipe on 512x256 with 32 cutouts, after `UNCOUNTED` ones."""
    painter = Painter(Recipe.build(prompts="forest | kelp forest", size="512x256", cutouts=32, seed=3))
    taken, before = [], time.perf_counter()
    for _ in islice(painter, UNCOUNTED + count):
        now = time.perf_counter()
        taken.append(now - before)
        before = now
    return taken[UNCOUNTED:]


STARTS = {
    "doorways --help": (help_s, HELP_S),
    "doorways paint, to its first step": (first_step_s, FIRST_STEP_S),
}
"""What is timed several times, and its target."""


def run(*, times: int = 7, whole: bool = True, out: Path = FOLDER) -> bool:
    """Measures all.

    Args:
        times: how often each start is run.
        whole: whether whole paintings, and steps, are timed too.
        out: folder for startup.json.
    """
    found, targets = {}, []
    for name, (measure, most) in STARTS.items():
        measure()
        found[name] = [measure() for _ in range(times)]
        targets.append(most)
    if whole:
        found |= {name: [painting_s(*given)] for name, given in PAINTINGS.items()} | {STEP: steps_s()}
        targets += [*(PAINTING_S for _ in PAINTINGS), STEP_S]
    medians = {name: statistics.median(taken) for name, taken in found.items()}
    verdicts = [
        Verdict(f"{name}: at most {most:g} s", f"{median:.2f} s", median <= most)
        for (name, median), most in zip(medians.items(), targets, strict=True)
    ]
    return report(
        "startup",
        "Seconds from the command to",
        ("", "median", "fastest", "slowest"),
        [[name, medians[name], min(taken), max(taken)] for name, taken in found.items()],
        verdicts=verdicts,
        data={"protocol": __doc__, "weights": weights_used(), "seconds": found},
        out=out,
    )


if __name__ == "__main__":
    app = App(name="bench.startup")
    app.default(run)
    raise SystemExit(0 if app(result_action="return_value") else 1)
