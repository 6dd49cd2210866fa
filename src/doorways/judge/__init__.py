"""The judge: measures of a picture, finished or not, by a perceptor that preferably did not paint it; and ranking.

    from doorways.judge import judge

    judgement = judge(read_picture("forest.png"), "forest | kelp forest")
    judgement.scores["match"], judgement.curves["forest"]

Each measure is a pure function in a file of its own. Names are imported when first used: ranking needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doorways.judge.judgement import Judgement
    from doorways.judge.judging import Judge, judge, judge_all
    from doorways.judge.ranking import WEIGHTS, combine, rank

__all__ = ["WEIGHTS", "Judge", "Judgement", "combine", "judge", "judge_all", "rank"]

_HOMES = {
    "Judge": "judging",
    "Judgement": "judgement",
    "WEIGHTS": "ranking",
    "combine": "ranking",
    "judge": "judging",
    "judge_all": "judging",
    "rank": "ranking",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'doorways.judge' has no attribute {name!r}")
    thing: object = getattr(import_module(f"doorways.judge.{_HOMES[name]}"), name)
    globals()[name] = thing
    return thing
