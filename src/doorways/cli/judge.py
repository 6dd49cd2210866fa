"""`doorways judge`: what a perceptor makes of a picture."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Group, Parameter

from doorways.errors import InputError

if TYPE_CHECKING:
    from doorways.cli.seen import Seen
    from doorways.judge.judgement import Judgement

app = App(name="judge", help_epilogue="", default_parameter=Parameter(show_default=False))
WHAT, OUT = Group("What to look for", sort_key=10), Group("What to tell", sort_key=20)

MEASURES = {
    "match": "closeness to the prompts, less that to other words",
    "contrast": "how different the sides are, in their prompts' direction",
    "semantic_symmetry": "the same things in paired places: 1 yes, 0 unrelated",
    "tone_symmetry": "the same lights and darks there: 1 yes, 0 unrelated",
    "edge_symmetry": "the same outlines there: 1 yes, 0 unrelated",
    "repetition": "how far each place has its like in its row",
    "sharpness": "1 crisp, 0 blurred, whatever it shows",
    "count": "how many, from left to right",
    "unwanted": "how far it stands out of other words; from 3 on it is there",
    "aesthetic": "LAION's head: 1 to 10",
}


@app.default
def judge(
    *pictures: Annotated[str, Parameter(help="Pictures, or IDs of paintings in the library.")],
    prompts: Annotated[
        str | None,
        Parameter(help="What they should show; as in the recipe inside each if not given.", group=WHAT),
    ] = None,
    perceptor: Annotated[
        str, Parameter(help="Who judges: a spec. [embedded-judge]", metavar="SPEC", group=WHAT)
    ] = "embedded-judge",
    count: Annotated[
        list[str] | None,
        Parameter(
            help="A thing to count, such as 'a doorway'; may be repeated.",
            metavar="THING",
            negative="",
            group=WHAT,
        ),
    ] = None,
    unwanted: Annotated[
        list[str] | None,
        Parameter(
            help="A thing that had better not be there, such as 'a person'; may be repeated.",
            metavar="THING",
            negative="",
            group=WHAT,
        ),
    ] = None,
    aesthetic: Annotated[
        Path | None,
        Parameter(
            help="A file with one of LAION's aesthetic heads, for the CLIP it was made for.",
            metavar="FILE",
            group=WHAT,
        ),
    ] = None,
    device: Annotated[
        str, Parameter(help="auto, cpu, cuda, cuda:N or mps. [auto]", metavar="NAME", group=WHAT)
    ] = "auto",
    all_: Annotated[
        bool,
        Parameter(name="--all", negative="", help="Every painting in the library that has a picture."),
    ] = False,
    library: Annotated[
        Path | None,
        Parameter(help="The library; $DOORWAYS_LIBRARY or your data folder if not given.", metavar="FOLDER"),
    ] = None,
    replace: Annotated[
        bool,
        Parameter(negative="", help="Keep these scores in the library also where another judge's are kept."),
    ] = False,
    curve: Annotated[
        Path | None,
        Parameter(help="Draw the match at each position into this .png.", metavar="FILE", group=OUT),
    ] = None,
    force: Annotated[
        bool, Parameter(help="Overwrite the drawing if it exists.", negative="", group=OUT)
    ] = False,
    json_: Annotated[
        bool,
        Parameter(
            name="--json", negative="", help="As JSON: perceptor, scores, places, curves, notes.", group=OUT
        ),
    ] = False,
) -> None:
    """Measure pictures: match, contrast, symmetry, repetition, sharpness.

    The scores of paintings in the library are kept there, with the judge's name; those of one judge, since two
    judges' scores cannot be compared.
    """
    from doorways.cli import seen as looking

    if not pictures and not all_:
        raise InputError(
            "judge needs a picture, the ID of a painting, or --all; write for example judge forest.png"
        )
    seen = looking.look_up(pictures, library, prompts)
    if all_:
        with looking.opened(library) as opened:
            seen += looking.paintings(opened, prompts)
    if curve is not None:
        _check_drawing(curve, seen, force=force)
    eyes = looking.eyes(perceptor, device, aesthetic)
    wanted = {"count": count or (), "unwanted": unwanted or ()}
    judged = []
    for one, judgement in looking.judge_all(seen, eyes, **wanted):
        if one.entry is not None and prompts is None:
            if replace or one.entry.judge in (None, judgement.perceptor):
                with looking.opened(library) as opened:
                    opened.score(one.entry.id, judgement.scores, judge=judgement.perceptor)
            else:
                note = f"the library keeps the scores by {one.entry.judge}; --replace has it keep these"
                judgement = dataclasses.replace(judgement, notes=(*judgement.notes, note))
        judged.append((one, judgement))
        if not json_:
            _tell(one, judgement, many=len(seen) > 1)
    if json_:
        found = [{"picture": one.name, **judgement.to_dict()} for one, judgement in judged]
        one_or_all = found if all_ or len(pictures) > 1 else found[0]
        sys.stdout.write(json.dumps(one_or_all, indent=2, ensure_ascii=False) + "\n")
    if curve is not None and judged:
        _draw(curve, *judged[0])


def _tell(one: Seen, judgement: Judgement, *, many: bool) -> None:
    for note in judgement.notes:
        sys.stderr.write(f"doorways: {f'{one.name}: ' if many else ''}{note}\n")
    sys.stdout.write(table(one.name, judgement) + ("\n" if many else ""))
    sys.stdout.flush()


def table(name: str, judgement: Judgement) -> str:
    """The scores below each other, with what each means."""
    lines = [f"{name}, judged by {judgement.perceptor}"]
    width = max(map(len, judgement.scores)) + 2
    for measure, value in judgement.scores.items():
        shown = f"{value:7.0f}   " if measure.startswith("count:") else f"{value:10.2f}"
        lines.append(f"  {measure:<{width}}{shown}   {MEASURES.get(measure.partition(':')[0], '')}".rstrip())
    return "\n".join(lines) + "\n"


def _check_drawing(curve: Path, seen: Sequence[Seen], *, force: bool) -> None:
    """InputError before anything slow, where the drawing cannot or must not be written."""
    from doorways.atomic import check_writable
    from doorways.cli.outputs import check_name

    check_name(curve)
    if len(seen) != 1:
        raise InputError(
            f"curve {curve}: draws one picture, and {len(seen)} are given; judge them one by one"
        )
    if curve.suffix.lower() != ".png":
        raise InputError(f"curve {curve}: must end in .png; use {curve.with_suffix('.png')}")
    if curve.resolve() == seen[0].picture.resolve():
        raise InputError(f"curve {curve}: is the picture itself; choose another name")
    if curve.exists() and not force:
        raise InputError(f"{curve} exists already; --force overwrites it, or choose another name")
    check_writable(curve)


def _draw(curve: Path, one: Seen, judgement: Judgement) -> None:
    from doorways.atomic import whole
    from doorways.judge.drawing import draw_curves
    from doorways.pictures import read_picture, to_image

    with whole(curve) as part:
        draw_curves(judgement, to_image(read_picture(one.picture))).save(part, format="PNG")
