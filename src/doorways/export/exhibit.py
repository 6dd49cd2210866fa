"""One painting as it is shown: its picture, what it is called, the recipe it was painted from, and its descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from doorways.errors import InputError
from doorways.metadata import read_metadata
from doorways.prompts import Prompt, parse_prompts


@dataclass(frozen=True)
class Generation:
    """One painting of a lineage: its name, and what was changed to get from the one before to it."""

    name: str
    change: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """A painting to be shown.

    Attributes:
        picture: its PNG.
        name: its ID in the library, or the stem of its file; letters, digits and signs of any kind.
        recipe: settings as JSON values, as they were found; empty where the picture carries none.
        step: steps that had been taken.
        finished: whether the run had come to its end.
        subject: what it is called, sides parted by " | "; its prompts if empty.
        caption: a sentence below it.
        facts: what else is known of it by name, such as rating, verdict or scores.
        lineage: its ancestors, the eldest first, and itself; empty if it has none.
    """

    picture: Path
    name: str
    recipe: Mapping[str, Any] = field(default_factory=dict)
    step: int = 0
    finished: bool = True
    subject: str = ""
    caption: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    lineage: tuple[Generation, ...] = ()

    @classmethod
    def from_png(cls, path: Path) -> Exhibit:
        """The picture in a file; one that holds no recipe is shown under the name of the file.

        Raises:
            InputError: there is no such file, or it is no PNG, or it is damaged.
        """
        try:
            found = read_metadata(path)
        except InputError as error:
            if "holds no recipe" not in str(error):
                raise
            return cls(picture=path, name=path.stem)
        return cls(
            picture=path, name=path.stem, recipe=found.recipe, step=found.step, finished=found.finished
        )

    @property
    def prompts(self) -> str:
        """The prompts as they were given; empty if they are not known."""
        return str(self.recipe.get("prompts", ""))

    @property
    def sides(self) -> tuple[str, ...]:
        """The names of its worlds from left to right; never empty.

        >>> Exhibit(picture=Path("a.png"), name="a", recipe={"prompts": "fire :2 | ocean | crowd :-1"}).sides
        ('fire', 'ocean')
        """
        named = tuple(side.strip() for side in self.subject.split(" | ") if side.strip())
        return named or tuple(map(_wording, self._worlds)) or (self.prompts or self.name,)

    @property
    def alt(self) -> str:
        """What is to be seen, for those who cannot see it: the prompts, and where each of them rules.

        >>> Exhibit(picture=Path("a.png"), name="a", recipe={"prompts": "fire | ocean", "style": "by night"}).alt
        'Painting: on the left fire by night, on the right ocean by night.'
        """
        style = str(self.recipe.get("style", "")).strip()
        gap = "" if style[:1] in ",.;:" else " "
        told = [f"{_wording(prompt)}{gap}{style}" for prompt in self._worlds] or list(self.sides)
        if len(told) == 2:
            told = [f"on the left {told[0]}", f"on the right {told[1]}"]
        elif len(told) > 2:
            told[0] = f"from left to right {told[0]}"
        return f"Painting: {', '.join(told)}."

    @property
    def _worlds(self) -> list[Prompt]:
        """The prompts that rule a part of the canvas, from left to right; none if they cannot be read."""
        try:
            worlds = [prompt for prompt in parse_prompts(self.prompts) if prompt.takes_share]
        except InputError:
            return []
        if all(prompt.places for prompt in worlds):
            worlds.sort(key=lambda prompt: min(place.x for place in prompt.places))
        return worlds


def _wording(prompt: Prompt) -> str:
    return prompt.image.stem if prompt.image else prompt.text
