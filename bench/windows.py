"""What a step costs on a canvas beyond the limit, and what windows change: `python -m bench.windows`.

Protocol. Cost: the embedded models paint canvases 2,048, 4,096, 8,192 and 16,384 wide and 512 high with the same
cutouts and a window of 2,048 columns, which the first fits, once without pairs and once with mirrored pairs. All painters
are built and take one step to warm up (the first step on a wide canvas goes over all of it once, whose time is reported
apart); then they take turns, so that whatever else the machine does falls on all. Every `REFRESH` steps a tile's moments are
found anew: as many turns as that, or twice as many, count each its share. Of every turn the ratio to the first canvas' step is
taken, and the median of these is the ratio, of the clock's time and of processor time. Memory is the peak resident memory
during two steps after the first, each in a process of its own, models and libraries included (`bench/memory.py`).

Difference: a canvas twice the window is painted for a while; its picture, decoded tile by tile, is compared with the exact
decode of the same latent at once, as the mean and largest difference of pixel values in [0, 1]; so are the moments that
steps use. Seams: how much the columns of pixels on both sides of a border between tiles differ, over how much they differ
at all other borders between latent cells, which is where a generator's own grain lies; and the same of the borders of
the exact decode. All around: the same at the left and right edge of smaller canvases that fit and that do not, painted with
`wrap`, and of some painted without. An edge is one border, and by chance more or less lies there than elsewhere: the mean
over many seeds counts.

Targets: a step on any of the canvases takes at most 1.15 of the first one's processor time (the mean of all turns, so that
those that find moments anew count) and memory, pairs or not; the picture differs from the exact decode by at most 1/255 on
average; seams are at most 1.1 times what borders of cells are elsewhere, or at most 1.1 times what the exact decode has at
the same borders. Exits 1 where one is missed.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from cyclopts import App
from torch import Tensor

from bench.memory import peak_mib
from bench.results import FOLDER, Verdict, report
from bench.stopwatch import timed
from doorways.painter import Painter
from doorways.recipe import Recipe
from doorways.size import Size
from doorways.strip_gaze import REFRESH, StripGaze

PROMPTS = "forest | kelp forest"
COST, DIFFERENCE, SEAM = 1.15, 1 / 255, 1.1
"""The targets: of a step's time and memory, of a picture's mean difference, of a seam."""


def painter(size: str, window: int, cutouts: int, **settings: Any) -> Painter:
    """A painter of the embedded models that does not grow."""
    given = {"prompts": PROMPTS, "size": size, "start_size": size, "window": window, "cutouts": cutouts}
    given |= {"steps": 1000, "seed": 0, "device": "cpu"}
    return Painter(Recipe.build(**given | settings))


def begun_step(size: str, window: int, cutouts: int, settings: dict[str, Any]) -> Callable[[], object]:
    """A step after the first."""
    ready = painter(size, window, cutouts, **settings)
    ready.take_step()
    return ready.take_step


def costs(
    sizes: list[str], window: int, cutouts: int, settings: dict[str, Any], *, turns: int, memory: bool
) -> list[dict[str, Any]]:
    """Time and memory of a step on each canvas, and their ratios to the first one's."""
    painters = [painter(size, window, cutouts, **settings) for size in sizes]
    firsts = [timed(one.take_step)[0] for one in painters]
    taken = [[timed(one.take_step) for one in painters] for _ in range(turns)]
    found = []
    for rank, size in enumerate(sizes):
        ratios = [statistics.median(turn[rank][clock] / turn[0][clock] for turn in taken) for clock in (0, 1)]
        # the median leaves out the steps that find moments anew: their share is added
        spent = sum(turn[rank][1] for turn in taken) / sum(turn[0][1] for turn in taken)
        found.append(
            {
                "size": size,
                "pairs": bool(settings),
                "first step": firsts[rank],
                "seconds": statistics.median(turn[rank][0] for turn in taken),
                "time": ratios[0],
                "processor time": ratios[1],
                "mean processor time": spent,
                "turns": [turn[rank] for turn in taken],
            }
        )
    if memory:
        peaks = [peak_mib(begun_step, size, window, cutouts, settings)["peak"] for size in sizes]
        for line, peak in zip(found, peaks, strict=True):
            line |= {"memory_mib": peak, "memory": peak / peaks[0]}
    return found


def jump(picture: Tensor, borders: list[int], cell: int) -> float:
    """How much the columns before and at each of `borders` differ, over how much they do at other borders of cells."""
    jumps = (picture - picture.roll(1, 3)).abs().mean((0, 1, 2))
    others = [column for column in range(cell, len(jumps), cell) if column not in borders]
    return float(jumps[borders].mean() / jumps[others].mean())


def difference(size: str, window: int, cutouts: int, steps: int) -> dict[str, Any]:
    """How far a wide canvas' picture is from the exact decode, and its seams between tiles."""
    wide = painter(size, window, cutouts)
    for _ in range(steps):
        wide.take_step()
    assert isinstance(wide.gaze, StripGaze)
    decoder, average, moving = wide.gaze.decoder, wide.descent.average, wide.descent.latent
    assert wide.gaze.moments is not None
    cells = average.shape[3]
    with torch.no_grad():
        exact, now = wide.generator.decode(average), wide.generator.decode(moving)
        picture = wide.picture()
        held = decoder.pooled(wide.gaze.moments, cells)
        in_steps = torch.cat([tile for *_, tile in decoder.pictures(moving, held)], 3)
    factor = wide.generator.factor
    borders = [start * factor for start, _ in decoder.tiles(cells)][1:]
    return {
        "size": size,
        "mean": float((picture - exact).abs().mean()),
        "largest": float((picture - exact).abs().max()),
        "mean in steps": float((in_steps - now).abs().mean()),
        "seam": jump(picture, borders, factor),
        "seam of the exact decode": jump(exact, borders, factor),
    }


def edges(size: str, window: int, cutouts: int, steps: int, *, wrap: bool, seeds: int) -> list[float]:
    """How much the left edge differs from the right one, over how much borders of cells do elsewhere, of each seed."""
    found = []
    for seed in range(seeds):
        around = painter(size, window, cutouts, wrap=wrap, seed=seed)
        for _ in range(steps):
            around.take_step()
        found.append(jump(around.picture(), [0], around.generator.factor))
    return found


def run(
    *,
    height: int = 512,
    window: int = 2048,
    widths: tuple[int, ...] = (1, 2, 4, 8),
    cutouts: int = 32,
    turns: int = 2 * REFRESH,
    steps: int = 60,
    seeds: int = 24,
    memory: bool = True,
    out: Path = FOLDER,
) -> bool:
    """Measures steps on wide canvases.

    Args:
        height: of all canvases, in pixels.
        window: columns decoded at once, and the width of the first canvas.
        widths: of the canvases, in windows; the first one is compared with.
        cutouts: a step's cutouts.
        turns: of each canvas.
        steps: painted before pictures are compared.
        seeds: of the canvases whose edges are compared, half as wide as the window and a quarter as high.
        memory: whether memory is measured too (in a process for each canvas).
        out: folder for windows.json.
    """
    sizes = [str(Size(window * width, height)) for width in widths]
    lines = []
    for settings in ({}, {"semantic_symmetry": 0.2}):
        lines += costs(sizes, window, cutouts, settings, turns=turns, memory=memory)
    apart = difference(str(Size(2 * window, height)), window, cutouts, steps)
    small, narrow = Size(window // 2, height // 4), window // 4
    around = {
        f"{name}, wrap {wrap}": edges(str(small), columns, cutouts, steps, wrap=wrap, seeds=seeds)
        for name, columns, wrap in (
            ("fits", small.width, True),
            ("windows", narrow, True),
            ("fits", small.width, False),
        )
    }
    verdicts = judge(lines, apart, around, memory=memory)
    names = ["seconds", "time", "processor time", "mean processor time", "first step"]
    names += ["memory_mib", "memory"] if memory else []
    table = [
        [line["size"] + (" in pairs" if line["pairs"] else ""), *(line[name] for name in names)]
        for line in lines
    ]
    return report(
        "windows",
        f"A step of {cutouts} cutouts with a window of {window}",
        ["", *names],
        table,
        verdicts=verdicts,
        data={"protocol": __doc__, "cost": lines, "difference": apart, "edges": around, "steps": steps},
        out=out,
    )


def judge(
    lines: list[dict[str, Any]], apart: dict[str, Any], around: dict[str, list[float]], *, memory: bool
) -> list[Verdict]:
    """The targets against what was found."""
    verdicts = []
    for name in ["mean processor time", *(["memory"] if memory else [])]:
        worst = max(line[name] for line in lines)
        verdicts.append(
            Verdict(f"{name} of a step <= {COST} of the first canvas'", f"{worst:.2f}", worst <= COST)
        )
    mean = apart["mean"]
    verdicts.append(
        Verdict(
            "a picture is the exact decode's, on average <= 1/255",
            f"{mean * 255:.2f}/255",
            mean <= DIFFERENCE,
        )
    )
    seams = apart["seam"], apart["seam of the exact decode"]
    verdicts.append(
        Verdict(
            f"no seam between tiles (<= {SEAM} of elsewhere, or of the exact decode's)",
            f"{seams[0]:.2f}, exact {seams[1]:.2f}",
            seams[0] <= SEAM * max(1, seams[1]),
        )
    )
    for name, found in around.items():
        if name.endswith("True"):
            seam = statistics.fmean(found)
            spread = statistics.stdev(found) / len(found) ** 0.5 if len(found) > 1 else math.nan
            verdicts.append(
                Verdict(
                    f"no seam all around, {name} (<= {SEAM} of elsewhere)",
                    f"{seam:.2f} ± {spread:.2f}",
                    seam <= SEAM,
                )
            )
    return verdicts


if __name__ == "__main__":
    app = App(name="bench.windows")
    app.default(run)
    raise SystemExit(0 if app(result_action="return_value") else 1)
