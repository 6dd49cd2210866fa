"""Are the colours of two worlds on their sides?

    python -m bench.colours

"fire | ocean" must be redder than blue on the left (R - B of the outer thirds), "forest | desert" greener than red on
the left (G - R), for three seeds each, by the default recipe at a smaller size. Writes docs/bench/colours.json and
colours.png; exits with 1 unless all hold.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from bench.paintings import paint_all, weights_used
from bench.results import FOLDER, Verdict, report
from doorways.export.grid import Grid
from doorways.export.sheet import contact_sheet
from doorways.pictures import to_image
from doorways.recipe import Recipe

CASES = {"fire | ocean": ("R - B", 0, 2), "forest | desert": ("G - R", 1, 0)}
SEEDS = (0, 1, 2)


def difference(picture: Tensor, plus: int, minus: int) -> tuple[float, float]:
    """Mean of one channel less another over the left and over the right third of a picture [1, 3, H, W]."""
    third = picture.shape[-1] // 3
    means = [part.mean((0, 2, 3)) for part in (picture[..., :third], picture[..., -third:])]
    return float(means[0][plus] - means[0][minus]), float(means[1][plus] - means[1][minus])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="384x192")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    shared = {"size": arguments.size, "steps": arguments.steps, "threads": 1}
    grid = [paint_all(Recipe.build(prompts=pair, seed=seed, **shared) for seed in SEEDS) for pair in CASES]
    rows, verdicts = [], []
    for (pair, (name, plus, minus)), pictures in zip(CASES.items(), grid, strict=True):
        sides = [difference(picture, plus, minus) for picture in pictures]
        rows += [[pair, seed, name, *side] for seed, side in zip(SEEDS, sides, strict=True)]
        right = sum(left > other for left, other in sides)
        verdicts.append(
            Verdict(f"{pair}: {name} is larger on the left", f"{right} of {len(SEEDS)}", right == len(SEEDS))
        )
    holds = report(
        "colours",
        "Colours of the outer thirds",
        ("pair", "seed", "measure", "left third", "right third"),
        rows,
        verdicts=verdicts,
        data={"size": arguments.size, "steps": arguments.steps, "weights": weights_used()},
        out=arguments.out,
    )
    seeds = tuple(f"seed {seed}" for seed in SEEDS)
    images = [[to_image(picture) for picture in row] for row in grid]
    contact_sheet(Grid.of(images, rows=tuple(CASES), columns=seeds)).save(
        arguments.out / "colours.png", optimize=True
    )
    raise SystemExit(not holds)


if __name__ == "__main__":
    main()
