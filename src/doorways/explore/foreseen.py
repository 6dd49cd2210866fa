"""What a sweep's paintings would say of their words before the first step, said before any of them begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doorways.perceptors import load_perceptor
from doorways.perceptors.embedded import FOLDERS
from doorways.perceptors.tower import TowerPerceptor
from doorways.prompts import parse_prompts
from doorways.recipe import Recipe
from doorways.start import Start

NAMED = 8
"""So many words or texts are named; the others are counted."""


def foreseen(recipes: Iterable[Recipe]) -> list[str]:
    """A line for each embedded perceptor that reads words as others, and one for texts that begin in noise.

    Raises:
        InputError: a perceptor of one of the recipes can read nothing of a prompt.
    """
    texts: dict[str, dict[str, None]] = {}
    sketched: dict[str, Recipe] = {}
    for recipe in recipes:
        for spec in {spec for spec, _ in recipe.weighted_perceptors} & FOLDERS.keys():
            prompts = parse_prompts(recipe.prompts, style=recipe.style)
            texts.setdefault(spec, {}).update((prompt.text, None) for prompt in prompts if prompt.text)
        if recipe.sketches:
            sketched.setdefault(recipe.prompts, recipe)
    told = []
    for spec, prompted in sorted(texts.items()):
        perceptor = load_perceptor(spec)
        assert isinstance(perceptor, TowerPerceptor)
        perceptor.embed_texts(list(prompted))
        read = [f"{word} as {known}" for word, known in perceptor.fallbacks(" ".join(prompted)).items()]
        told += [f"{spec} reads words that it does not know as others: {_named(read)}"] * bool(read)
    undrawn = dict.fromkeys(text for recipe in sketched.values() for text in Start.read(recipe).undrawn)
    told += [f"begun in noise, since the sketch has nothing like it: {_named(list(undrawn))}"] * bool(undrawn)
    return told


def _named(things: Sequence[str]) -> str:
    """The first few of `things`, and how many there are besides.

    >>> _named(["a", "b"]), _named("abcdefghij")
    ('a, b', 'a, b, c, d, e, f, g, h and 2 more')
    """
    more = f" and {len(things) - NAMED} more" * (len(things) > NAMED)
    return ", ".join(things[:NAMED]) + more
