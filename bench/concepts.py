"""Whether a stranger recognises what the embedded models paint: `python -m bench.concepts`.

Protocol. Names: the 1,000 that the most families of drawings show (of equals the first of the alphabet), of those that the
perceptor was trained with. 100 of those that are one word, evenly spaced in the alphabet, are painted each by itself, one
seed, default recipe. 40 others, evenly spaced too, are two by two the sides of 20 pairs. The rule was set before any picture
was seen. `--concepts` and `--pairs` take so many of these, evenly spaced; what they painted is there for a run of all.

The judge (`bench/stranger.py`) is an ImageNet classifier that has learned the names from drawings of all families but
`CEILING`: alone, in crowds, and in crowds that the embedded generator encoded and decoded with their codes moved at random,
so that it knows the paint (that generator was trained with a perceptor's features as perceptual loss). It has seen no
painting, and shares no weights, architecture or teacher with the perceptors. It
sees a picture as the mean over five squares, and ranks the 1,000 names. In the table stand its rates on what was painted; on
real drawings of the family that it never saw, shown in five scenes each (the ceiling, all of the 1,000 names that the family
has), and in five crowds, which are harder; on the same paintings when asked for the concept after the painted one (chance);
and, with `--ordinary FOLDER`, on pictures painted by a perceptor that was trained without attacks (`make train-ordinary`). How
many held-out drawings that one names itself, and the one that ships, is kept beside it.

Paintings begin with a sketch, of drawings that the judge has learned from too, as it has learned from those that the perceptor
knows; how it ranks the same pictures before the first step stands in the table besides.

Targets: of the ceiling's rate 0.8 for the first five names and 0.6 for the first; 18 of 20 pairs whose left half is judged
the left prompt rather than the right one and whose right half the reverse. Exits 1 where one is missed. Paintings are kept in
bench/cache, a sheet of all is left beside the figures.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from PIL import Image
from torch import Tensor

from bench.embedded import measure_naming
from bench.paintings import paint_all, weights_used
from bench.results import FOLDER, Verdict, report
from bench.stranger import SQUARES, Drawings, Stranger, crowds, scenes, squares
from doorways.export.grid import Grid, Tile
from doorways.export.sheet import contact_sheet
from doorways.painter import Painter
from doorways.perceptors import tower
from doorways.pictures import to_image
from doorways.recipe import Recipe
from training.fetch import WORK
from training.scenes import concept_names, read_rows
from training.ship import EMBEDDED

NAMES, CONCEPTS, TOLD, CEILING = 1000, 100, 20, "openmoji"
NAMED = 600
"""Held-out drawings that perceptors are to name."""
TOP5, TOP1, PAIRS = 0.8, 0.6, 0.9
"""The targets: of the ceiling's rates, and of the pairs."""
THUMBNAIL, COLUMNS = (192, 96), 8

Thing = TypeVar("Thing")


def chosen_names() -> list[str]:
    """The 1,000 names, sorted."""
    families = defaultdict(set)
    for split in ("trained", "held_out"):
        for row in read_rows(WORK / f"{split}.jsonl"):
            families[row["name"]].add(row["family"])
    known = set(concept_names("trained")) & {name for name, drawn in families.items() if drawn - {CEILING}}
    return sorted(sorted(known, key=lambda name: (-len(families[name]), name))[:NAMES])


def chosen(names: list[str], concepts: int, pairs: int) -> tuple[list[str], list[tuple[str, str]]]:
    """What is painted by itself, and in pairs.

    >>> chosen(["an ox", "bee", "cat", "dog", "emu"], 2, 1)
    (['bee', 'dog'], [('cat', 'emu')])
    """
    words = [name for name in names if " " not in name]
    alone = evenly(words, concepts)
    sides = evenly([word for word in words if word not in alone], 2 * pairs)
    return alone, list(zip(sides[::2], sides[1::2], strict=True))


def evenly(things: Sequence[Thing], count: int) -> list[Thing]:
    """So many of `things`, evenly spaced.

    >>> evenly("abcdef", 3)
    ['a', 'c', 'e']
    """
    return [things[i * len(things) // count] for i in range(count)]


def recipe(prompts: str, perceptor: str = "embedded", **settings: object) -> Recipe:
    """The default one with seed 0."""
    return Recipe.build(prompts=prompts, seed=0, perceptor=perceptor, **settings)


def rates(ranks: list[int]) -> tuple[float, float]:
    """Shares that are among the first five, and the first."""
    return tuple(sum(rank < most for rank in ranks) / len(ranks) for most in (5, 1))  # type: ignore[return-value]


def on_drawings(judge: Stranger, drawings: Drawings, show: Callable[..., Tensor] = scenes) -> list[int]:
    """The ranks of drawings' own names, each shown five times; their photographs are some that nothing was trained on."""
    rng = torch.Generator().manual_seed(0)
    return [
        judge.rank(show(pixels.expand(SQUARES, -1, -1, -1), rng, held_out=True), name)
        for pixels, name in zip(drawings.pixels, drawings.names, strict=True)
    ]


def on_pictures(judge: Stranger, pictures: list[Tensor], names: list[str]) -> list[int]:
    """The rank of each picture's name."""
    return [judge.rank(squares(picture), name) for picture, name in zip(pictures, names, strict=True)]


def sides_are_told(judge: Stranger, picture: Tensor, left: str, right: str) -> bool:
    """Whether the left half is `left` rather than `right`, and the right half the reverse."""
    places = [judge.names.index(name) for name in (left, right)]
    first, second = (judge.logits(squares(picture, *half))[places] for half in ((0, 0.5), (0.5, 1)))
    return bool(first[0] > first[1] and second[1] > second[0])


def sheet(pictures: list[Tensor]) -> Image.Image:
    """All pictures in rows of `COLUMNS`, numbered and not named, so that somebody can say what they show."""
    cells = {
        divmod(i, COLUMNS): (Tile(to_image(picture).resize(THUMBNAIL), label=str(i + 1)),)
        for i, picture in enumerate(pictures)
    }
    rows = -(-len(pictures) // COLUMNS)
    return contact_sheet(Grid(rows=("",) * rows, columns=("",) * COLUMNS, cells=cells))


def arguments() -> argparse.Namespace:
    """What the command was given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--concepts", type=int, default=CONCEPTS, help="paint only so many")
    parser.add_argument("--pairs", type=int, default=TOLD, help="paint only so many")
    parser.add_argument("--ordinary", type=Path, help="a perceptor trained without attacks, painted with too")
    parser.add_argument(
        "--set", action="append", default=[], help="NAME=VALUE, another setting of the recipes"
    )
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    if not (0 < given.concepts <= CONCEPTS and 0 < given.pairs <= TOLD):
        parser.error(f"--concepts must be in 1 to {CONCEPTS}, --pairs in 1 to {TOLD}")
    return given


def main() -> None:
    given = arguments()
    settings = dict(one.split("=", 1) for one in given.set)
    names = chosen_names()
    alone, sides = chosen(names, CONCEPTS, TOLD)
    concepts, pairs = evenly(alone, given.concepts), evenly(sides, given.pairs)

    drawings = Drawings.read(names)
    judge = Stranger(names, drawings.of(CEILING, others=True))
    ranks = {
        "real drawings, the ceiling": on_drawings(judge, drawings.of(CEILING)),
        "real drawings in crowds": on_drawings(judge, drawings.of(CEILING), crowds),
    }
    pictures = paint_all([recipe(name, **settings) for name in concepts])
    ranks["painted"] = on_pictures(judge, pictures, concepts)
    sketched = [Painter(recipe(name, **settings)).picture().mul(255).round() / 255 for name in concepts]
    ranks["before the first step"] = on_pictures(judge, sketched, concepts)
    ranks["painted for another prompt"] = on_pictures(judge, pictures, [*concepts[1:], concepts[0]])
    named, others = {}, {}
    if given.ordinary:
        for label, folder in (("ordinary", given.ordinary), ("embedded", EMBEDDED / "perceptor")):
            named[label] = measure_naming(tower.load(folder), {}, NAMED)["white"]["clean"]
        others["ordinary"] = str(given.ordinary)
        ordinary = paint_all([recipe(name, str(given.ordinary), **settings) for name in concepts])
        ranks["painted by an ordinary perceptor"] = on_pictures(judge, ordinary, concepts)
    panoramas = paint_all([recipe(f"{left} | {right}", **settings) for left, right in pairs])
    told = [sides_are_told(judge, picture, *pair) for picture, pair in zip(panoramas, pairs, strict=True)]

    table = {label: rates(found) for label, found in ranks.items()}
    most, painted = table["real drawings, the ceiling"], table["painted"]
    shares = [mine / limit if limit else 0.0 for mine, limit in zip(painted, most, strict=True)]
    holds = report(
        "concepts",
        f"{len(concepts)} concepts, judged by a stranger among {len(names)} names",
        ("", "pictures", "top 5", "top 1"),
        [[label, len(ranks[label]), f"{top5:.1%}", f"{top1:.1%}"] for label, (top5, top1) in table.items()],
        verdicts=[
            Verdict(f"top 5 >= {TOP5} of the ceiling's", f"{shares[0]:.2f}", shares[0] >= TOP5),
            Verdict(f"top 1 >= {TOP1} of the ceiling's", f"{shares[1]:.2f}", shares[1] >= TOP1),
            Verdict(
                f"sides are told apart in {PAIRS:.0%} of the pairs",
                f"{sum(told)} of {len(pairs)}",
                sum(told) >= PAIRS * len(pairs),
            ),
        ],
        data={
            "protocol": __doc__,
            "settings": settings,
            "weights": weights_used(**others),
            "drawings_named": named,
            "ranks": dict(zip(concepts, ranks["painted"], strict=True)),
            "pairs": {" | ".join(pair): told[i] for i, pair in enumerate(pairs)},
        },
        out=given.out,
    )
    sheet([*pictures, *panoramas]).quantize().save(given.out / "concepts.png", optimize=True)
    raise SystemExit(not holds)


if __name__ == "__main__":
    main()
