"""A painting: one run of a recipe and what it leaves behind."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from doorways.events import Event
    from doorways.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Painting:
    """A painted picture; in a notebook it shows itself.

    Attributes:
        image: the picture, 8-bit sRGB.
        recipe: what was painted, with everything that was left open filled in.
        latent: the latent's average that the picture was decoded from, on the CPU; its shape is the generator's own.
        events: all events of the run, in order.
    """

    image: Image
    recipe: Recipe
    latent: Tensor
    events: tuple[Event, ...] = ()

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.image.save(buffer, "PNG")
        return buffer.getvalue()
