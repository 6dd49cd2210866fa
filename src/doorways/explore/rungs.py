"""Rungs: every painting takes its first steps, the best of each subject go on, and few are painted whole.

Successive halving (Jamieson and Talwalkar 2016), each subject by itself: scores of different prompts do not compare, and
a subject that paints badly must not lose all of its paintings to one that paints well. The policy is a pure function of
what is known of a subject's paintings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal, NamedTuple

from pydantic import field_validator, model_validator
from pydantic.dataclasses import dataclass

Fate = Literal["go on", "stop"]


@dataclass(frozen=True, config={"extra": "forbid"})
class Rungs:
    """When paintings are judged, and how many of them go on.

    Attributes:
        at: fractions of the steps after which a rung ends, increasing; the last rung, to the whole, is not named.
        keep: of the paintings that a rung began with, the share that goes on, one for each of `at`; at least one does.

    >>> Rungs(at=(0.1, 0.4), keep=(0.25, 0.5)).counts(16)
    (16, 4, 2)
    """

    at: tuple[float, ...] = (0.2, 0.6)
    keep: tuple[float, ...] = (0.45, 0.3)

    @field_validator("at")
    @classmethod
    def _check_at(cls, at: tuple[float, ...]) -> tuple[float, ...]:
        if not at or not all(0 < part < 1 for part in at) or any(a >= b for a, b in pairwise(at)):
            raise ValueError("must be fractions between 0 and 1, each larger than the one before")
        return at

    @field_validator("keep")
    @classmethod
    def _check_keep(cls, keep: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 < share <= 1 for share in keep):
            raise ValueError("must be shares, more than 0 and at most 1")
        return keep

    @model_validator(mode="after")
    def _check_lengths(self) -> Rungs:
        if len(self.at) != len(self.keep):
            raise ValueError(
                f"needs one share in keep for each place in at, {len(self.at)}, not {len(self.keep)}"
            )
        return self

    def ends(self, steps: int) -> tuple[int, ...]:
        """The steps after which each rung ends, the last of them all `steps`; fewer rungs where steps are few.

        >>> Rungs(at=(0.1, 0.4), keep=(0.25, 0.5)).ends(300), Rungs(at=(0.1, 0.4), keep=(1, 1)).ends(3)
        ((30, 120, 300), (1, 3))
        """
        return (*sorted({max(1, round(part * steps)) for part in self.at} - {steps}), steps)

    def counts(self, paintings: int) -> tuple[int, ...]:
        """How many of a subject's paintings take each rung, if the artist leaves them alone."""
        counts = [paintings]
        for share in self.keep:
            counts.append(allowed(counts[-1], share))
        return tuple(counts)


def allowed(paintings: int, share: float) -> int:
    """How many of so many go on: the share, rounded to the nearest, and at least one where there is one.

    >>> allowed(16, 0.3), allowed(2, 0.1), allowed(0, 0.5)
    (5, 1, 0)
    """
    return min(paintings, max(1, math.floor(paintings * share + 0.5)))


class Standing(NamedTuple):
    """How one of a subject's paintings stands.

    Attributes:
        id: which it is.
        rung: how many rungs it has passed.
        scores: at the end of each rung that it has reached, larger is better; None where it went on unjudged.
        gone: it will not be painted on: it failed, or the artist has killed it. Who fails gives its place to the next, who
            is killed does not.
        pinned: the artist wants it painted whole.
    """

    id: str
    rung: int = 0
    scores: tuple[float | None, ...] = ()
    gone: Literal["", "failed", "killed"] = ""
    pinned: bool = False

    def score(self, rung: int) -> float | None:
        """The score at the end of a rung, if it counts there."""
        return self.scores[rung] if rung < len(self.scores) and self.gone != "failed" else None

    def is_coming(self, rung: int) -> bool:
        """Whether it may yet be judged at the end of a rung."""
        return not self.gone and self.rung <= rung and len(self.scores) <= rung


def triage(standings: Iterable[Standing], rungs: Rungs) -> dict[str, Fate]:
    """What becomes of a subject's paintings.

    Args:
        standings: all paintings of the subject, stopped ones too: when others come later or fail, one may go on after all.

    Returns: each painting that has been judged at the end of the rung it is in, once all that may come to that end are
    there: scores compare only together. Of equal scores the one named first is the better. The pinned go on at once; they,
    and those that the artist has promoted, do not take the place of a better one.

    >>> judged = [Standing("a", scores=(0.9,)), Standing("b", scores=(0.1,)), Standing("c", scores=(0.5,), pinned=True)]
    >>> triage(judged, Rungs(at=(0.2,), keep=(0.3,)))
    {'a': 'go on', 'c': 'go on', 'b': 'stop'}
    """
    standings = list(standings)
    fates: dict[str, Fate] = {}
    for rung, places in enumerate(rungs.counts(len(standings))[1:]):
        complete = not any(one.is_coming(rung) and fates.get(one.id) != "stop" for one in standings)
        judged = [one for one in standings if one.score(rung) is not None]
        judged.sort(key=lambda one: _loss(one.score(rung)))
        for rank, one in enumerate(judged):
            if one.rung > rung or one.gone:
                continue
            if one.pinned or (complete and rank < places):
                fates[one.id] = "go on"
            elif complete:
                fates[one.id] = "stop"
    return fates


def _loss(score: float | None) -> float:
    """For sorting: the best first; what is no finite number is the worst."""
    return -score if score is not None and math.isfinite(score) else math.inf
