"""What a painting minimises: pure functions of the picture or of its cutouts' embeddings.

Weights and schedules live outside. A new objective is a function of a `Sight`, registered as an `Objective`.
"""

from __future__ import annotations

from doorways.objectives.edge_symmetry import EDGE_SYMMETRY, edge_symmetry
from doorways.objectives.objective import Objective
from doorways.objectives.prompt_match import PROMPT_MATCH, prompt_match
from doorways.objectives.semantic_symmetry import SEMANTIC_SYMMETRY, pair_weights, semantic_symmetry
from doorways.objectives.sight import Sight, targets
from doorways.objectives.smoothness import SMOOTHNESS, smoothness
from doorways.objectives.tone_symmetry import TONE_SYMMETRY, tone_symmetry
from doorways.registry import objectives

__all__ = [
    "Objective",
    "Sight",
    "edge_symmetry",
    "pair_weights",
    "prompt_match",
    "register",
    "semantic_symmetry",
    "smoothness",
    "targets",
    "tone_symmetry",
]


def register() -> None:
    """Enters the built-in objectives."""
    for objective in (PROMPT_MATCH, SEMANTIC_SYMMETRY, TONE_SYMMETRY, EDGE_SYMMETRY, SMOOTHNESS):
        objectives.register(objective.name, objective)
