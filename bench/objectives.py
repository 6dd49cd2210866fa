"""What each objective does, by a second perceptor that did not paint, on squares that were not used in painting.

    python -m bench.objectives

Eight pairs of worlds, two seeds; each painted plain, with semantic symmetry, and with tone symmetry, and nothing else
changed. Claims: the prompt field puts each world on its side; tone symmetry raises the left-right correlation of tone;
semantic symmetry raises the correlation of mirrored residuals (e - T less its mean over the bench) in at least 12 of
16 paintings, and costs no more than a tenth of the match (cosine to the own prompt less the mean cosine to the bench's
other prompts). Measures: `doorways.judge`. Writes docs/bench/objectives.json and objectives.png.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from statistics import mean
from typing import Any

import torch
from torch import Tensor

from bench.paintings import paint_all
from bench.results import FOLDER, Verdict, report
from doorways.export.grid import Grid
from doorways.export.sheet import contact_sheet
from doorways.judge.look import Look
from doorways.judge.match import match
from doorways.judge.tone_symmetry import tone_symmetry
from doorways.perceptors import load_perceptor
from doorways.pictures import to_image
from doorways.prompts import parse_prompts
from doorways.prompts.field import PromptField
from doorways.recipe import Recipe

PAIRS = (
    "fire | ocean",
    "forest | desert",
    "castle | volcano",
    "mushroom | sunflower",
    "snowy mountains | canyon",
    "city | jungle",
    "autumn forest | spring flowers",
    "night | beach",
)
SEEDS = (0, 1)
WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "semantic symmetry": {"semantic_symmetry": "0 -> 0.4", "remove_mean": True},
    "tone symmetry": {"tone_symmetry": 2.0},
}


def recipes(way: str, *, size: str, steps: int) -> list[Recipe]:
    """The recipes of one way to paint, all pairs of the first seed first."""
    shared = {"size": size, "start_size": size, "steps": steps, "threads": 1} | WAYS[way]
    return [Recipe.build(prompts=pair, seed=seed, **shared) for seed in SEEDS for pair in PAIRS]


def measure(pictures: dict[str, list[Tensor]], judge: str) -> dict[str, dict[str, list[float]]]:
    """Every measure of every painting, by way."""
    eyes = load_perceptor(judge)
    prompts = [pair for _ in SEEDS for pair in PAIRS]
    looks = {
        way: [
            Look.at(
                picture, eyes, PromptField(parse_prompts(pair), aspect=picture.shape[-1] / picture.shape[-2])
            )
            for picture, pair in zip(painted, prompts, strict=True)
        ]
        for way, painted in pictures.items()
    }
    words = {pair: looks["plain"][rank].words for rank, pair in enumerate(PAIRS)}
    residuals = [torch.cat(look.residuals) for row in looks.values() for look in row]
    centre = torch.cat(residuals).mean(0)
    measured: dict[str, dict[str, list[float]]] = {}
    for way, row in looks.items():
        others = [torch.cat([words[other] for other in PAIRS if other != pair]) for pair in prompts]
        sides = [look.contrast(0, 1) for look in row]
        measured[way] = {
            "agreement": [look.agreement(centre)[0] for look in row],
            "match": [halves_match(look, other) for look, other in zip(row, others, strict=True)],
            "tone": [tone_symmetry(picture) for picture in pictures[way]],
            "left": [left for left, _ in sides],
            "right": [right for _, right in sides],
        }
    return measured


def halves_match(look: Look, others: Tensor) -> float:
    """The match of each half to its own prompt, less that to the prompts `others` [k, d]."""
    halves = list(zip((look.left, look.right), look.words, strict=True))
    return match(
        torch.cat([half @ word for half, word in halves]), torch.cat([half @ others.T for half, _ in halves])
    )


def verdicts(measured: dict[str, dict[str, list[float]]]) -> list[Verdict]:
    """The claims, and whether they hold."""
    plain, semantic, tone = (measured[way] for way in WAYS)
    raised = count_raised(plain["agreement"], semantic["agreement"])
    toned = count_raised(plain["tone"], tone["tone"])
    before, after = mean(plain["match"]), mean(semantic["match"])
    placed = [sum(value > 0 for value in plain[side]) for side in ("left", "right")]
    count = len(plain["match"])
    return [
        Verdict(
            "the outer thirds are closer to their own prompt",
            f"left {placed[0]}, right {placed[1]} of {count}",
            min(placed) == count,
        ),
        Verdict("tone symmetry raises the correlation of tone", f"{toned} of {count}", toned >= 0.75 * count),
        Verdict(
            "semantic symmetry raises the agreement of mirrored residuals",
            f"{raised} of {count}",
            raised >= 0.75 * count,
        ),
        Verdict(
            "semantic symmetry keeps nine tenths of the match",
            f"{before:.3f} -> {after:.3f}",
            after >= 0.9 * before,
        ),
    ]


def count_raised(before: Sequence[float], after: Sequence[float]) -> int:
    """How many values are larger after than before."""
    return sum(b < a for b, a in zip(before, after, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="256x128")
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--judge", default="embedded-judge", help="the second perceptor")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pictures = {way: paint_all(recipes(way, size=arguments.size, steps=arguments.steps)) for way in WAYS}
    measured = measure(pictures, arguments.judge)
    columns = ("way", "agreement", "match", "tone", "left", "right")
    rows = [[way, *(mean(values[name]) for name in columns[1:])] for way, values in measured.items()]
    report(
        "objectives",
        f"Objectives, judged by {arguments.judge}: means over {len(PAIRS)} pairs and {len(SEEDS)} seeds",
        columns,
        rows,
        verdicts=verdicts(measured),
        data={"paintings": measured, "pairs": PAIRS, "seeds": SEEDS, "ways": WAYS, **vars(arguments)},
    )
    grid = [[pictures[way][rank] for way in WAYS] for rank in range(len(PAIRS))]
    images = [[to_image(picture) for picture in row] for row in grid]
    contact_sheet(Grid.of(images, rows=PAIRS, columns=tuple(WAYS))).save(
        FOLDER / "objectives.png", optimize=True
    )


if __name__ == "__main__":
    main()
