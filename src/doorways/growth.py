"""Growth: a painting begins on a small canvas, where composition is found cheaply, and ends on the large one."""

from __future__ import annotations

from dataclasses import dataclass

from doorways.errors import InputError
from doorways.generators.base import check_size
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
        """Sizes evenly spaced in the logarithm, multiples of `factor` pixels; the last step is on the whole canvas.

        Without a `start_size` the first canvas is half as wide and high; a painting that starts from a picture or a
        sketch begins on the whole canvas, so that nothing of it is lost.

        Raises:
            InputError: a size that is no multiple of `factor`.
        """
        check_size(*recipe.size, factor)
        first = first_size(recipe, factor)
        if first == recipe.size or not recipe.grow_at:
            return cls((recipe.size,), (0,))
        leaps = len(recipe.grow_at)
        sizes = [between(first, recipe.size, leap / leaps, factor) for leap in range(leaps)]
        steps = [min(round(place * recipe.steps), recipe.steps - 1) for place in recipe.grow_at]
        return cls((*sizes, recipe.size), (0, *steps))

    def size_at(self, step: int) -> Size:
        """The canvas that the step after `step` is taken on."""
        return [size for size, start in zip(self.sizes, self.steps, strict=True) if start <= step][-1]


def first_size(recipe: Recipe, factor: int) -> Size:
    """The canvas that a painting begins on; a half is rounded to whole cells so that its shape stays."""
    if recipe.start_size is not None:
        try:
            check_size(*recipe.start_size, factor)
        except InputError as error:
            raise InputError(f"start_{error}") from None
        return recipe.start_size
    if recipe.init_image is not None or recipe.sketches:
        return recipe.size
    cells = [side // factor for side in recipe.size]
    scale = max(1, round(min(cells) / 2)) / min(cells)
    return Size(*(round(count * scale) * factor for count in cells))


def between(first: Size, last: Size, part: float, factor: int) -> Size:
    """The size `part` of the way from `first` to `last` on a logarithmic scale, in whole latent cells."""
    sides = (round(a * (b / a) ** part / factor) * factor for a, b in zip(first, last, strict=True))
    return Size(*(max(factor, side) for side in sides))
