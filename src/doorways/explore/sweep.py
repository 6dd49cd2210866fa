"""A sweep: the product of a theme's subjects, wordings, styles, settings and seeds, counted before it is listed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from math import prod
from typing import Any, NamedTuple

from doorways.errors import InputError
from doorways.explore.theme import Pair, Section, Theme
from doorways.explore.wording import Wording
from doorways.prompts import parse_prompts
from doorways.recipe import Recipe

ONE_VALUE: Mapping[str, type | tuple[type, ...]] = {
    "perceptor": str,
    "grow_at": (int, float),
    "size_range": (int, float),
    "size": int,
    "start_size": int,
}
"""Settings that are lists themselves: a list of these is one value, and a list of lists one painting for each."""

OWN = {"prompts": "pairs and wordings", "seed": "seeds"}
"""Settings that a theme says elsewhere."""

SEEDS = 4
"""How many seeds every painting gets in a theme that does not say."""


class Planned(NamedTuple):
    """One painting of a sweep: what it shows ("Heaven | Hell"), the section it belongs to, and its recipe."""

    subject: str
    section: str
    recipe: Recipe

    @property
    def key(self) -> str:
        """16 hexadecimal digits for the recipe: what has the same is the same painting."""
        return recipe_key(self.recipe.settings())


def recipe_key(settings: Mapping[str, Any]) -> str:
    """16 hexadecimal digits for a recipe's settings, in whatever order they come."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def count(theme: Theme) -> int:
    """How many paintings the product has, before those that are equal fold together; nothing is listed."""
    return sum(family.count for family in _families(theme))


def plan(theme: Theme) -> Iterator[Planned]:
    """The paintings of a theme, in its order, each recipe once.

    Raises:
        InputError: the product is empty, a hole is left unfilled, a list is missing, or a recipe cannot be used; it names
            the subject.
    """
    seen: set[str] = set()
    for family in _families(theme):
        for planned in family.paintings():
            if planned.key not in seen:
                seen.add(planned.key)
                yield planned


@dataclass(frozen=True)
class _Family:
    """The paintings of one pair: its axes and the values on each, those that are zipped as one axis of tuples."""

    title: str
    section: str
    sides: tuple[Wording, ...]
    wordings: tuple[Wording, ...]
    axes: tuple[tuple[tuple[str, ...], list[tuple[Any, ...]]], ...]

    @property
    def count(self) -> int:
        wordings = sum(wording.count for wording in self.wordings)
        return (
            wordings * prod(side.count for side in self.sides) * prod(len(values) for _, values in self.axes)
        )

    def paintings(self) -> Iterator[Planned]:
        try:
            for texts in product(*(list(side.variants()) for side in self.sides)):
                worlds = [text.fill({}) for text in texts]
                for wording in self.wordings:
                    for variant in wording.variants():
                        yield from self._painted_of(worlds, variant)
        except InputError as error:
            raise InputError(f"{self.title}: {error}") from error

    def _painted_of(self, worlds: Sequence[str], wording: Wording) -> Iterator[Planned]:
        from doorways.canvas import field_of  # not for those who only ask how far a sweep is: it brings torch

        names = [name for group, _ in self.axes for name in group]
        for chosen in product(*(values for _, values in self.axes)):
            settings = dict(zip(names, (value for values in chosen for value in values), strict=True))
            style = settings.pop("style", None)
            holes = {} if style is None else {"style": style}
            sides = [wording.fill(holes | {"subject": world}) for world in worlds]
            settings["seed"] = settings.pop("seeds")
            recipe = Recipe.build(prompts=" | ".join(sides), **settings)
            field_of(
                recipe, parse_prompts(recipe.prompts), recipe.size.aspect
            )  # or it says why there is none
            yield Planned(self.title, self.section, recipe)


def _families(theme: Theme) -> Iterator[_Family]:
    wordings = {name: _read(theme, text, f"wording {name}") for name, text in theme.wordings.items()}
    for name, wording in wordings.items():
        if wording.holes <= {"style"}:
            raise InputError(
                f"wording {name} has no {{subject}}, so that every subject would be painted alike; put it where it belongs"
            )
    empty = True
    for section in theme.sections:
        for pair in (*section.pairs, *section.subjects):
            empty = False
            yield _family(theme, section, pair, wordings)
    if empty:
        raise InputError('the theme names nothing to paint; add for example pairs = [["Fall", "Spring"]]')


def _family(theme: Theme, section: Section, pair: Pair, wordings: Mapping[str, Wording]) -> _Family:
    title = " | ".join(pair.sides)
    chosen = pair.wording or section.wording or theme.wording or tuple(wordings)
    for name in chosen:
        if name not in wordings:
            close = get_close_matches(name, wordings, n=1)
            remedy = (
                f"did you mean {close[0]}?"
                if close
                else f"add it to [wordings], which has {', '.join(wordings)}"
            )
            raise InputError(f"{title}: there is no wording {name!r}; {remedy}")
    axes: dict[str, list[Any]] = {}
    styles = next((level.style for level in (pair, section, theme) if level.style is not None), None)
    if styles is not None:
        read = [_read(theme, style, "style") for style in styles]
        axes["style"] = [variant.fill({}) for style in read for variant in style.variants()]
    settings = theme.recipe | section.recipe | pair.recipe
    axes |= {name: alternatives(name, value) for name, value in settings.items()}
    axes["seeds"] = list(next(level.seeds for level in (pair, section, theme, _DEFAULT) if level.seeds))
    sides = tuple(_read(theme, side, title) for side in pair.sides)
    return _Family(title, section.name, sides, tuple(wordings[name] for name in chosen), _zipped(theme, axes))


_DEFAULT = Section(seeds=tuple(range(SEEDS)))


def alternatives(name: str, value: Any) -> list[Any]:
    """The values of a setting that each get their own paintings.

    >>> alternatives("steps", [50, 100]), alternatives("grow_at", [0.3, 0.6]), alternatives("seed", 3)
    Traceback (most recent call last):
    doorways.errors.InputError: [recipe] has seed, which a theme says as seeds
    >>> alternatives("steps", [50, 100]), alternatives("grow_at", [0.3, 0.6]), alternatives("size", "64x32")
    ([50, 100], [[0.3, 0.6]], ['64x32'])
    """
    if name in OWN:
        raise InputError(f"[recipe] has {name}, which a theme says as {OWN[name]}")
    if not isinstance(value, list):
        return [value]
    if not value:
        raise InputError(
            f"[recipe] {name} is an empty list, which leaves nothing to paint; give it a value, or take it out"
        )
    one = ONE_VALUE.get(name)
    return [value] if one and all(isinstance(part, one) for part in value) else value


def _zipped(
    theme: Theme, axes: dict[str, list[Any]]
) -> tuple[tuple[tuple[str, ...], list[tuple[Any, ...]]], ...]:
    """The axes of a product; the lists of a zipped group side by side on one axis."""
    axes = dict(axes)
    groups = []
    for group in theme.zip:
        missing = [name for name in group if name not in axes]
        if missing:
            known = ", ".join(axes)
            raise InputError(f"zip names {missing[0]}, which the theme does not give; it gives {known}")
        lengths = {name: len(axes[name]) for name in group}
        if len(set(lengths.values())) > 1:
            sizes = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise InputError(
                f"zip sets side by side what is not equally long: {sizes}; give each as many values"
            )
        groups.append((group, list(zip(*(axes.pop(name) for name in group), strict=True))))
    return (*groups, *(((name,), [(value,) for value in values]) for name, values in axes.items()))


def _read(theme: Theme, text: str, where: str) -> Wording:
    try:
        return Wording.parse(text, theme.lines)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
