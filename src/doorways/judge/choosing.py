"""Choosing: from many judged pictures the best ones, each once and no two alike, in the artist's own order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from doorways.errors import InputError
from doorways.judge.judgement import Judgement
from doorways.judge.likeness import DIVERSITY, DUPLICATE, diverse, fold
from doorways.judge.ranking import WEIGHTS, combine, in_order
from doorways.judge.taste import Taste


@dataclass(frozen=True)
class Choice:
    """One picture and its place in the order.

    Attributes:
        index: which of the pictures.
        value: the weighted sum of its measures, in deviations.
        scores: its measures, `taste` among them where one was learned.
        alike: which pictures are near-duplicates of it, and folded under it.
    """

    index: int
    value: float
    scores: Mapping[str, float]
    alike: tuple[int, ...] = field(default=())


def choose(
    judgements: Sequence[Judgement],
    *,
    weights: Mapping[str, float] = WEIGHTS,
    taste: Taste | None = None,
    liked: Mapping[int, float] | None = None,
    duplicate: float = DUPLICATE,
    diversity: float = DIVERSITY,
) -> list[Choice]:
    """Orders pictures by weighted measures and taste, folds near-duplicates under the best, and keeps diversity.

    Args:
        judgements: of all pictures, by one perceptor.
        weights: measure -> weight (`ranking.combine`).
        taste: what was learned from ratings; it adds the measure `taste`.
        liked: index of a picture that was rated -> how much it is liked, which stands in the place of what was learned.
        duplicate: likeness from which on two are one, in (0, 1] (`likeness.fold`).
        diversity: in [0, 1] (`likeness.diverse`).

    Raises:
        InputError: pictures that several perceptors judged, or a number out of its range.
    """
    eyes = sorted({one.perceptor for one in judgements})
    if len(eyes) > 1:
        raise InputError(
            f"the pictures were judged by {' and '.join(eyes)}, whose scores cannot be compared; judge all by one"
        )
    portraits = [one.portrait for one in judgements]
    rows = [dict(one.scores) for one in judgements]
    if taste is not None:
        for index, learned in enumerate(taste.of(portraits)):
            rows[index]["taste"] = (liked or {}).get(index, learned)
    values = combine(rows, weights)
    kept = fold(portraits, in_order(values), duplicate=duplicate)
    order = diverse(values, portraits, diversity=diversity, among=list(kept))
    return [Choice(index, values[index], rows[index], tuple(kept[index])) for index in order]
