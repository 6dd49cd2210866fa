"""The canvas of one size: where the prompts stand on it, how it is cut, and what lies beneath."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from doorways.cutouts import CutoutSampler, Distortion, SizeLaw
from doorways.generators import Generator
from doorways.generators.parts import encode_canvas
from doorways.prompts import Prompt
from doorways.prompts.field import PromptField
from doorways.recipe import Recipe
from doorways.size import Size
from doorways.start import Start


def sizes_of(recipe: Recipe) -> SizeLaw:
    """The sizes of a recipe's cutouts."""
    return SizeLaw(recipe.large, recipe.medium, recipe.small, recipe.size_range)


def field_of(recipe: Recipe, prompts: tuple[Prompt, ...], aspect: float) -> PromptField:
    """The prompt field of a recipe on a canvas `aspect` heights wide; InputError where that is too narrow for the prompts."""
    return PromptField(
        prompts,
        aspect=aspect,
        blend=recipe.blend,
        transition=recipe.transition,
        spread=recipe.spread,
        largest=sizes_of(recipe).largest() * min(aspect, 1.0),
        wraps=recipe.wrap,
    )


@dataclass(frozen=True, eq=False)
class Canvas:
    """All that depends on the size of the canvas, the latent aside; growth makes a new one.

    Attributes:
        beneath: the picture started from, [1, 3, H, W], or None.
        mask: [1, 1, H, W], 1 where the picture may change, or None for everywhere.
        held: the latent of the picture started from, where the recipe holds on to it, or None.
    """

    size: Size
    sampler: CutoutSampler
    field: PromptField
    beneath: Tensor | None
    mask: Tensor | None
    held: Tensor | None

    @classmethod
    def stretch(
        cls,
        size: Size,
        recipe: Recipe,
        prompts: tuple[Prompt, ...],
        start: Start,
        generator: Generator,
        device: torch.device,
    ) -> Canvas:
        """The canvas of a recipe at `size`; InputError where it is too narrow for the prompts.

        All that it holds is on `device`; only the sampler and the field compute on the CPU.
        """
        bending = {name: getattr(recipe, name) for name in Distortion.__dataclass_fields__}
        sampler = CutoutSampler(
            size.aspect,
            sizes_of(recipe),
            count=recipe.cutouts,
            overviews=recipe.overviews,
            border=recipe.border,
            distortion=Distortion(**bending),
        )
        field = field_of(recipe, prompts, size.aspect)
        beneath = start.picture_at(size, device)
        held = None
        if beneath is not None and not recipe.hold.is_zero:
            with torch.no_grad():
                held = encode_canvas(generator, beneath, recipe.window, wraps=recipe.wrap)
        return cls(size, sampler, field, beneath, start.mask_at(size, device), held)

    def masked(self, picture: Tensor, columns: Tensor | None = None) -> Tensor:
        """`picture` where the mask lets it change, the picture started from elsewhere.

        `columns` says which of the canvas' it shows, int64 [W'], where it is not all of them.
        """
        if self.mask is None or self.beneath is None:
            return picture
        mask, beneath = (_columns(tensor, columns) for tensor in (self.mask, self.beneath))
        return mask * picture + (1 - mask) * beneath

    def drift(self, latent: Tensor, columns: Tensor | None = None) -> Tensor:
        """Mean squared distance of `latent` to that of the picture started from; 0 where nothing is held.

        `columns` says which cells of the canvas' it holds, int64 [n], where it is not all of them.
        """
        if self.held is None:
            return latent.new_zeros(())
        return (latent - _columns(self.held, columns)).square().mean()


def _columns(tensor: Tensor, columns: Tensor | None) -> Tensor:
    return tensor if columns is None else tensor.index_select(-1, columns)
