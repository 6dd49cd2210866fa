"""What a sweep costs, told and asked about before it is begun."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from doorways.errors import InputError

if TYPE_CHECKING:
    from doorways.cli.sweep_flags import How
    from doorways.explore.estimate import Estimate
    from doorways.explore.theme import Theme
    from doorways.library import Library

MANY, LONG_S = 1000, 3 * 24 * 3600
"""More paintings or seconds than this are asked about first; so is more than half of the room on the disk."""


def costs_of(theme: Theme, todo: Any, how: How) -> Estimate:
    """What is left to paint costs, measured by a few real steps; models that are not here are fetched first."""
    from doorways.cli.fetching import fetch
    from doorways.cli.watching import Watcher
    from doorways.explore.crew import threads_each

    specs = [spec for one in todo for spec in (one.recipe.generator, *dict(one.recipe.weighted_perceptors))]
    for _ in fetch(dict.fromkeys([*specs, theme.judge] if theme.triage else specs)):
        pass
    with Watcher().waiting("taking a few steps, to see how long it takes"):
        import torch

        from doorways.explore.estimate import Stopwatch, estimate, measure
        from doorways.explore.together import ALONE, measured
        from doorways.judge import judge

        workers = how.workers or 1
        torch.set_num_threads(threads_each(workers))
        judged = (lambda recipe, picture: judge(picture.cpu(), recipe, theme.judge)) if theme.triage else None
        side = ALONE if how.on else measured(todo[0].recipe, how.together)
        watch = Stopwatch(lambda recipe: measure(recipe, judge=judged))
        return estimate(todo, theme.triage, watch, workers=workers, side=side)


def tell(
    theme: Theme, new: int, kept: int, gone: int, costs: Estimate | None, library: Library, how: How
) -> None:
    """How much it is, in a few lines."""
    import shutil

    from doorways.cli.models import size_text
    from doorways.cli.watching import clock

    parts = [f"{new:,} new paintings" if kept else f"{new:,} paintings"]
    parts += [f"{kept:,} are there already"] * bool(kept)
    parts += [f"{gone:,} that the theme no longer names are not painted"] * bool(gone)
    say(f"{theme.title}: {'; '.join(parts)}")
    if costs is None:
        return
    if theme.triage:
        ends = ", ".join(f"{part:.0%}" for part in theme.triage.at)
        shares = ", ".join(f"{share:.0%}" for share in theme.triage.keep)
        say(f"judged after {ends} of their steps; of each subject's, {shares} go on, and at least one")
    free = shutil.disk_usage(library.folder).free
    who = "on this machine" if how.on is None else f"by {how.workers or 1} such as this machine"
    who += f", {costs.together} side by side" * (costs.together > 1)
    say(
        f"about {clock(costs.seconds)} {who}, and {size_text(costs.disk_bytes)} of disk, "
        f"of which {size_text(free)} are free"
    )


def ask_about(costs: Estimate, library: Library, how: How) -> None:
    """Asks before a sweep that takes days or fills the disk."""
    import shutil

    from doorways.cli.models import size_text
    from doorways.cli.watching import clock

    free = shutil.disk_usage(library.folder).free
    if costs.disk_bytes > free and not how.dry_run:
        raise InputError(
            f"the paintings need {size_text(costs.disk_bytes)}, and {library.folder} has {size_text(free)} free; make room, "
            "paint fewer or smaller ones, or choose another --library"
        )
    if costs.seconds > LONG_S:
        ask(f"that takes {clock(costs.seconds)}", how)
    elif costs.disk_bytes > free / 2:
        ask(f"that takes {size_text(costs.disk_bytes)}, more than half of the free disk", how)


def ask(what: str, how: How) -> None:
    """Goes on if the artist says so; InputError if not, or if nobody is there to say so."""
    if how.yes or how.dry_run:
        return
    if sys.stdin.isatty():
        sys.stderr.write(f"{what}: really? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() in {"y", "yes"}:
            return
    raise InputError(
        f"{what}: nothing was begun; take out seeds, wordings or settings, or say --yes if it is meant"
    )


def say(text: str) -> None:
    """A line for people, who may have asked for JSON."""
    sys.stderr.write(f"{text}\n")
