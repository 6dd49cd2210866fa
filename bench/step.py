"""What a step costs, by part, beside a straightforward step of the genre: `python -m bench.step`.

Protocol. Both are built once on models of the same shapes and weights (each has its own copy) and take one step to warm up.
Then they take turns, ours, the reference's, ours, …, on the same threads, so that whatever else the machine does falls on
both; of each, medians are reported, and the ratio is the median of the turns' ratios (that of processor time is
shown beside it: it is steadier where others use the machine too). Parts are measured in further steps
of ours, with a clock around the engine's seams and hooks on the way back (`bench/stopwatch.py`), as shares of
these steps. Memory is the peak resident memory during two steps after everything is built, each in a process of its own,
models and libraries included (`bench/memory.py`); no turn is shared, so the two are measured one after the other.
The floor (`bench/floor.py`) is what the models' arithmetic takes at the rate of matrix products, which is found anew at each
turn; the ratio to it is the median of the turns' too. Ours paints with the prompt match alone, as the reference does, and
keeps its average besides; fp32 on the CPU, but for the cases that say bf16.

The targets are for VQGAN f16-16384 with ViT-B/32 at 768x256 and 32 cutouts: at most 0.9 of the reference's time,
0.75 of its memory, 10 % of a step for all that is neither generator nor perceptor, and 1.25 times the floor. Exits 1
where one is missed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import App
from rich.console import Console

from bench import floor, shapes
from bench.memory import peak_mib
from bench.reference import Reference, build
from bench.results import FOLDER, Verdict, report
from bench.stopwatch import MODELS, PARTS, watched
from doorways.devices import DTYPES
from doorways.errors import DoorwaysError
from doorways.painter import Painter
from doorways.recipe import Recipe
from doorways.size import Size

PROMPTS = "forest | kelp forest"
TIME, MEMORY, REST, FLOOR = 0.9, 0.75, 0.1, 1.25
"""The targets: of the reference's time, of its memory, of a step for what is no model, and of the floor."""


@dataclass(frozen=True)
class Case:
    """Models, a size and our precision to measure; `judged` where the targets are for it."""

    generator: str
    perceptor: str
    size: Size
    judged: bool = False
    precision: str = "fp32"

    def __str__(self) -> str:
        return f"{self.generator} + {self.perceptor}, {self.size}, {self.precision}"


CASES = {
    "piece": Case("random-f16-16384", "random-vit-b-32", Size(768, 256), judged=True),
    "piece-small": Case("random-f16-16384", "random-vit-b-32", Size(256, 128)),
    "piece-square": Case("random-f16-16384", "random-vit-b-32", Size(256, 256)),
    "embedded": Case("embedded", "embedded", Size(768, 384)),
    "embedded-bf16": Case("embedded", "embedded", Size(768, 384), precision="bf16"),
    "tiny": Case("random-tiny-vqgan", "random-tiny-clip", Size(64, 32)),
}
"""By the names that `--cases` takes."""


def ours(case: Case, cutouts: int) -> Painter:
    """A painter of `case` that does not grow and minimises the prompt match alone."""
    shapes.enter()
    recipe = Recipe.build(
        prompts=PROMPTS,
        size=case.size,
        start_size=case.size,
        cutouts=cutouts,
        steps=1000,
        seed=0,
        generator=case.generator,
        perceptor=shapes.perceptor_spec(case.perceptor),
        semantic_symmetry=0,
        tone_symmetry=0,
        edge_symmetry=0,
        smoothness=0,
        device="cpu",
        precision=case.precision,
    )
    return Painter(recipe)


def our_step(case: Case, cutouts: int) -> Callable[[], object]:
    """Ours, ready to step."""
    return ours(case, cutouts).take_step


def theirs(case: Case, cutouts: int) -> Reference:
    """The reference."""
    prompts = [prompt.strip() for prompt in PROMPTS.split("|")]
    return build(case.generator, case.perceptor, prompts, case.size, cutouts)


def their_step(case: Case, cutouts: int) -> Callable[[], object]:
    """The reference, ready to step."""
    return theirs(case, cutouts).take_step


def measure(case: Case, *, cutouts: int, repeats: int, memory: bool) -> dict[str, Any]:
    """Seconds, shares by part, and MiB of one case."""
    painter, reference = ours(case, cutouts), theirs(case, cutouts)
    painter.take_step()
    reference.take_step()
    least, dtype = floor.multiply_adds(reference), DTYPES[case.precision]
    turns = [
        (seconds(painter.take_step), seconds(reference.take_step), least / floor.rate(dtype))
        for _ in range(repeats)
    ]
    with watched(painter) as watch:
        for _ in range(max(1, repeats // 2)):
            painter.take_step()
    whole = sum(watch.seconds.values())
    shares = {part: watch.seconds[part] / whole for part in PARTS}
    found = {
        "case": str(case),
        "cutouts": cutouts,
        "turns": turns,
        "multiply-adds": least,
        "ours": statistics.median(mine[0] for mine, _, _ in turns),
        "reference": statistics.median(other[0] for _, other, _ in turns),
        "floor": statistics.median(floor_s for *_, floor_s in turns),
        "time": statistics.median(mine[0] / other[0] for mine, other, _ in turns),
        "processor time": statistics.median(mine[1] / other[1] for mine, other, _ in turns),
        "over the floor": statistics.median(mine[0] / floor_s for mine, _, floor_s in turns),
        "shares": shares,
        "rest": 1 - sum(shares[part] for part in MODELS),
    }
    del painter, reference
    if memory:
        peaks = [peak_mib(prepare, case, cutouts) for prepare in (our_step, their_step)]
        found |= {"memory_mib": peaks, "memory": peaks[0]["peak"] / peaks[1]["peak"]}
    return found


def seconds(step: Callable[[], object]) -> tuple[float, float]:
    """Seconds of one step: on the clock, and of all processors together."""
    began = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - began[0], time.process_time() - began[1]


def judge(found: dict[str, Any]) -> list[Verdict]:
    """The targets against one case's numbers."""
    verdicts = [
        Verdict(f"time <= {TIME} of the reference's", f"{found['time']:.2f}", found["time"] <= TIME),
        Verdict(
            f"neither generator nor perceptor <= {REST:.0%}", f"{found['rest']:.1%}", found["rest"] <= REST
        ),
        Verdict(
            f"time <= {FLOOR} of the floor",
            f"{found['over the floor']:.2f}",
            found["over the floor"] <= FLOOR,
        ),
    ]
    if "memory" in found:
        kept = Verdict(
            f"peak memory <= {MEMORY} of the reference's", f"{found['memory']:.2f}", found["memory"] <= MEMORY
        )
        verdicts.insert(1, kept)
    return verdicts


def run(
    *,
    cases: tuple[str, ...] = ("piece", "embedded", "embedded-bf16"),
    cutouts: int = 32,
    repeats: int = 5,
    memory: bool = True,
    out: Path = FOLDER,
) -> bool:
    """Measures a step of ours beside the reference's.

    Args:
        cases: which of `piece`, `piece-small`, `piece-square`, `embedded`, `embedded-bf16`, `tiny`.
        cutouts: a step's cutouts.
        repeats: turns of each.
        memory: whether memory is measured too (in two more processes a case).
        out: folder for step.json.
    """
    results, verdicts = [], []
    for name in cases:
        try:
            results.append(measure(CASES[name], cutouts=cutouts, repeats=repeats, memory=memory))
        except DoorwaysError as error:
            Console().print(f"{name} is left out: {error}")
            continue
        if CASES[name].judged:
            verdicts += judge(results[-1])
    return report(
        "step",
        f"A step of {cutouts} cutouts",
        ["", *(found["case"] for found in results)],
        lines(results),
        verdicts=verdicts,
        data={"protocol": __doc__, "cases": results},
        out=out,
    )


def lines(results: list[dict[str, Any]]) -> list[list[Any]]:
    """The table: a line for each quantity, a column for each case."""
    table = [
        ["ours, s", *(found["ours"] for found in results)],
        ["reference, s", *(found["reference"] for found in results)],
        ["time, ours / reference", *(found["time"] for found in results)],
        ["processor time, likewise", *(found["processor time"] for found in results)],
        ["floor, s", *(found["floor"] for found in results)],
        ["time, ours / floor", *(found["over the floor"] for found in results)],
    ]
    if all("memory" in found for found in results):
        table += [
            ["ours, peak MiB", *(round(found["memory_mib"][0]["peak"]) for found in results)],
            ["reference, peak MiB", *(round(found["memory_mib"][1]["peak"]) for found in results)],
            ["memory, ours / reference", *(found["memory"] for found in results)],
        ]
    table += [[f"  {part}", *(f"{found['shares'][part]:.1%}" for found in results)] for part in PARTS]
    return [*table, ["neither generator nor perceptor", *(f"{found['rest']:.1%}" for found in results)]]


if __name__ == "__main__":
    app = App(name="bench.step")
    app.default(run)
    raise SystemExit(0 if app(result_action="return_value") else 1)
