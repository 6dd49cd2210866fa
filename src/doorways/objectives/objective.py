"""An objective under its name, as plugins register it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from doorways.objectives.sight import Sight


@dataclass(frozen=True)
class Objective:
    """A function of what is seen in a step, to be minimised.

    Args:
        name: the name that recipes use.
        needs: "picture": evaluated once a step; "embeddings": evaluated once for each perceptor.
        evaluate: from a Sight to a scalar that gradients flow through; it knows nothing of its weight.
    """

    name: str
    needs: Literal["picture", "embeddings"]
    evaluate: Callable[[Sight], Tensor]
