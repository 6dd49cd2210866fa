"""How one perceptor sees one picture, piece by piece, and what the prompt field wants there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from doorways.eye import embed_prompt
from doorways.judge.contrast import contrast, outer
from doorways.judge.semantic_symmetry import agreement
from doorways.judge.squares import Square, along, embed, pairs
from doorways.objectives import targets
from doorways.perceptors import Perceptor
from doorways.prompts.field import PromptField
from doorways.symmetry import Symmetry, parse_symmetry


@dataclass(frozen=True, eq=False)
class Look:
    """A picture and a perceptor; what is asked for is embedded when it is first asked for.

    Attributes:
        picture: [1, 3, H, W], sRGB in [0, 1], where the perceptor is.
        words: the prompts' unit vectors [m, d].
    """

    picture: Tensor
    perceptor: Perceptor
    field: PromptField
    words: Tensor
    symmetry: Symmetry

    @classmethod
    def at(
        cls, picture: Tensor, perceptor: Perceptor, field: PromptField, symmetry: Symmetry | None = None
    ) -> Look:
        """Looks at `picture`, painted of the prompts of `field`; paired by the mirror if no symmetry is given."""
        words = torch.cat([embed_prompt(perceptor, prompt, picture.device) for prompt in field.prompts])
        return cls(picture, perceptor, field, words, symmetry or parse_symmetry("mirror"))

    @property
    def aspect(self) -> float:
        """Width of the picture in heights."""
        return self.picture.shape[-1] / self.picture.shape[-2]

    @cached_property
    def sliding(self) -> Tensor:
        """Unit vectors [p * HEIGHTS, d] of the squares `along` x."""
        return embed(self.perceptor, self.picture, along(self.aspect))

    @cached_property
    def sides(self) -> tuple[tuple[Square, ...], tuple[Square, ...]]:
        """The squares of the left half, and those that face them on the right one."""
        return pairs(self.aspect)

    @cached_property
    def left(self) -> Tensor:
        """Unit vectors [n, d] of the squares of the left half."""
        return embed(self.perceptor, self.picture, self.sides[0])

    @cached_property
    def right(self) -> Tensor:
        """Unit vectors [n, d] of those that face them, as they are."""
        return embed(self.perceptor, self.picture, self.sides[1])

    @cached_property
    def pairs(self) -> tuple[tuple[Square, ...], tuple[Square, ...]]:
        """The squares that the symmetry pairs."""
        return pairs(self.aspect, self.symmetry)

    @property
    def pair_sizes(self) -> Tensor:
        """[p], the size of the squares of each pair."""
        return torch.tensor([one.side for one in self.pairs[0]], device=self.picture.device)

    @cached_property
    def residuals(self) -> tuple[Tensor, Tensor]:
        """E - T of each pair's first square and of its second as the symmetry shows it, T what the field wants there."""
        squares, partners = self.pairs
        first = self.left if squares == self.sides[0] else embed(self.perceptor, self.picture, squares)
        second = embed(self.perceptor, self.symmetry.apply(self.picture), squares)
        return first - targets(self.shares(squares), self.words), second - targets(
            self.shares(partners), self.words
        )

    def shares(self, squares: tuple[Square, ...]) -> Tensor:
        """Each prompt's part [n, m] of what is wanted at the middle of each square."""
        centres = torch.tensor([[one.x, one.y] for one in squares]).view(-1, 2)
        return self.field.shares(centres).to(self.picture)

    def agreement(self, mean: Tensor) -> tuple[float, float]:
        """`semantic_symmetry.agreement` of the residuals."""
        return agreement(*self.residuals, self.pair_sizes, mean)

    def contrast(self, left: int, right: int) -> tuple[float, float]:
        """`contrast` of the outermost squares, in the direction of the prompts number `left` and `right`."""
        which = outer(self.sides[0], self.aspect).to(self.picture.device)
        words = self.words[[left, right]].T
        return contrast(self.left[which] @ words, self.right[which] @ words)

    def outer_prompts(self) -> tuple[int, int] | None:
        """The prompts that rule the outermost squares, left and right; None where it is the same one, or no square."""
        which = outer(self.sides[0], self.aspect)
        if not len(which):
            return None
        left, right = (
            int(self.shares(tuple(side[rank] for rank in which)).mean(0).argmax()) for side in self.sides
        )
        return None if left == right else (left, right)

    def portrait(self) -> Tensor:
        """The picture as one unit vector [3 d]: the mean of its sliding squares over its left, middle and right third."""
        thirds = self.sliding.view(-1, self.sliding.shape[1]).tensor_split(3)
        parts = [part.mean(0) for part in thirds if len(part)]
        return torch.nn.functional.normalize(torch.cat(parts * (3 // len(parts))), dim=0)
