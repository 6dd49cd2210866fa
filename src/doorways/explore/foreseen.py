"""What a sweep's paintings would say of their words before the first step, said before any of them begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from doorways.eye import Eye
from doorways.perceptors import load_perceptor
from doorways.perceptors.embedded import FOLDERS
from doorways.prompts import Prompt, parse_prompts
from doorways.recipe import Recipe
from doorways.start import Start

NAMED = 8
"""So many words or texts are named; the others are counted."""


def foreseen(recipes: Iterable[Recipe]) -> list[str]:
    """A line for each embedded perceptor that reads words as others, and one for texts that begin in noise.

    Raises:
        InputError: a perceptor of one of the recipes can read nothing of a prompt.
    """
    prompted: dict[str, dict[Prompt, None]] = {}
    sketched: dict[str, Recipe] = {}
    for recipe in {(one.prompts, one.style, one.perceptor, one.sketches): one for one in recipes}.values():
        prompts = parse_prompts(recipe.prompts, style=recipe.style)
        for spec in dict(recipe.weighted_perceptors).keys() & FOLDERS.keys():
            prompted.setdefault(spec, {}).update((prompt, None) for prompt in prompts if prompt.text)
        if recipe.sketches:
            sketched[recipe.prompts] = recipe
    told = []
    for spec, prompts in sorted((spec, tuple(found)) for spec, found in prompted.items() if found):
        eye = Eye.open(load_perceptor(spec), 1.0, prompts, torch.device("cpu"))
        read = [f"{word} as {known}" for word, known in eye.misread(prompts).items()]
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
