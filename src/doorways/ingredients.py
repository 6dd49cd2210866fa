"""What a painting is made of beside its recipe: the models' weights and the pictures that the recipe names.

Its next step depends on them, so a painting that is gone on with must find them as they were.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from doorways.errors import InputError
from doorways.prompts import Prompt
from doorways.recipe import Recipe


def named_pictures(recipe: Recipe, prompts: Iterable[Prompt]) -> dict[str, str]:
    """Each picture that every step depends on -> 16 hexadecimal digits for its content.

    A picture that only suggests is not among them: it is not looked at again once a painting has begun.
    """
    paths = [recipe.init_image, recipe.mask, *(prompt.image for prompt in prompts)]
    return {path.as_posix(): digest(path) for path in paths if path is not None}


def digest(path: Path) -> str:
    """16 hexadecimal digits for the content of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def must_be_the_same(now: Mapping[str, str], then: Mapping[str, str]) -> None:
    """InputError naming the first thing that is not what it was when the painting was begun."""
    for name, was in then.items():
        if now.get(name) != was:
            raise InputError(
                f"{name} is another one ({now.get(name)}) than when the painting was begun ({was}), so it cannot be "
                "gone on with; bring back what was there, or paint it anew with --recipe"
            )
