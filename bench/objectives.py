"""What each objective does, by a second perceptor that did not paint, on squares that were not used in painting.

    python -m bench.objectives

Eight pairs of worlds, two seeds; each painted plain and with each of the objectives, and nothing else changed. Claims:
the prompt field puts each world on its side; in at least three of four paintings tone symmetry raises the left-right
correlation of tone, edge symmetry that of outlines, smoothness takes away grain (what a copy of half the size cannot
show), and semantic symmetry raises the correlation of mirrored residuals (e - T less its mean over the bench), which
costs no more than a tenth of the match (cosine to the own prompt less the mean cosine to the bench's other prompts).
Measures: `doorways.judge`. Writes docs/bench/objectives.json and objectives.png.

Weights are chosen by how hard each objective pulls on the latent beside the match (the norms of their gradients).
Semantic symmetry compares directions of residuals, which are short once the mean is gone, so at weight 1 it pulls
five to six times as hard as the match, and late in a run against it: what both sides share need not be what either
was asked for. It begins at nothing, or what is alike is that neither side shows anything yet, and ends where both pull
about alike. Edge symmetry and smoothness pull about as hard as the match too; tone symmetry, which finds its own end,
harder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.paintings import paint_all, weights_used
from bench.results import FOLDER, Verdict, report
from doorways.export.grid import Grid
from doorways.export.sheet import contact_sheet
from doorways.judge.edge_symmetry import edge_symmetry
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
SEEDS = 2
WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "semantic symmetry": {"semantic_symmetry": "0 -> 0.25", "remove_mean": True},
    "raw semantic symmetry": {"semantic_symmetry": "0 -> 0.25"},
    "tone symmetry": {"tone_symmetry": 2.0},
    "edge symmetry": {"edge_symmetry": 5.0},
    "smoothness": {"smoothness": 5.0},
}
SEMANTIC = ("semantic symmetry", "raw semantic symmetry")
"""With the running mean removed, and as in the piece."""
ENOUGH = 0.75
"""Share of the paintings in which an objective must do what it claims."""


def recipes(way: str, prompts: Sequence[str], *, size: str, steps: int) -> list[Recipe]:
    """The recipes of one way to paint; of prompts that come again, each time with the next seed."""
    shared = {"size": size, "start_size": size, "steps": steps, "threads": 1} | WAYS[way]
    seeds = [prompts[:rank].count(pair) for rank, pair in enumerate(prompts)]
    return [
        Recipe.build(prompts=pair, seed=seed, **shared) for pair, seed in zip(prompts, seeds, strict=True)
    ]


def measure(
    pictures: dict[str, list[Tensor]], prompts: Sequence[str], judge: str
) -> dict[str, dict[str, list[float]]]:
    """Every measure of every painting, by way; `prompts` are those of each way's paintings."""
    eyes = load_perceptor(judge)
    looks = {
        way: [
            Look.at(
                picture, eyes, PromptField(parse_prompts(pair), aspect=picture.shape[-1] / picture.shape[-2])
            )
            for picture, pair in zip(painted, prompts, strict=True)
        ]
        for way, painted in pictures.items()
    }
    words = {pair: look.words for pair, look in zip(prompts, looks["plain"], strict=True)}
    residuals = [torch.cat(look.residuals) for row in looks.values() for look in row]
    centre = torch.cat(residuals).mean(0)
    measured: dict[str, dict[str, list[float]]] = {}
    for way, row in looks.items():
        others = [torch.cat([words[other] for other in words if other != pair]) for pair in prompts]
        sides = [look.contrast(0, 1) for look in row]
        measured[way] = {
            "agreement": [look.agreement(centre)[0] for look in row],
            "match": [halves_match(look, other) for look, other in zip(row, others, strict=True)],
            "tone": [tone_symmetry(picture) for picture in pictures[way]],
            "edges": [edge_symmetry(picture) for picture in pictures[way]],
            "grain": [grain(picture) for picture in pictures[way]],
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


def grain(picture: Tensor) -> float:
    """The mean absolute difference of a picture [1, 3, H, W] to what its copy of half the size shows."""
    coarse = F.interpolate(F.avg_pool2d(picture, 2), picture.shape[-2:], mode="bilinear")
    return float((picture - coarse).abs().mean())


def verdicts(measured: dict[str, dict[str, list[float]]]) -> list[Verdict]:
    """The claims, and whether they hold."""
    plain = measured["plain"]
    before = mean(plain["match"])
    placed = [sum(value > 0 for value in plain[side]) for side in ("left", "right")]
    count = len(plain["match"])

    def raised(way: str, name: str, claim: str, *, falls: bool = False) -> Verdict:
        pairs = zip(plain[name], measured[way][name], strict=True)
        times = sum(then < now if not falls else now < then for then, now in pairs)
        return Verdict(f"{way} {claim}", f"{times} of {count}", times >= ENOUGH * count)

    return [
        Verdict(
            "the outer thirds are closer to their own prompt",
            f"left {placed[0]}, right {placed[1]} of {count}",
            min(placed) == count,
        ),
        raised("tone symmetry", "tone", "raises the correlation of tone"),
        raised("edge symmetry", "edges", "raises the correlation of outlines"),
        raised("smoothness", "grain", "takes away grain", falls=True),
        *(raised(way, "agreement", "raises the agreement of mirrored residuals") for way in SEMANTIC),
        *(
            Verdict(
                f"{way} keeps nine tenths of the match", f"{before:.3f} -> {after:.3f}", after >= 0.9 * before
            )
            for way in SEMANTIC
            for after in [mean(measured[way]["match"])]
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="256x128")
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument(
        "--pairs", type=int, default=len(PAIRS), help="so many of the pairs, for a quick look"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--judge", default="embedded-judge", help="the second perceptor")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pairs = PAIRS[: arguments.pairs]
    prompts = pairs * arguments.seeds
    shape = {"size": arguments.size, "steps": arguments.steps}
    pictures = {way: paint_all(recipes(way, prompts, **shape)) for way in WAYS}
    measured = measure(pictures, prompts, arguments.judge)
    columns = ("way", "agreement", "match", "tone", "edges", "grain", "left", "right")
    rows = [[way, *(mean(values[name]) for name in columns[1:])] for way, values in measured.items()]
    holds = report(
        "objectives",
        f"Objectives, judged by {arguments.judge}: means over {len(pairs)} pairs and {arguments.seeds} seeds",
        columns,
        rows,
        verdicts=verdicts(measured),
        data={
            "paintings": measured,
            "pairs": pairs,
            "seeds": arguments.seeds,
            "ways": WAYS,
            "judge": arguments.judge,
            "weights": weights_used(judge=arguments.judge),
            **shape,
        },
        out=arguments.out,
    )
    images = [[to_image(pictures[way][rank]) for way in WAYS] for rank in range(len(pairs))]
    contact_sheet(Grid.of(images, rows=pairs, columns=tuple(WAYS))).save(
        arguments.out / "objectives.png", optimize=True
    )
    raise SystemExit(not holds)


if __name__ == "__main__":
    main()
