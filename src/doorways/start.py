"""What a painting starts from: noise, a sketch, a picture, or one that only suggests; and the mask of what may change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from doorways.generators import Generator
from doorways.objectives.filters import blur
from doorways.pictures import Fit, fit, read_mask, read_picture
from doorways.prompts import parse_prompts
from doorways.recipe import Recipe
from doorways.size import Size
from doorways.sketching import Sketchbook, open_sketchbook

SUGGESTION_BLUR = 0.03
"""Radius of a suggestion's blur, as a fraction of the canvas height."""
SUGGESTION_NOISE = 0.2
"""Standard deviation of the noise laid over a suggestion; the picture's range is 1."""


@dataclass(frozen=True)
class Start:
    """The pictures that a recipe names, read once; each is fitted to whatever canvas is painted on.

    Attributes:
        picture: what to start from, [1, 3, h, w] in [0, 1], or None.
        suggestion: what to be reminded of by noise, likewise.
        mask: [1, 1, h, w], 1 where the picture may change, or None for everywhere.
        how: how they come to fill a canvas of another shape.
        sketchbook: the drawings to begin with, or None for none.
        drawings: of each prompt those that show it, without the style; none of one that is not wanted at a place.
        undrawn: what prompts say, or the pictures that they are, that are wanted there and that no drawing shows.
    """

    picture: Tensor | None
    suggestion: Tensor | None
    mask: Tensor | None
    how: Fit
    sketchbook: Sketchbook | None
    drawings: tuple[tuple[int, ...], ...]
    undrawn: tuple[str, ...]

    @classmethod
    def read(cls, recipe: Recipe, *, begun: bool = False) -> Start:
        """The start of a recipe; InputError for a file that is missing or is no picture.

        Once a painting has `begun`, what only suggested is not looked at again.
        """
        book, prompts = open_sketchbook() if recipe.sketches else None, parse_prompts(recipe.prompts)
        wanted = [book is not None and prompt.takes_share and prompt.weight > 0 for prompt in prompts]
        drawings = [
            book.find(prompt.text) if book and is_in else ()
            for prompt, is_in in zip(prompts, wanted, strict=True)
        ]
        missing = [
            prompt.text or str(prompt.image)
            for prompt, is_in, found in zip(prompts, wanted, drawings, strict=True)
            if is_in and not found
        ]
        return cls(
            picture=None if recipe.init_image is None else read_picture(recipe.init_image),
            suggestion=None if recipe.suggest is None or begun else read_picture(recipe.suggest),
            mask=None if recipe.mask is None else read_mask(recipe.mask),
            how=recipe.init_fit,
            sketchbook=book,
            drawings=tuple(drawings),
            undrawn=tuple(dict.fromkeys(missing)),
        )

    def latent(
        self,
        generator: Generator,
        size: Size,
        rng: torch.Generator,
        device: torch.device,
        encode: Callable[[Tensor], Tensor],
    ) -> Tensor:
        """The first latent for a canvas of `size`; only noise and suggestions draw from `rng`.

        `encode` gives the latent of a picture of the whole canvas.
        """
        picture = self.picture_at(size, device)
        if picture is not None:
            return encode(picture)
        if self.suggestion is not None:
            noise = torch.randn((1, 3, size.height, size.width), generator=rng) * SUGGESTION_NOISE
            blurred = blur(fit(self.suggestion, size, self.how), SUGGESTION_BLUR * size.height)
            hint = fit(blurred, size, "stretch") + noise  # a blur is told by fewer pixels
            return encode(hint.clamp(0, 1).to(device))
        return generator.random_latent(*size, rng).to(device)

    def picture_at(self, size: Size, device: torch.device) -> Tensor | None:
        """The picture started from, [1, 3, H, W], on a canvas of `size`."""
        return None if self.picture is None else fit(self.picture, size, self.how).to(device)

    def mask_at(self, size: Size, device: torch.device) -> Tensor | None:
        """The mask [1, 1, H, W] on a canvas of `size`: 1 may change, 0 stays."""
        return None if self.mask is None else fit(self.mask, size, self.how).to(device)
