"""Where prompts stand: the places they were given, and default places for the others.

Default places run evenly from m to 1 - m, m = min(s / 2W, 1/4), with s the largest cutout and W the width in heights:
the leftmost large cutout is then all left prompt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from doorways.errors import InputError
from doorways.prompts.prompt import Place, Prompt

LEAST_ROOM = 0.25
"""Neighbouring default places stand at least this far apart, as a fraction of the largest cutout.

Nearer than that, no large cutout is ruled by the prompt at its centre, and the prompts only blend.
"""


@dataclass(frozen=True, slots=True)
class Site:
    """One place of the prompt at position `prompt`; x and y as in `Place`."""

    prompt: int
    place: Place


def share_sites(prompts: Sequence[Prompt], *, aspect: float, largest: float) -> tuple[Site, ...]:
    """All places of the prompts that share the canvas; without one of its own, a prompt gets its rank's default place.

    Args:
        prompts: all prompts of the painting, those without a share included.
        aspect: width of the canvas in heights.
        largest: side of the largest cutout in heights.

    Raises:
        InputError: when default places would stand too close together (`check_room`).
    """
    check_room(prompts, aspect=aspect, largest=largest)
    sharing = [index for index, prompt in enumerate(prompts) if prompt.takes_share]
    defaults = default_places(len(sharing), aspect=aspect, largest=largest)
    return tuple(
        Site(index, place)
        for index, default in zip(sharing, defaults, strict=True)
        for place in prompts[index].places or (default,)
    )


def default_places(count: int, *, aspect: float, largest: float) -> tuple[Place, ...]:
    """`count` places from left to right, evenly spaced between the margins; one alone stands in the middle.

    >>> [place.x for place in default_places(3, aspect=2.0, largest=1.0)]
    [0.25, 0.5, 0.75]
    >>> [place.x for place in default_places(2, aspect=4.0, largest=1.0)]
    [0.125, 0.875]
    """
    margin = _margin(aspect, largest)
    if count == 1:
        return (Place(0.5),)
    return tuple(Place(margin + (1 - 2 * margin) * rank / (count - 1)) for rank in range(count))


def check_room(prompts: Sequence[Prompt], *, aspect: float, largest: float) -> None:
    """InputError unless default places stand at least `LEAST_ROOM` of the largest cutout apart.

    Prompts that were all given places are not held to it: their distances are the artist's decision.
    """
    for name, value in (("aspect", aspect), ("largest cutout", largest)):
        if not (math.isfinite(value) and value > 0):
            raise InputError(
                f"{name} {value}: must be a finite number of heights above 0; give width / height"
            )
    sharing = [prompt for prompt in prompts if prompt.takes_share]
    count = len(sharing)
    if not count:
        raise InputError("no prompt shares the canvas: all are negative or @all; add one that is neither")
    if all(prompt.places for prompt in sharing):
        return
    least = LEAST_ROOM * largest
    room = (1 - 2 * _margin(aspect, largest)) * aspect
    if room < (count - 1) * least * (1 - 1e-9):
        gaps = count - 1  # from W - s >= gaps * least where W >= 2 s, and W / 2 >= gaps * least below
        needed = 2 * gaps * least if 2 * gaps * least <= 2 * largest else largest + gaps * least
        raise InputError(
            f"{count} prompts on a canvas {aspect:.2f} times as wide as high: there is room for "
            f"{1 + int(room / least * (1 + 1e-9))} side by side; make the canvas at least {needed:.2f} "
            "times as wide as "
            "high, use fewer prompts or smaller cutouts, or give every prompt a place, as in @0.25"
        )


def _margin(aspect: float, largest: float) -> float:
    return min(largest / (2 * aspect), 0.25)
