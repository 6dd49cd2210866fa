"""The models of a painting: the generator that paints, and the eyes that look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch

from doorways.devices import Device, choose_device
from doorways.eye import Eye
from doorways.generators import Generator, load_generator
from doorways.perceptors import load_perceptor
from doorways.prompts import Prompt
from doorways.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Models that are loaded, and where and in which precision they compute; for one painting, or for some side by side."""

    place: Device
    generator: Generator
    eyes: tuple[Eye, ...]

    @classmethod
    def open(cls, recipe: Recipe, prompts: tuple[Prompt, ...]) -> Self:
        """The models of a recipe, the eyes told what to look for; InputError for a model that is not there."""
        if recipe.threads is not None:
            torch.set_num_threads(recipe.threads)
        place = choose_device(recipe.device, recipe.precision)
        generator = load_generator(recipe.generator, device=place.device, dtype=place.dtype)
        weights = recipe.weighted_perceptors
        total = sum(weight for _, weight in weights)
        perceptors = [
            (load_perceptor(spec, device=place.device, dtype=place.dtype), weight) for spec, weight in weights
        ]
        eyes = [Eye.open(one, weight / total, prompts, place.device) for one, weight in perceptors]
        return cls(place, generator, tuple(eyes))

    def computing_in(self, precision: str, prompts: tuple[Prompt, ...]) -> Self:
        """The same models in another precision, in which the prompts are embedded anew; those of this ensemble are changed."""
        place = replace(choose_device(str(self.place.device), precision), asked=self.place.asked)
        self.generator.to(place.device, place.dtype)
        for eye in self.eyes:
            eye.perceptor.to(place.device, place.dtype)
        return replace(self, place=place).looking_for(prompts)

    def looking_for(self, prompts: tuple[Prompt, ...]) -> Self:
        """The same models for another painting: eyes of its own that look for `prompts`."""
        eyes = [Eye.open(eye.perceptor, eye.weight, prompts, self.place.device) for eye in self.eyes]
        return replace(self, eyes=tuple(eyes))

    def micro_batch(self, cutouts: int) -> int | None:
        """How many of `cutouts` are embedded at once where a recipe does not say; None for all of them.

        A few on a CPU in fp32, if a perceptor says how many will do: all pieces together would hold as much as the decoder.
        In bf16 a step holds half of that, and on a GPU speed counts.
        """
        if (self.place.device.type, self.place.precision) != ("cpu", "fp32"):
            return None
        few = [getattr(eye.perceptor, "micro_batch", None) or cutouts for eye in self.eyes]
        return least if (least := min(few)) < cutouts else None

    def fresh_eyes(self) -> tuple[Eye, ...]:
        """Eyes that have not looked yet."""
        return tuple(
            replace(eye, residual_mean=torch.zeros_like(eye.residual_mean), seen=0) for eye in self.eyes
        )
