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

    at: tuple[float, ...] = (0.125, 0.4)
    keep: tuple[float, ...] = (0.3, 0.4)

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


class Candidate(NamedTuple):
    """What triage knows of one of a subject's paintings that have begun a rung, or still may.

    Attributes:
        id: which it is.
        score: the judge's at the end of the rung, larger is better; None as long as it is not there.
        out: it will not get there: it failed, or the artist has stopped it.
        pinned: the artist wants it painted whole.
    """

    id: str
    score: float | None = None
    out: bool = False
    pinned: bool = False


def decide(candidates: Iterable[Candidate], share: float) -> dict[str, Fate]:
    """What becomes of a subject's paintings at the end of a rung, as far as it is certain.

    Args:
        candidates: all of the subject's paintings that have begun the rung, or may still begin it.
        share: of these, how many go on, in (0, 1].

    Returns: each judged painting whose fate no score that is still to come can change. The best go on as soon as they are
    sure to be among the best, the hopeless stop as soon as enough others are better: nobody waits for the slowest. When
    none is still to come, all are decided. Of equal scores the one named first is the better. The pinned go on, and take
    the place of nobody.

    >>> decide([Candidate("a", 0.9), Candidate("b", 0.1), Candidate("c"), Candidate("d", 0.5)], 0.5)
    {'a': 'go on', 'b': 'stop'}
    """
    candidates = list(candidates)
    places = allowed(len(candidates), share)
    coming = sum(one.score is None and not one.out for one in candidates)
    judged = sorted((one for one in candidates if one.score is not None and not one.out), key=_worst_last)
    fates: dict[str, Fate] = {}
    for rank, one in enumerate(judged):
        if one.pinned or rank + coming < places:
            fates[one.id] = "go on"
        elif rank >= places:
            fates[one.id] = "stop"
    return fates


def _worst_last(candidate: Candidate) -> float:
    """For sorting; what is not finite is the worst."""
    score = candidate.score
    return -score if score is not None and math.isfinite(score) else math.inf
