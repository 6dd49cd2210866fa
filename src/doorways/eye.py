"""An eye: one perceptor, and what it is told to look for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from doorways.cutouts import Cutouts, Pyramid, cut
from doorways.objectives import targets
from doorways.perceptors import Perceptor
from doorways.perceptors.tower import TowerPerceptor
from doorways.pictures import fit, read_picture
from doorways.prompts import Prompt
from doorways.recompute import recomputed
from doorways.size import Size

MEAN_MEMORY = 0.02
"""How much of the running mean of residuals each step replaces, once it has settled."""


@dataclass(eq=False)
class Eye:
    """One perceptor of a painting.

    Attributes:
        weight: its part in the loss; the weights of all eyes sum to 1.
        prompts: unit vectors [m, d], one per prompt.
        residual_mean: [d], running mean of embedding less target ("the modality gap").
        seen: steps that the running mean has seen.
        compiled: `perceptor.embed_pictures` as it was compiled for all pieces at once, or None.
        micro_batch: how many pieces are embedded at once, and all but the last ones embedded again on the way back; None
            for all at once.
    """

    perceptor: Perceptor
    weight: float
    prompts: Tensor
    residual_mean: Tensor
    seen: int = 0
    micro_batch: int | None = None
    compiled: Callable[[Tensor], Tensor] | None = None

    @classmethod
    def open(
        cls, perceptor: Perceptor, weight: float, prompts: tuple[Prompt, ...], device: torch.device
    ) -> Eye:
        """An eye that looks for `prompts`; InputError for one that the perceptor cannot read."""
        vectors = torch.cat([embed_prompt(perceptor, prompt, device) for prompt in prompts])
        return cls(perceptor, weight, vectors, torch.zeros_like(vectors[0]))

    def misread(self, prompts: tuple[Prompt, ...]) -> dict[str, str]:
        """Words of the prompts that the perceptor does not know -> the words it reads instead.

        Only the embedded perceptors have a list of words; the others read texts letter by letter if need be.
        """
        if not isinstance(self.perceptor, TowerPerceptor):
            return {}
        return self.perceptor.fallbacks(" ".join(prompt.text for prompt in prompts))

    def pieces(self, *parts: tuple[Pyramid, Cutouts]) -> Tensor:
        """The cutouts [n, 3, h, w] of one picture after the other's as it sees them; gradients flow to the pictures."""
        return behind_each_other([cut(*part, self.perceptor.size_px) for part in parts])

    def embed(self, pieces: Tensor) -> Tensor:
        """Unit vectors [n, d] of pieces [n, 3, h, w], a micro-batch at a time."""
        embed = self.perceptor.embed_pictures
        if self.micro_batch is None or self.micro_batch >= len(pieces):
            return (self.compiled or embed)(pieces)
        *others, last = pieces.split(self.micro_batch)
        # The way back comes to the last ones first: they are done with before any others are embedded again.
        return torch.cat([*(recomputed(embed, few) for few in others), embed(last)])

    @torch.no_grad()
    def learn_mean(self, embeddings: Tensor, shares: Tensor) -> None:
        """Takes this step's residuals into their running mean; before it has settled, it is the plain mean."""
        self.seen += 1
        residual = (embeddings - targets(shares, self.prompts)).mean(0)
        self.residual_mean.lerp_(residual, max(MEAN_MEMORY, 1 / self.seen))


def behind_each_other(tensors: Sequence[Tensor]) -> Tensor:
    """All of them along the first axis; one alone as it is, not copied."""
    return torch.cat(list(tensors)) if len(tensors) > 1 else tensors[0]


@torch.no_grad()
def embed_prompt(perceptor: Perceptor, prompt: Prompt, device: torch.device) -> Tensor:
    """A prompt as a unit vector [1, d]; an image as the mean over squares along its longer side."""
    if prompt.image is None:
        return perceptor.embed_texts([prompt.text])
    picture = read_picture(prompt.image).to(device)
    height, width = picture.shape[-2:]
    side, count = min(height, width), math.ceil(max(height, width) / min(height, width))
    starts = torch.linspace(0, max(height, width) - side, count).round().int().tolist()
    squares = [
        picture[..., x : x + side] if width > height else picture[..., x : x + side, :] for x in starts
    ]
    shown = torch.cat([fit(square, Size(perceptor.size_px, perceptor.size_px)) for square in squares])
    return F.normalize(perceptor.embed_pictures(shown).mean(0, keepdim=True), dim=1)
