"""How fast a GPU paints: `python -m bench.gpu`. It needs one that CUDA knows, and says so where there is none.

Protocol. Models of the real ones' shapes with random weights (`bench.shapes`), 768x384, 32 cutouts, the prompt match alone,
no growth, bf16. Steps a second: of 200 steps, after 50 that are not counted, as a listener of the events sees them arrive;
compiled and not. Whole runs: a new process that imports, makes its weights, compiles, takes 400 steps and fetches the picture,
by the clock of the process that starts it; first with an empty folder for what is compiled, then with what the first one left.
Side by side: paintings with the ViT-B/32 and other seeds, whose steps are taken in one pass and are not compiled; the steps a
second of each of them, of 200 after 50. One is a painting alone.
That nothing waits: ten steps are queued while torch makes every wait of the host for the device an error.

Targets, on one H200: 40 steps a second, 12 with a ViT-L/14 beside the ViT-B/32; 400 steps in 12 s, and in 20 s the first time.
Exits 1 where one is missed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from cyclopts import App

from bench import shapes
from bench.results import FOLDER, Verdict, report
from doorways.ensemble import Ensemble
from doorways.events import Stepped
from doorways.painter import Painter
from doorways.prompts import parse_prompts
from doorways.recipe import Recipe
from doorways.side_by_side import SideBySide

GENERATOR = "random-f16-16384"
PERCEPTORS = {
    "ViT-B/32": ("random-vit-b-32",),
    "ViT-B/32 and ViT-L/14": ("random-vit-b-32", "random-vit-l-14"),
}
STEPS_A_SECOND = {"ViT-B/32": 40.0, "ViT-B/32 and ViT-L/14": 12.0}
RUN_S, FIRST_RUN_S = 12.0, 20.0
"""The targets."""
WARM, COUNTED, RUN = 50, 200, 400
"""Steps."""
TOGETHER = (1, 2, 4, 8)
"""Paintings side by side."""


def recipe(perceptors: tuple[str, ...], steps: int, **changes: Any) -> Recipe:
    """What is painted."""
    shapes.enter()
    settings: dict[str, Any] = {
        "prompts": "forest | kelp forest",
        "size": "768x384",
        "start_size": "768x384",
        "steps": steps,
        "seed": 0,
        "generator": GENERATOR,
        "perceptor": [shapes.perceptor_spec(name) for name in perceptors],
        "device": "cuda",
        "precision": "bf16",
    }
    return Recipe.build(**settings | changes)


def steps_a_second(wanted: Recipe, warm: int) -> float:
    """Of the steps after the first `warm` ones, as their events arrive."""
    began = 0.0
    for event in Painter(wanted):
        if isinstance(event, Stepped) and event.step == warm:
            began = time.perf_counter()
    return (wanted.steps - warm) / (time.perf_counter() - began)


def steps_a_second_of_each(wanted: Recipe, together: int, warm: int) -> float:
    """Of so many paintings side by side, of the steps after the first `warm` ones, as their events arrive."""
    models, group, began = Ensemble.open(wanted, parse_prompts(wanted.prompts)), SideBySide(), 0.0
    painters = [Painter(wanted.override(seed=seed), ensemble=models) for seed in range(together)]
    for event, *_ in zip(*(group.events(painter) for painter in painters), strict=True):
        if isinstance(event, Stepped) and event.step == warm:
            began = time.perf_counter()
    return (wanted.steps - warm) / (time.perf_counter() - began)


def must_not_wait(wanted: Recipe, steps: int = 10) -> str:
    """What a step waited for, or nothing."""
    painter = Painter(wanted)
    painter.take_step()
    standing = painter.standing
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(steps):
            standing = painter.step_from(standing).standing
    except RuntimeError as error:
        return str(error).splitlines()[0]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return ""


def paint(steps: int) -> None:
    """A whole run, for a process of its own."""
    painter = Painter(recipe(PERCEPTORS["ViT-B/32"], steps, compile=True))
    for _ in painter:
        pass
    painter.painting()


def run_s(steps: int, kept: str) -> float:
    """Seconds of a new process that paints; what is compiled is kept in a folder."""
    began = time.perf_counter()
    program = f"from bench.gpu import paint; paint({steps})"
    environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": kept}
    subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment, cwd=Path(__file__).parents[1]
    )
    return time.perf_counter() - began


def run(*, out: Path = FOLDER) -> bool:
    """Measures all of it.

    Args:
        out: folder for gpu.json.
    """
    if not torch.cuda.is_available():
        raise SystemExit(
            "bench.gpu: needs a GPU that CUDA knows, and torch finds none here; run it where there is one, with "
            "`make paint TORCH=cuda` done"
        )
    card = torch.cuda.get_device_name()
    rows, verdicts = [], []
    for name, perceptors in PERCEPTORS.items():
        for compiled in (False, True):
            rate = steps_a_second(recipe(perceptors, WARM + COUNTED, compile=compiled), WARM)
            rows.append([f"steps a second, {name}{', compiled' * compiled}", rate])
        aim = STEPS_A_SECOND[name]
        verdicts.append(Verdict(f"{name}: {aim:g} steps a second", f"{rate:.1f} on {card}", rate >= aim))
    for together in TOGETHER:
        wanted = recipe(PERCEPTORS["ViT-B/32"], WARM + COUNTED)
        rate = steps_a_second_of_each(wanted, together, WARM)
        rows.append([f"paintings side by side, steps a second of each painting: {together}", rate])
    with tempfile.TemporaryDirectory() as kept:
        for name, most in (("the first time", FIRST_RUN_S), ("again", RUN_S)):
            took = run_s(RUN, kept)
            rows.append([f"seconds of {RUN} steps, {name}", took])
            verdicts.append(
                Verdict(
                    f"{RUN} steps from a cold start, {name}: at most {most:g} s",
                    f"{took:.1f} s on {card}",
                    took <= most,
                )
            )
    waited = must_not_wait(recipe(PERCEPTORS["ViT-B/32"], RUN, compile=False, noise=0.03))
    verdicts.append(Verdict("no step waits for the device", waited or "none does", not waited))
    return report(
        "gpu",
        f"768x384, 32 cutouts, VQGAN f16, on {card}",
        ("", "measured"),
        rows,
        verdicts=verdicts,
        data={"protocol": __doc__, "card": card},
        out=out,
    )


if __name__ == "__main__":
    app = App(name="bench.gpu")
    app.default(run)
    raise SystemExit(0 if app(result_action="return_value") else 1)
