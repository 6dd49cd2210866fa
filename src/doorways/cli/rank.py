"""`doorways rank`: pictures in the artist's own order, the best first."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Group, Parameter

from doorways.errors import DoorwaysError, InputError

if TYPE_CHECKING:
    from doorways.cli.seen import Seen
    from doorways.judge.choosing import Choice
    from doorways.judge.judgement import Judgement
    from doorways.judge.taste import Taste

app = App(name="rank", help_epilogue="", default_parameter=Parameter(show_default=False))
ORDER, FROM = Group("What comes first", sort_key=10), Group("From the library", sort_key=20)
LIKED, DISLIKED = 5.0, 1.0


@app.default
def rank(
    *pictures: Annotated[
        str, Parameter(help="Pictures, or IDs of paintings; those of the library if none is given.")
    ],
    weights: Annotated[
        list[str] | None,
        Parameter(
            help="What a measure counts, as NAME=NUMBER; below 0, less of it is better; 'only' at first forgets the "
            "usual ones. [match=1 contrast=0.5 semantic_symmetry=0.25 repetition=-0.25 unwanted=-0.5 taste=1]",
            metavar="NAME=NUMBER",
            consume_multiple=True,
            negative="",
            group=ORDER,
        ),
    ] = None,
    like: Annotated[
        list[str] | None,
        Parameter(help="A picture or ID that you like; may be repeated.", negative="", group=ORDER),
    ] = None,
    dislike: Annotated[
        list[str] | None,
        Parameter(help="One that you do not; may be repeated.", negative="", group=ORDER),
    ] = None,
    duplicate: Annotated[
        float,
        Parameter(
            help="Likeness from which on two pictures count as one; 1 for equals only. [0.99]", group=ORDER
        ),
    ] = 0.99,
    diversity: Annotated[
        float,
        Parameter(help="How much unlikeness to those before counts, 0 to 1. [0.2]", group=ORDER),
    ] = 0.2,
    limit: Annotated[int | None, Parameter(help="At most so many.", metavar="N", group=ORDER)] = None,
    prompts: Annotated[
        str | None, Parameter(help="What they should show; as in the recipe inside each if not given.")
    ] = None,
    perceptor: Annotated[
        str, Parameter(help="Who judges: a spec. [embedded-judge]", metavar="SPEC")
    ] = "embedded-judge",
    count: Annotated[
        list[str] | None,
        Parameter(help="A thing to count, as the measure count:THING.", metavar="THING", negative=""),
    ] = None,
    unwanted: Annotated[
        list[str] | None,
        Parameter(help="A thing that had better not be there.", metavar="THING", negative=""),
    ] = None,
    device: Annotated[str, Parameter(help="auto, cpu, cuda, cuda:N or mps. [auto]", metavar="NAME")] = "auto",
    library: Annotated[
        Path | None,
        Parameter(
            help="The library; $DOORWAYS_LIBRARY or your data folder if not given.",
            metavar="FOLDER",
            group=FROM,
        ),
    ] = None,
    sweep: Annotated[str | None, Parameter(help="Of this sweep.", metavar="ID", group=FROM)] = None,
    board: Annotated[str | None, Parameter(help="On this board.", metavar="NAME", group=FROM)] = None,
    tag: Annotated[str | None, Parameter(help="With this tag.", metavar="NAME", group=FROM)] = None,
    subject: Annotated[
        str | None, Parameter(help="Of this subject of a sweep.", metavar="TEXT", group=FROM)
    ] = None,
    json_: Annotated[
        bool, Parameter(name="--json", negative="", help="As JSON: picture, value, scores, alike.")
    ] = False,
) -> None:
    """Put pictures in order, the best first: by weights that you set, and by your taste.

    Taste is learned from ratings and verdicts in the library, and from --like and --dislike.
    """
    from doorways.cli import seen as looking
    from doorways.judge.likeness import check_diversity, check_duplicate
    from doorways.judge.ranking import read_weights, things_weighed

    if limit is not None and limit < 1:
        raise InputError(f"limit {limit}: must be 1 or more")
    filters = {"sweep": sweep, "board": board, "tag": tag, "subject": subject}
    if pictures and (name := next((name for name, value in filters.items() if value is not None), None)):
        raise InputError(
            f"--{name} {filters[name]}: says which paintings of the library to rank, and pictures are named besides; "
            "leave one of the two out"
        )
    check_duplicate(duplicate)
    check_diversity(diversity)
    weighted = read_weights(weights or ())
    ranked = looking.look_up(pictures, library, prompts)
    rated = [(one, LIKED) for one in looking.look_up(like or (), library, prompts)]
    rated += [(one, DISLIKED) for one in looking.look_up(dislike or (), library, prompts)]
    if not pictures or any(one.entry for one in ranked):
        with looking.opened(library) as opened:
            if not pictures:
                if sweep is not None:
                    filters["sweep"] = opened.get_sweep(sweep).id
                ranked = looking.paintings(opened, prompts, **filters)
            rated += _opinions(looking.paintings(opened))
    nothing = "there is nothing to rank: no painting of the library has a picture and fits; paint some"
    if not ranked:
        raise InputError(nothing)
    eyes = looking.eyes(perceptor, device)
    wanted = {
        kind: things_weighed(kind, weighted, given or ())
        for kind, given in (("count", count), ("unwanted", unwanted))
    }
    seen = [(one.picture.resolve(), one) for one in (*(one for one, _ in rated), *ranked)]
    named = {path for path, one in seen if one.named}
    everyone = {path: replace(one, named=path in named) for path, one in seen}
    judged = {
        one.picture.resolve(): judgement
        for one, judgement in looking.judge_all(list(everyone.values()), eyes, **wanted)
    }
    ranked = [one for one in ranked if one.picture.resolve() in judged]
    if not ranked:
        raise InputError(nothing)
    own = {
        path: liked for one, liked in reversed(rated) if (path := one.picture.resolve()) in judged
    }  # what was said here comes first
    taste = _learned(own, judged, insist=bool(like or dislike))

    from doorways.judge.choosing import choose

    choices = choose(
        [judged[one.picture.resolve()] for one in ranked],
        weights=weighted,
        taste=taste,
        liked={
            index: own[path] for index, one in enumerate(ranked) if (path := one.picture.resolve()) in own
        },
        duplicate=duplicate,
        diversity=diversity,
    )[:limit]
    if json_:
        found = [
            {
                "picture": ranked[choice.index].name,
                "value": choice.value,
                "scores": dict(choice.scores),
                "alike": [ranked[index].name for index in choice.alike],
            }
            for choice in choices
        ]
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(_table(choices, ranked, [name for name, weight in weighted.items() if weight]))


def _opinions(seen: Sequence[Seen]) -> list[tuple[Seen, float]]:
    """The rated paintings, and how much each is liked."""
    from doorways.judge.taste import liking

    rated = [(one, liking(one.entry.rating, one.entry.verdict)) for one in seen if one.entry is not None]
    return [(one, liked) for one, liked in rated if liked is not None]


def _learned(liked: dict[Path, float], judged: dict[Path, Judgement], *, insist: bool) -> Taste | None:
    """The taste that ratings teach; None, and said why, where they teach none and nobody insists."""
    if not liked:
        return None
    from doorways.judge.taste import Taste

    try:
        return Taste.learn([judged[path].portrait for path in liked], list(liked.values()))
    except DoorwaysError as error:
        if insist:
            raise
        sys.stderr.write(f"doorways: ranked without taste: {error}\n")
        return None


def _table(choices: Sequence[Choice], ranked: Sequence[Seen], measures: Sequence[str]) -> str:
    """A line for each picture: its place, name, value, and the measures that count."""
    shown = [name for name in measures if any(name in choice.scores for choice in choices)]
    width = max(len(ranked[choice.index].name) for choice in choices)
    lines = [f"{'':4}{'':<{width}}  {'value':>7}  " + "  ".join(shown)]
    for place, choice in enumerate(choices, start=1):
        cells = [
            f"{choice.scores[name]:>{len(name)}.2f}" if name in choice.scores else " " * len(name)
            for name in shown
        ]
        alike = f"  and {len(choice.alike)} alike" if choice.alike else ""
        line = f"{place:>3} {ranked[choice.index].name:<{width}}  {choice.value:7.2f}  " + "  ".join(cells)
        lines.append(line.rstrip() + alike)
    return "\n".join(lines) + "\n"
