"""Growth: a painting begins on a small canvas, where composition is found cheaply, and ends on the large one."""

from __future__ import annotations

from dataclasses import dataclass

from doorways.recipe import Recipe
from doorways.size import Size


@dataclass(frozen=True)
class Growth:
    """The canvas at each step.

    Attributes:
        sizes: from the first canvas to the whole one.
        steps: before which step each of them comes; the first is 0.
    """

    sizes: tuple[Size, ...]
    steps: tuple[int, ...]

    @classmethod
    def plan(cls, recipe: Recipe, factor: int) -> Growth:
        """Sizes evenly spaced in the logarithm, multiples of `factor` pixels.

        Without a `start_size` the first canvas is half as wide and high; a painting that starts from a picture
        begins on the whole canvas, so that nothing of the picture is lost.
        """
        if recipe.start_size is not None:
            first = recipe.start_size
        elif recipe.init_image is not None:
            first = recipe.size
        else:
            first = Size(recipe.size.width // 2, recipe.size.height // 2)
        if first == recipe.size or not recipe.grow_at:
            return cls((recipe.size,), (0,))
        leaps = len(recipe.grow_at)
        sizes = [between(first, recipe.size, leap / leaps, factor) for leap in range(leaps)]
        steps = [round(place * recipe.steps) for place in recipe.grow_at]
        return cls((*sizes, recipe.size), (0, *steps))

    def size_at(self, step: int) -> Size:
        """The canvas that the step after `step` is taken on."""
        return [size for size, start in zip(self.sizes, self.steps, strict=True) if start <= step][-1]


def between(first: Size, last: Size, part: float, factor: int) -> Size:
    """The size `part` of the way from `first` to `last` on a logarithmic scale, in whole latent cells."""
    sides = (round(a * (b / a) ** part / factor) * factor for a, b in zip(first, last, strict=True))
    return Size(*(max(factor, side) for side in sides))
