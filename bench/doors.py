"""Two things and not three: a prompt placed twice, with a negative one between.

    python -m bench.doors

Each thing is painted as `thing @0.2 @0.8 | a thing @0.5 :-2` and plainly as `thing`, on a wide canvas, by large pieces
alone, which see a thing and not a crowd. How many there are is counted by a second perceptor that did not paint, as
`doorways judge --count` does: upright squares slide along x at three heights, the largest presence of the thing at each x
is a curve, and its peaks are the things. Things nearer to each other than a square is wide are one to it.
Writes docs/bench/doors.json and doors.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from bench.paintings import paint_all, weights_used
from bench.results import FOLDER, Verdict, report
from doorways.export.grid import Grid
from doorways.export.sheet import contact_sheet
from doorways.judge.judging import Judge
from doorways.pictures import to_image
from doorways.recipe import Recipe

THINGS = ("castle", "sunflower", "volcano", "christmas tree", "snowman", "mushroom", "rocket", "butterfly")
SEEDS = 2
WAYS = {"placed": "{0} @0.2 @0.8 | a {0} @0.5 :-2", "plain": "{0}"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="384x128")
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--things", type=int, default=len(THINGS), help="so many of them, for a quick look")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--judge", default="embedded-judge", help="the second perceptor")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    judge = Judge.load(arguments.judge)
    shared = {"size": arguments.size, "start_size": arguments.size, "steps": arguments.steps, "threads": 1}
    shared |= {"medium": 0, "small": 0}
    grid, rows, twos = [], [], dict.fromkeys(WAYS, 0)
    for thing in THINGS[: arguments.things]:
        for seed in range(arguments.seeds):
            made = [Recipe.build(prompts=form.format(thing), seed=seed, **shared) for form in WAYS.values()]
            pictures = paint_all(made)
            judged = [judge.judge(picture, thing, count=[thing]) for picture in pictures]
            counts = [int(one.scores[f"count:{thing}"]) for one in judged]
            for way, count in zip(WAYS, counts, strict=True):
                twos[way] += count == 2
            grid.append(pictures)
            rows.append([thing, seed, *counts])
    total = len(rows)
    holds = report(
        "doors",
        f"How many things there are, counted by {arguments.judge}",
        ("thing", "seed", *WAYS),
        rows,
        verdicts=[
            Verdict(
                "placed twice, there are two", f"{twos['placed']} of {total}", twos["placed"] > total / 2
            ),
            Verdict("more often than plainly", f"{twos['plain']} of {total}", twos["placed"] > twos["plain"]),
        ],
        data={name: value for name, value in vars(arguments).items() if name != "out"}
        | {"weights": weights_used(judge=arguments.judge)},
        out=arguments.out,
    )
    labels = tuple(f"{thing}, seed {seed}" for thing, seed, *_ in rows)
    images = [[to_image(picture) for picture in row] for row in grid]
    contact_sheet(Grid.of(images, rows=labels, columns=tuple(WAYS))).save(
        arguments.out / "doors.png", optimize=True
    )
    raise SystemExit(not holds)


if __name__ == "__main__":
    main()
