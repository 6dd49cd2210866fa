"""Taste: a small model that learns from ratings and picks which pictures an artist likes.

It is learned anew from the ratings each time, which takes a moment, and is never saved: there is nothing to go stale, and
no pickle to distrust.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from doorways.errors import DoorwaysError, InputError
from doorways.judge.likeness import Portraits, as_table

VERDICTS = {"reject": 1.0, "keep": 4.0, "favourite": 5.0}
"""What a verdict counts as, where there is no rating."""
FEWEST = 4
"""So many pictures must be rated, and not all alike, before there is a taste to learn."""


def liking(rating: int | None, verdict: str | None) -> float | None:
    """How much a picture is liked, 1 to 5: its rating, else what its verdict says; None where it has neither.

    >>> liking(3, "reject"), liking(None, "favourite"), liking(None, None)
    (3.0, 5.0, None)
    """
    return float(rating) if rating is not None else VERDICTS.get(verdict or "")


@dataclass(frozen=True, eq=False)
class Taste:
    """What has been learned; `Taste.learn(...)` makes one."""

    model: Any
    width: int

    @classmethod
    def learn(cls, portraits: Portraits, likings: Sequence[float]) -> Taste:
        """Learns from rated pictures: ridge regression of liking on portrait, its strength chosen by leave-one-out.

        Args:
            portraits: of the pictures (`Judgement.portrait`), all by one perceptor, [n, d].
            likings: 1 (dislike) to 5, [n].

        Raises:
            InputError: fewer than `FEWEST` pictures, all liked alike, or portraits of several perceptors.
            DoorwaysError: scikit-learn is not installed.
        """
        table = as_table(portraits)
        if len(table) != len(likings):
            raise InputError(f"{len(table)} portraits and {len(likings)} likings: give one of each a picture")
        if len(table) < FEWEST or len(set(likings)) < 2:
            raise InputError(
                f"taste needs {FEWEST} rated pictures that are not all rated alike, and there are {len(table)}"
                f"{'' if len(table) < FEWEST else ', all alike'}; rate some more, good and bad ones"
            )
        try:
            from sklearn.linear_model import RidgeCV
        except ImportError as error:
            raise DoorwaysError(
                "taste needs scikit-learn, which is not installed; pip install 'doorways[taste]'"
            ) from error
        model = RidgeCV(alphas=np.logspace(-3, 2, 11)).fit(table, np.asarray(likings, dtype=np.float64))
        return cls(model, table.shape[1])

    def of(self, portraits: Portraits) -> list[float]:
        """How much the artist will like each picture, about 1 to 5; InputError for another perceptor's portraits."""
        if not portraits:
            return []
        table = as_table(portraits)
        if table.shape[1] != self.width:
            raise InputError(
                f"the portraits have {table.shape[1]} numbers and the rated ones {self.width}: both must be judged by one "
                "perceptor; judge them again"
            )
        found: list[float] = self.model.predict(table).tolist()
        return found
