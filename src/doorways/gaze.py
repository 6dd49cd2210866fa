"""The gaze: what of a canvas is decoded at a step, and which pieces of it are looked at. Here all of it, at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from doorways.canvas import Canvas
from doorways.cutouts import Cutouts
from doorways.generators import Generator
from doorways.generators.parts import all_around, encode_canvas
from doorways.symmetry import Symmetry


@dataclass(frozen=True, eq=False)
class Glimpse:
    """What one step sees.

    Attributes:
        latent: what is to be moved, requiring a gradient: all of the latent, or some of its columns.
        columns: int64, which columns these are; None for all.
        picture: [1, 3, H, W] in [0, 1], the whole canvas, perhaps at a smaller scale.
        cutouts: all pieces, in the coordinates of the canvas.
        parts: pictures, and the pieces that are cut from each, in its own coordinates; together they are `cutouts`.
    """

    latent: Tensor
    columns: Tensor | None
    picture: Tensor
    cutouts: Cutouts
    parts: tuple[tuple[Tensor, Cutouts], ...]


class Gaze(Protocol):
    """How one canvas is looked at, step by step."""

    def look(self, latent: Tensor, rng: torch.Generator, *, step: int, progress: float) -> Glimpse:
        """What a step sees, drawn from `rng`; nothing is remembered yet."""
        ...

    def remember(self, glimpse: Glimpse) -> None:
        """Takes note of what the last step saw, once it is taken."""
        ...

    def picture(self, latent: Tensor) -> Tensor:
        """The picture [1, 3, H, W] of `latent`."""
        ...

    def encode(self, picture: Tensor) -> Tensor:
        """The latent that decodes to (nearly) `picture` [1, 3, H, W] of the whole canvas."""
        ...

    def copy(self) -> Gaze:
        """Another one that goes on by itself from what this one remembers."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """What it remembers, by name; `load` takes it back."""
        ...

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Goes on from what `tensors` gave; names that are not its own are left aside."""
        ...


class WholeGaze:
    """Everything is decoded at every step.

    Args:
        symmetry: where it wraps, pairs of pieces may pass over the edges.
        paired: whether pieces come in pairs under it.
        wraps: whether the canvas goes all around for the decoder.
    """

    def __init__(
        self, canvas: Canvas, generator: Generator, symmetry: Symmetry, *, paired: bool, wraps: bool
    ) -> None:
        self.canvas, self.generator, self.symmetry, self.paired = canvas, generator, symmetry, paired
        self.around = all_around(generator) if wraps else None

    def decode(self, latent: Tensor) -> Tensor:
        """The pictures [n, 3, H, W] of latents, one behind the other, without the mask."""
        return (self.around or self.generator.decode)(latent)

    def look(self, latent: Tensor, rng: torch.Generator, *, step: int, progress: float) -> Glimpse:
        """All of it."""
        latent = latent.detach().requires_grad_()
        return self.glimpse(latent, self.decode(latent), rng, progress=progress)

    def glimpse(self, latent: Tensor, picture: Tensor, rng: torch.Generator, *, progress: float) -> Glimpse:
        """What is seen of a `latent` that has been decoded to `picture`."""
        matrix = self.symmetry.matrix(self.canvas.size.aspect) if self.paired else None
        cutouts = self.canvas.sampler.draw(
            rng, progress=progress, symmetry_matrix=matrix, wraps=self.paired and self.symmetry.wraps
        )
        picture = self.canvas.masked(picture)
        return Glimpse(latent, None, picture, cutouts, ((picture, cutouts),))

    def remember(self, glimpse: Glimpse) -> None:
        """Nothing: the next step sees all again."""

    def picture(self, latent: Tensor) -> Tensor:
        """The picture of `latent`."""
        return self.canvas.masked(self.decode(latent))

    def encode(self, picture: Tensor) -> Tensor:
        """The latent of `picture`, all at once."""
        return encode_canvas(self.generator, picture, self.canvas.size.width, wraps=self.around is not None)

    def copy(self) -> WholeGaze:
        """Itself, since it remembers nothing."""
        return self

    def tensors(self) -> dict[str, Tensor]:
        """Nothing."""
        return {}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """There is nothing to go on from."""
