"""How the cost of a step and of the library grows: `python -m bench.curves`.

Protocol. A step of the embedded models is timed as one thing grows and the rest stays: the canvas' width (256 high, a window
of 2,048 columns), the cutouts (on 512x256), the prompts, the perceptors (the same one several times over). All painters of a
curve are built and take one step to warm up; then they take turns, and of each the median is taken. Memory is the peak
resident memory during two steps, each in a process of its own, models and libraries included. The library's operations are
those of `bench.library`, each asked 21 times of made-up paintings. To each curve belongs the law that is expected of
it, and beside it the nearest curve of that law: a + b x by least squares for a step, x the width up to the window (beyond it, a
step is to cost the same), the number of cutouts or of perceptors; prompts are to cost nothing, nor are more paintings to a
library that answers from an index; its other answers grow with the paintings at most.

What is told is how far the measured points lie from the law: of a step, the root mean square of the relative deviations;
of the library, how often longer an answer takes among the most paintings than among the fewest. There is no verdict, since
times of single steps swing. Leaves docs/bench/curves.json and curves.png.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cyclopts import App
from matplotlib.figure import Figure

from bench import library
from bench.memory import peak_mib
from bench.results import FOLDER, report
from bench.stopwatch import timed
from doorways.painter import Painter
from doorways.recipe import Recipe

WINDOW = 2048
WORLDS = (
    "forest", "kelp", "desert", "ocean", "castle", "volcano", "beach", "moon",
    "garden", "snow", "river", "cave", "meadow", "island", "fire", "mountain",
)  # fmt: skip
SETTINGS: dict[str, Callable[[int], dict[str, Any]]] = {
    "width": lambda x: {"size": f"{x}x256"},
    "cutouts": lambda x: {"cutouts": x},
    "prompts": lambda x: {"prompts": " | ".join(WORLDS[:x]), "size": "2048x256"},
    "perceptors": lambda x: {"perceptor": ["embedded"] * x},
}
"""What a recipe is where one thing is so many."""
POINTS: dict[str, tuple[int, ...]] = {
    "width": (512, 1024, 2048, 4096, 8192),
    "cutouts": (8, 16, 32, 64, 128),
    "prompts": (1, 2, 4, 8, 16),
    "perceptors": (1, 2, 3, 4),
}
LAWS = {
    "width": "a + b min(width, 2048)",
    "cutouts": "a + b cutouts",
    "prompts": "a",
    "perceptors": "a + b perceptors",
}
INDEXED = ("add, many together", "get by ID", "newest 20", "20 waiting", "claim", "beat", "rate", "add")
"""Operations of a library that are to take as long among many paintings as among few."""


def step(name: str, x: int) -> Callable[[], object]:
    """A step where `name` is `x`, after the first."""
    given = {"prompts": "forest | kelp", "size": "512x256", "seed": 0, "steps": 1000, "device": "cpu"}
    given |= {"window": WINDOW} | SETTINGS[name](x)
    painter = Painter(Recipe.build(**given, start_size=given["size"]))
    painter.take_step()
    return painter.take_step


def curve(name: str, points: Sequence[int], *, turns: int, memory: bool) -> dict[str, Any]:
    """Seconds and MiB of a step at each point, and those of the law."""
    steps = [step(name, x) for x in points]
    taken = [[timed(one)[0] for one in steps] for _ in range(turns)]
    seconds = [statistics.median(turn[rank] for turn in taken) for rank in range(len(points))]
    del steps
    found: dict[str, Any] = {"points": list(points), "seconds": fitted(name, points, seconds)}
    if memory:
        peaks = [peak_mib(step, name, x) for x in points]
        found["mib"] = fitted(name, points, [one["peak"] for one in peaks])
    return found


def fitted(name: str, points: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
    """Measured values, those of the nearest curve of the law, and how far apart they are."""
    sizes = [float(min(x, WINDOW) if name == "width" else x) for x in points]
    if name == "prompts" or len(set(sizes)) < 2:
        slope, start = 0.0, statistics.fmean(values)
    else:
        slope, start = statistics.linear_regression(sizes, values)
    law = [start + slope * size for size in sizes]
    off = math.sqrt(
        statistics.fmean((value / told - 1) ** 2 for value, told in zip(values, law, strict=True))
    )
    return {"measured": list(values), "law": law, "off": off}


def draw(curves: dict[str, Any], answers: dict[int, dict[str, float]], path: Path) -> None:
    """All curves as one picture, the law of each as a dashed line."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(3, len(curves), squeeze=False)
    for column, (name, found) in enumerate(curves.items()):
        for row, unit in enumerate(("seconds", "mib")):
            axis = axes[row][column]
            if unit not in found:
                axis.set_axis_off()
                continue
            axis.plot(found["points"], found[unit]["measured"], "o-", label="measured")
            axis.plot(found["points"], found[unit]["law"], "--", label=LAWS[name])
            axis.set(xlabel=name, ylabel="a step, s" if unit == "seconds" else "a step, MiB", ylim=0)
            axis.legend(fontsize="small")
        axes[2][column].set_axis_off()
    below = figure.add_subplot(axes[2][0].get_gridspec()[2, :])
    counts = list(answers)
    for rank, name in enumerate(answers[counts[0]]):
        measured = [answers[count][name] for count in counts]
        law = [statistics.median(measured)] * 2
        if name not in INDEXED:
            law = [measured[-1] * counts[0] / counts[-1], measured[-1]]
        colour = f"C{rank % 10}"
        below.plot(counts, measured, label=name, color=colour, marker="os"[rank // 10])
        below.plot([counts[0], counts[-1]], law, "--", color=colour, alpha=0.5)
    below.set(xscale="log", yscale="log", xlabel="paintings in the library", ylabel="ms; law: dashed")
    below.legend(fontsize="small", ncols=1, loc="center left", bbox_to_anchor=(1, 0.5))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def run(
    *,
    kinds: tuple[str, ...] = tuple(POINTS),
    most: int = 10_000,
    turns: int = 7,
    memory: bool = True,
    paintings: tuple[int, ...] = (100, 10_000, 1_000_000),
    out: Path = FOLDER,
) -> bool:
    """Measures how costs grow.

    Args:
        kinds: which of `width`, `cutouts`, `prompts` and `perceptors` grow.
        most: points beyond this are left out.
        turns: of each point.
        memory: whether memory is measured too (in a process for each point).
        paintings: sizes of the libraries.
        out: folder for curves.json and curves.png.
    """
    curves = {
        kind: curve(kind, [x for x in POINTS[kind] if x <= most], turns=turns, memory=memory)
        for kind in kinds
    }
    answers = {count: library.measure(count, 21) for count in paintings}
    rows = []
    for name, found in curves.items():
        for unit in ("seconds", "mib"):
            if unit in found:
                measured = " ".join(f"{value:.3g}" for value in found[unit]["measured"])
                points = " ".join(map(str, found["points"]))
                rows.append([f"{name} {points}: {unit}", measured, LAWS[name], f"{found[unit]['off']:.1%}"])
    first, last = answers[paintings[0]], answers[paintings[-1]]
    for name in first:
        measured = " ".join(f"{answers[count][name]:.3g}" for count in paintings)
        law = "the same" if name in INDEXED else "with the paintings at most"
        rows.append([f"library, {name}: ms", measured, law, f"x {last[name] / first[name]:.1f}"])
    draw(curves, answers, out / "curves.png")
    return report(
        "curves",
        f"Growth of cost; libraries of {', '.join(f'{count:,}' for count in paintings)} paintings",
        ("", "measured", "law", "off"),
        rows,
        data={
            "protocol": __doc__,
            "curves": curves,
            "library": {str(n): found for n, found in answers.items()},
        },
        out=out,
    )


if __name__ == "__main__":
    app = App(name="bench.curves")
    app.default(run)
    raise SystemExit(0 if app(result_action="return_value") else 1)
