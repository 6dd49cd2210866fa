"""The aims of a painting: the objectives that its recipe gives any weight, and how the weights change over the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from doorways.errors import InputError
from doorways.objectives import Objective
from doorways.recipe import Recipe
from doorways.registry import objectives
from doorways.schedule import Schedule


@dataclass(frozen=True)
class Aims:
    """Objectives by name, and the weight of each.

    Attributes:
        objectives: those with a weight at some time of the run; the prompt match comes first.
        weights: their schedules, under the same names.
    """

    objectives: Mapping[str, Objective]
    weights: Mapping[str, Schedule]

    @classmethod
    def read(cls, recipe: Recipe) -> Aims:
        """The aims of a recipe; InputError for an unknown objective, and where there is none at all."""
        given = {
            "prompt_match": recipe.match,
            "semantic_symmetry": recipe.semantic_symmetry,
            "tone_symmetry": recipe.tone_symmetry,
            "edge_symmetry": recipe.edge_symmetry,
            "smoothness": recipe.smoothness,
        }
        twice = sorted(name for name in recipe.objectives if name in given and not given[name].is_zero)
        if twice:
            setting = "match" if twice[0] == "prompt_match" else twice[0]
            raise InputError(
                f"objectives {twice[0]}: has a weight by the setting {setting} too ({given[twice[0]]}); give one of the two"
            )
        weights = {name: weight for name, weight in (given | recipe.objectives).items() if not weight.is_zero}
        if not weights:
            raise InputError(
                "match and all other objectives have weight 0, which leaves nothing to paint for; give one a weight, "
                "such as match 1"
            )
        chosen = {name: objectives.get(name) for name in weights}
        for name, objective in chosen.items():
            if not isinstance(objective, Objective):
                raise InputError(
                    f"a plugin registered {objective!r} as objective {name!r}; it must register an Objective"
                )
        return cls(chosen, weights)

    @property
    def compare_places(self) -> bool:
        """Whether any of them asks what stands at paired places, so that cutouts are to come in pairs."""
        return any(
            objective.needs == "embeddings" and name != "prompt_match"
            for name, objective in self.objectives.items()
        )

    def weigh(self, values: Mapping[str, Tensor], progress: float) -> Tensor:
        """The sum of their scalar `values`, each times its weight when the fraction `progress` of the run is done."""
        first, *others = (self.weights[name].at(progress) * value for name, value in values.items())
        return sum(others, first)
