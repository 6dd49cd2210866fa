"""The names of paintings: eight letters and digits that make no words and are not mistaken for each other."""

from __future__ import annotations

import secrets
from pathlib import Path

ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
LENGTH = 8
LAST = "last"
"""What stands for the newest painting; it has a vowel, so no ID begins with it."""


def new_id() -> str:
    """A name drawn at random from 3e11, which begins with a letter.

    >>> len(new_id()), set(new_id()) <= set(ALPHABET)
    (8, True)
    """
    letters = ALPHABET.lstrip("23456789")
    return secrets.choice(letters) + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))


def may_begin_id(text: str) -> bool:
    """Whether `text` could stand for a painting; what is a file's name seldom could.

    >>> may_begin_id("kx7"), may_begin_id("last"), may_begin_id("forest.png"), may_begin_id("")
    (True, True, False, False)
    """
    return text == LAST or (0 < len(text) <= LENGTH and set(text) <= set(ALPHABET))


def is_id(given: str | Path) -> bool:
    """Whether what was given in place of a file stands for a painting: it could, and there is no such file."""
    return may_begin_id(str(given).lower()) and not Path(given).exists()
