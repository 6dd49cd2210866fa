"""A judgement: what was measured of a picture, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Judgement:
    """The measures of one picture.

    Attributes:
        perceptor: the spec of the perceptor that judged.
        scores: measure -> number; `match`, `contrast`, `semantic_symmetry`, `tone_symmetry`, `edge_symmetry`,
            `repetition`, `sharpness`, and where they were asked for `count:THING`, `unwanted:THING`, `unwanted` (the
            largest of these) and `aesthetic`. What a canvas or its prompts leave no room for is not there.
        places: x of each point of the curves, as fractions of the width.
        curves: prompt or counted thing -> its match at each place.
        notes: what to know before the scores are believed, a sentence each.
        portrait: the picture as the perceptor sees it, a unit vector; taste and likeness compare these, and only those of
            one perceptor can be compared.
    """

    perceptor: str
    scores: Mapping[str, float]
    places: tuple[float, ...]
    curves: Mapping[str, tuple[float, ...]]
    notes: tuple[str, ...] = ()
    portrait: tuple[float, ...] = field(default=(), repr=False)

    def to_dict(self) -> dict[str, Any]:
        """All but the portrait, as JSON values."""
        return {
            "perceptor": self.perceptor,
            "scores": dict(self.scores),
            "places": list(self.places),
            "curves": {name: list(curve) for name, curve in self.curves.items()},
            "notes": list(self.notes),
        }
