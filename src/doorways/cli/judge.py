"""`doorways judge`: what a perceptor makes of a picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from doorways.judge.judgement import Judgement

app = App(name="judge", help_epilogue="", default_parameter=Parameter(show_default=False))

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
    picture: Annotated[Path, Parameter(help="The picture to judge.")],
    /,
    *,
    prompts: Annotated[
        str | None, Parameter(help="What it should show; as in the recipe inside the picture if not given.")
    ] = None,
    perceptor: Annotated[
        str, Parameter(help="Who judges: a spec. [embedded-judge]", metavar="SPEC")
    ] = "embedded-judge",
    count: Annotated[
        list[str] | None,
        Parameter(
            help="A thing to count, such as 'a doorway'; may be repeated.", metavar="THING", negative=""
        ),
    ] = None,
    unwanted: Annotated[
        list[str] | None,
        Parameter(
            help="A thing that had better not be there, such as 'a person'; may be repeated.",
            metavar="THING",
            negative="",
        ),
    ] = None,
    aesthetic: Annotated[
        Path | None,
        Parameter(
            help="A file with one of LAION's aesthetic heads, for the CLIP it was made for.", metavar="FILE"
        ),
    ] = None,
    curve: Annotated[
        Path | None, Parameter(help="Draw the match at each position into this .png.", metavar="FILE")
    ] = None,
    force: Annotated[bool, Parameter(help="Overwrite the drawing if it exists.", negative="")] = False,
    device: Annotated[str, Parameter(help="auto, cpu, cuda, cuda:N or mps. [auto]", metavar="NAME")] = "auto",
    json_: Annotated[
        bool, Parameter(name="--json", negative="", help="As JSON: perceptor, scores, places, curves, notes.")
    ] = False,
) -> None:
    """Measure a picture: match, contrast, symmetry, repetition, sharpness."""
    from doorways.cli.fetching import fetch
    from doorways.pictures import read_picture, to_image

    if curve is not None:
        _check_drawing(curve, picture, force=force)
    asked, machine = _asked(picture, prompts)
    seen = read_picture(picture)
    for _ in fetch([perceptor]):
        pass
    from doorways.devices import choose_device
    from doorways.judge import judge as measure

    judgement = measure(
        seen,
        asked,
        perceptor,
        count=count or (),
        unwanted=unwanted or (),
        aesthetic=aesthetic,
        machine=machine,
        device=str(choose_device(device).device),
    )
    if curve is not None:
        from doorways.atomic import whole
        from doorways.judge.drawing import draw_curves

        with whole(curve) as part:
            draw_curves(judgement, to_image(seen)).save(part, format="PNG")
    if json_:
        sys.stdout.write(json.dumps(judgement.to_dict(), indent=2, ensure_ascii=False) + "\n")
        return
    for note in judgement.notes:
        sys.stderr.write(f"doorways: {note}\n")
    sys.stdout.write(_table(picture, judgement))


def _asked(picture: Path, prompts: str | None) -> tuple[Any, dict[str, Any]]:
    """What the picture was painted of, and by which machine; prompts that are given win over its recipe's."""
    from doorways.errors import InputError
    from doorways.metadata import read_metadata
    from doorways.recipe import Recipe

    try:
        found = read_metadata(picture)
    except InputError as error:
        if prompts is not None and picture.is_file():
            return prompts, {}
        remedy = (
            " (or say what it should show: --prompts 'forest | kelp forest')" if picture.is_file() else ""
        )
        raise InputError(f"{error}{remedy}") from error
    changes = {} if prompts is None else {"prompts": prompts}
    return Recipe.from_png(picture, **changes), found.machine


def _check_drawing(curve: Path, picture: Path, *, force: bool) -> None:
    """InputError before anything slow, where the drawing cannot or must not be written."""
    from doorways.atomic import check_writable
    from doorways.errors import InputError

    if curve.suffix.lower() != ".png":
        raise InputError(f"curve {curve}: must end in .png; use {curve.with_suffix('.png')}")
    if curve.resolve() == picture.resolve():
        raise InputError(f"curve {curve}: is the picture itself; choose another name")
    if curve.exists() and not force:
        raise InputError(f"{curve} exists already; --force overwrites it, or choose another name")
    check_writable(curve)


def _table(picture: Path, judgement: Judgement) -> str:
    lines = [f"{picture.name}, judged by {judgement.perceptor}"]
    width = max(map(len, judgement.scores)) + 2
    for name, value in judgement.scores.items():
        shown = f"{value:7.0f}   " if name.startswith("count:") else f"{value:10.2f}"
        lines.append(f"  {name:<{width}}{shown}   {MEASURES.get(name.partition(':')[0], '')}".rstrip())
    return "\n".join(lines) + "\n"
