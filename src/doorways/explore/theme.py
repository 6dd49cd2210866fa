"""Themes: a TOML file of subjects, the wordings they are put into, seeds, and settings of the recipe.

    title = "Seasons"
    style = "by James Gurney"                     # fills {style}
    seeds = 8                                     # or [3, 5], or "10-17"
    wording = ["gate", "view"]                    # which wordings; all of them if not given

    [wordings]
    gate = "{entrance|gateway} to {subject} {style}"
    view = "{subject} at __hour__ {style}"        # a line of hour.txt beside the theme, or of [lists]

    [lists]
    hour = ["dawn", "dusk"]

    [recipe]                                      # settings of the recipe; a list is one painting for each
    size = "512x256"
    semantic_symmetry = [0, 0.3]

    [[section]]
    name = "The year"
    pairs = [["Fall", "Spring"], { sides = ["Summer", "Winter"], wording = "view" }]

What is said at a pair wins over its section, and that over the theme. docs/explore.md names every field.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from doorways.errors import InputError
from doorways.explore.rungs import Rungs
from doorways.judge.ranking import MEASURES, is_measured
from doorways.recipe_text import read_toml, rule_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_SEEDS = 100_000


def _texts(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _seeds(value: Any) -> Any:
    """`8`, `[3, 5]` and `"10-17"` as the seeds themselves."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?", value)
        if not found:
            raise ValueError('must be how many, a list, or a span such as "10-17"')
        first, last = int(found[1]), int(found[2] or found[1])
        value = range(first, last + 1)
    elif isinstance(value, int) and not isinstance(value, bool):
        value = range(value)
    if isinstance(value, range):
        if len(value) > MOST_SEEDS:
            raise ValueError(f"are {len(value)} seeds for every painting; at most {MOST_SEEDS} make sense")
        if not value:
            raise ValueError("must be at least one")
        return list(value)
    return value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts), Field(min_length=1)]
Seeds = Annotated[
    tuple[Annotated[int, Field(ge=0, le=2**63 - 1)], ...], BeforeValidator(_seeds), Field(min_length=1)
]


class _Level(BaseModel):
    """What may be said of a whole theme, of one of its sections, or of a pair."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    wording: Texts | None = None
    style: Texts | None = None
    seeds: Seeds | None = None
    recipe: dict[str, Any] = Field(default_factory=dict)


class Pair(_Level):
    """The sides of one picture, from left to right; usually two, and one or more in any case."""

    sides: Texts

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, given: Any) -> Any:
        return {"sides": given} if isinstance(given, list | tuple | str) else given


class Section(_Level):
    """Pairs that belong together; `subjects` are pictures of a single world each."""

    name: str = ""
    pairs: tuple[Pair, ...] = ()
    subjects: tuple[Pair, ...] = ()


class Theme(Section):
    """A theme file, read and checked.

    Attributes:
        title: what the sweep is called, and known by when the theme is edited and given again.
        wordings: templates (`doorways.explore.wording`) by name.
        lists: what `__name__` stands for, beside the files `name.txt` in the theme's folder.
        section: the sections; pairs and subjects may also stand in the theme itself.
        zip: groups of names (settings of the recipe, seeds, style) whose lists go side by side instead of each with each.
        triage: the rungs, or None to paint everything whole.
        weights: what each measure of the judge counts when paintings are compared, in place of its own weights.
        judge: the spec of the perceptor that judges.
        unwanted, count: things that had better not be there, and things to count ("a doorway").
        text: the file as it stands.
    """

    title: str = ""
    wordings: dict[str, str] = Field(default_factory=lambda: {"plain": "{subject}"}, min_length=1)
    lists: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    section: tuple[Section, ...] = ()
    zip: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    triage: Rungs | None = Field(default_factory=Rungs)
    weights: dict[str, float] = Field(default_factory=dict)
    judge: str = "embedded-judge"
    unwanted: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()
    count: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()
    text: str = Field("", exclude=True)
    folder: Path = Field(Path(), exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _no_triage(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("triage") is False:
            return given | {"triage": None}
        return given

    @field_validator("weights")
    @classmethod
    def _check_weights(cls, weights: dict[str, float]) -> dict[str, float]:
        for name in weights:
            if not is_measured(name):
                raise ValueError(
                    f"has {name!r}, which the judge does not measure; it knows {', '.join(MEASURES)}"
                )
        return weights

    @classmethod
    def from_file(cls, path: Path | str) -> Theme:
        """The theme in a TOML file; InputError naming the file, the place in it, the rule and the remedy."""
        path = Path(path)
        given = read_toml(path)
        for name in ("text", "folder"):
            if name in given:
                raise InputError(f"{path}: there is no field {name!r}; take it out")
        text = path.read_text(encoding="utf-8-sig")
        given = {"title": path.stem} | given | {"text": text, "folder": path.absolute().parent}
        try:
            return cls(**given)
        except ValidationError as error:
            raise InputError(f"{path}: {_sentence(error.errors(include_url=False)[0], given)}") from error

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections; what stands outside of them comes first, as one without a name."""
        bare = Section(pairs=self.pairs, subjects=self.subjects)
        return ((bare,) if bare.pairs or bare.subjects else ()) + self.section

    def lines(self, name: str) -> Sequence[str]:
        """The lines of the list `__name__`: of the theme's own, or of the file beside it; those after # are notes."""
        if name in self.lists:
            return self.lists[name]
        path = self.folder / f"{name}.txt"
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError):
            raise InputError(
                f"there is no list __{name}__; put its texts into {path}, one a line, or into [lists]"
            ) from None
        return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _sentence(error: ErrorDetails, given: dict[str, Any]) -> str:
    """One error that pydantic found, as: place in the file, what is wrong, remedy."""
    place, name = _place(error["loc"], given)
    cause = error.get("ctx", {}).get("error")
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        levels = {**Theme.model_fields, **Pair.model_fields}
        fields = Rungs.__dataclass_fields__ if "triage" in error["loc"][:-1] else levels
        close = get_close_matches(name, set(fields) - {"text", "folder"}, n=1)
        remedy = (
            f"did you mean {close[0]}?"
            if close
            else "take it out, or write it under [recipe] if it is a setting"
        )
        return f"{place}there is no field {name!r}; {remedy}"
    if error["type"] == "missing":
        return f'{place}{name} is missing; write for example {name} = ["Fall", "Spring"]'
    message = str(cause) if cause else f"{rule_of(error)}; {_EXAMPLES.get(name, 'or take it out')}"
    return f"{place}{name} {error['input']!r}: {message[0].lower()}{message[1:]}"


_EXAMPLES = {
    name: f"write for example {name} = {example}"
    for name, example in {
        "pairs": '[["Fall", "Spring"]]',
        "subjects": '["Fall"]',
        "sides": '["Fall", "Spring"]',
        "seeds": "4",
        "style": '"by James Gurney"',
        "wording": '"plain"',
        "unwanted": '["a person"]',
        "count": '["a doorway"]',
        "zip": '[["size", "steps"]]',
    }.items()
}


def _place(loc: tuple[int | str, ...], given: dict[str, Any]) -> tuple[str, str]:
    """Where in the file an error is, in words, and the name of the field."""
    words: list[str] = []
    value: Any = given
    name = ""
    for rank, step in enumerate(loc):
        value = _part(value, step)
        if isinstance(step, int) and name in {"section", "pairs", "subjects"}:
            title = value.get("name") if isinstance(value, dict) else None
            kind = {"pairs": "pair", "subjects": "subject"}.get(name, name)
            words.append(f"{kind} {step + 1}" + (f" ({title})" if title else ""))
        elif (
            isinstance(step, str)
            and rank + 1 < len(loc)
            and step in {"recipe", "triage", "wordings", "lists"}
        ):
            words.append(f"[{step}]")
        name = step if isinstance(step, str) else name
    return (f"{', '.join(words)}: " if words else ""), name


def _part(value: Any, step: int | str) -> Any:
    """What is at `step` of a table or a list, or None."""
    if isinstance(value, dict):
        return value.get(str(step))
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None
