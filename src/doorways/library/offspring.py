"""Paintings that come from others: the same recipe with other chance, or with the other's layout to begin with."""

from __future__ import annotations

import secrets
from typing import Any

from doorways.consequences import has_sketch
from doorways.errors import InputError
from doorways.library.entry import Entry
from doorways.library.library import Library
from doorways.recipe import Recipe

FROM_A_PICTURE = ("sketch", "init_image", "hold", "mask", "detail", "start_size")
"""Settings about another start, which do not go with a suggestion."""


def reroll(library: Library, id: str, *, seed: int | None = None) -> Entry:
    """A new painting that waits: the recipe of `id` with another seed, drawn if not given.

    It belongs to the same sweep, subject and tags, and is pinned: it was asked for by name, so triage lets it be.

    Raises:
        InputError: there is no such painting, or its recipe can no longer be used.
    """
    return _add(library, library.get(id), {"seed": _other(library.get(id), seed)})


def vary(library: Library, id: str, *, seed: int | None = None) -> Entry:
    """A new painting that waits: what `id` shows is where, blurred and in noise, another seed begins; else as `reroll`.

    Raises:
        InputError: there is no such painting, or nothing to be seen of it yet.
    """
    entry = library.get(id)
    picture = library.files(entry.id).picture
    if not picture.exists():
        raise InputError(f"{entry.id}: there is no picture of it yet to vary; wait, or reroll it")
    return _add(library, entry, {"seed": _other(entry, seed), "suggest": picture.as_posix()})


def _add(library: Library, entry: Entry, changes: dict[str, Any]) -> Entry:
    kept = dict(entry.recipe)
    if "suggest" in changes:
        kept = {name: value for name, value in kept.items() if name not in FROM_A_PICTURE}
        kept["sketch"] = has_sketch(entry.recipe)  # what is worked out anew depends on how it began
    recipe = Recipe.build(**kept).override(**changes)
    change = {name: [entry.recipe.get(name), value] for name, value in changes.items()}
    with library.together():
        child = library.add(
            recipe,
            parent=entry.id,
            change=change,
            sweep=entry.sweep,
            subject=entry.subject,
            tags=entry.tags,
        )
        return library.pin(child.id)


def _other(entry: Entry, seed: int | None) -> int:
    if seed is None:
        return secrets.randbits(32)
    if seed == entry.recipe.get("seed"):
        raise InputError(
            f"seed {seed}: is the one that {entry.id} has; give another, or none to have it drawn"
        )
    return seed
