"""What a painting is told apart by: any field of its recipe, and what else is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import PurePath, PureWindowsPath
from typing import Any

from doorways.errors import InputError
from doorways.export.exhibit import Exhibit
from doorways.library.sources import named_files, renamed
from doorways.recipe import Recipe

OWN: dict[str, Callable[[Exhibit], Any]] = {
    "subject": lambda exhibit: " | ".join(exhibit.sides),
    "name": lambda exhibit: exhibit.name,
    "step": lambda exhibit: exhibit.step,
    "finished": lambda exhibit: exhibit.finished,
}
"""Fields that every painting has beside its recipe."""

ALWAYS = ("prompts", "size", "seed", "steps")
"""Settings that are told of every painting; others where they are not the default."""

SPEAKS_FOR_ITSELF = ("subject", "prompts", "name")
"""Fields whose values need no name before them."""


def value(exhibit: Exhibit, name: str) -> Any:
    """The value (JSON) of a field: a recipe's, one of `OWN`, or a fact such as `rating` or `score:match`; None if unknown.

    Hyphens serve as underscores, as in options.
    """
    name = name.replace("-", "_")
    if name in OWN:
        return OWN[name](exhibit)
    if name in exhibit.facts:
        return exhibit.facts[name]
    return exhibit.recipe.get(name)


def check_field(name: str, exhibits: Sequence[Exhibit]) -> str:
    """The name of a field as it is spelt inside; InputError if no painting could have it."""
    known = {*OWN, *Recipe.model_fields, *(fact for exhibit in exhibits for fact in exhibit.facts)}
    spelt = name.strip().replace("-", "_")
    if spelt in known:
        return spelt
    close = get_close_matches(spelt, sorted(known), n=1)
    remedy = f"did you mean {close[0]}?" if close else "take a field of the recipe, such as seed or steps"
    raise InputError(f"there is no field {name!r} to sort pictures by; {remedy}")


def varying(exhibits: Sequence[Exhibit], among: Iterable[str]) -> list[str]:
    """The fields among those given that have more than one value."""
    return [name for name in among if len(values(exhibits, name)) > 1]


def values(exhibits: Sequence[Exhibit], name: str) -> list[Any]:
    """The different values of a field: numbers in their order, others as they come; unknown ones last."""
    found: list[Any] = []
    for exhibit in exhibits:
        if (one := value(exhibit, name)) not in found:
            found.append(one)
    known = [one for one in found if one is not None]
    if all(isinstance(one, int | float) for one in known):
        known.sort()
    return known + [None] * (len(known) < len(found))


def heading(name: str, one: Any) -> str:
    """A value as it stands above a column or a row.

    >>> heading("seed", 3), heading("subject", "fire | ocean"), heading("style", None), heading("score:match", 0.21534)
    ('seed 3', 'fire | ocean', 'no style', 'match 0.215')
    """
    said = name.rpartition(":")[2].replace("_", " ")
    if one is None or one == "":
        return f"no {said}"
    return text(one) if name in SPEAKS_FOR_ITSELF else f"{said} {text(one)}"


def text(one: Any) -> str:
    """A JSON value as it is read: yes for true, three digits of a fraction, lists with commas.

    >>> text([0.4, True]), text({"glow": "0.3"}), text("0.1 -> 0.3")
    ('0.4, yes', 'glow 0.3', '0.1 → 0.3')
    """
    match one:
        case bool():
            return "yes" if one else "no"
        case float():
            return f"{one:.3g}" if abs(one) < 1000 else f"{one:.0f}"
        case list() | tuple():
            return ", ".join(map(text, one))
        case dict():
            return ", ".join(f"{name} {text(part)}" for name, part in one.items())
        case _:
            return str(one).replace("->", "→")


def change_text(name: str, change: Any) -> str:
    """One thing that was changed from a parent: a setting's [before, now], or what surgery did.

    >>> change_text("seed", [3, 4]), change_text("init_image", [None, "/home/me/a.png"])
    ('seed 3 → 4', 'init image a.png')
    >>> change_text("surgery", "mirror, blur")
    'surgery mirror, blur'
    """
    said = name.replace("_", " ")
    if isinstance(change, list) and len(change) == 2:
        before, now = (None if one is None else text(public({name: one})[name]) for one in change)
        return f"no {said}" if now is None else f"{said} {now if before is None else f'{before} → {now}'}"
    return f"{said} {text(change)}"


def public_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """What was changed from a parent, without scripts of surgery and the folders of files, which are nobody else's business.

    >>> public_change({"surgery": "paste", "script": "picture = '/home/me/face.png'", "of": "/home/me/sea.png"})
    {'surgery': 'paste', 'of': 'sea.png'}
    """
    return {
        name: PurePath(str(part)).name if name == "of" else part
        for name, part in change.items()
        if name != "script"
    }


def public(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe without the folders of the files and models that it names, which are nobody else's business.

    >>> public({"seed": 3, "mask": "/home/me/mask.png", "perceptor": ["embedded", "0.5 * /home/me/clip"]})
    {'seed': 3, 'mask': 'mask.png', 'perceptor': ['embedded', '0.5 * clip']}
    >>> public({"prompts": "sea | image(/home/me/a.png) :2"})
    {'prompts': 'sea | image(a.png) :2'}
    """
    try:
        named = renamed(recipe, {path: PurePath(path).name for path in named_files(recipe)})
    except InputError:  # prompts that this version cannot read
        named = {**recipe, "prompts": "?"}
    for name in ("generator", "perceptor"):
        if name in named:
            specs = [named[name]] if isinstance(named[name], str) else named[name]
            short = [_spec(str(spec)) for spec in specs]
            named[name] = short[0] if isinstance(named[name], str) else short
    return named


def _spec(spec: str) -> str:
    """A model's spec, less the folders of a path that says where this machine has it."""
    weight, times, where = spec.rpartition("* ")
    is_here = (
        PurePath(where).is_absolute() or PureWindowsPath(where).is_absolute() or where.startswith(("~", "."))
    )
    return f"{weight}{times}{PurePath(where).name}" if is_here else spec


def told_settings(recipe: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of the settings worth telling: the main ones, and those that are not the default.

    >>> told_settings({"prompts": "fire | ocean", "seed": 3, "cutouts": 64, "large": 0.7})
    [('prompts', 'fire | ocean'), ('seed', '3'), ('cutouts', '64')]
    """
    plain = Recipe.build(prompts="a", seed=0).settings()
    names = [name for name in ALWAYS if name in recipe]
    names += [name for name in recipe if name not in ALWAYS and str(recipe[name]) != str(plain.get(name))]
    shown = public(recipe)
    return [(name.replace("_", " "), text(shown[name])) for name in names]
