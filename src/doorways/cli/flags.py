"""The options of `doorways paint`: one for each field of the recipe, with its name, and nothing said twice."""

from __future__ import annotations

from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, TypedDict, get_args, get_origin

from cyclopts import Group, Parameter
from pydantic.fields import FieldInfo

from doorways.recipe import GROUPS, Recipe
from doorways.schedule import Schedule
from doorways.size import Size

FROM = Group("What to paint", sort_key=1)
RECIPE_GROUPS = {name: Group(name, sort_key=10 + rank) for rank, name in enumerate(GROUPS)}
OUTPUT = Group("Output", sort_key=30)

PLACEHOLDERS = {Size: "WxH", Schedule: "WEIGHT", int: "N", float: "X", Path: "FILE", dict: "NAME=WEIGHT"}
TEXTS = {"Prompts": "TEXT", "Models": "SPEC"}
"""What stands for a text in a group; in the others, NAME."""
MODELS = "One word for generator and perceptors: embedded, piece (what artists of 2021 used) or large."
WEIGHTS = (
    "A WEIGHT, or a RATE, is a number (0.3), a change over the run ('0.3 -> 0.1') or keyframes "
    "('0: 0.3, 0.4: 0.1, 1: 0': fraction of the run, value)."
)


def option(name: str, field: FieldInfo, *, defaults: bool = True, text: str | None = None) -> Any:
    """A field of the recipe as cyclopts wants an option; values stay texts, which the recipe checks."""
    kind = _kind(field.annotation)
    origin, parts = get_origin(kind), get_args(kind)
    extra = field.json_schema_extra
    about = extra if isinstance(extra, dict) else {"group": GROUPS[-1]}
    group = str(about["group"])
    text = text or field.description or ""
    placeholder = PLACEHOLDERS.get(origin or kind) or TEXTS.get(group, "NAME")
    if origin is Literal:
        text = f"{text.rstrip('.')}: {', '.join(parts[:-1])} or {parts[-1]}."
    elif origin is tuple:
        placeholder = PLACEHOLDERS.get(parts[0]) or TEXTS.get(group, "NAME")
    if defaults and (default := _default(field)):
        text += f" [{default}]"
    value: Any = bool if kind is bool else list[str] if origin in (tuple, dict) else str
    parameter = Parameter(
        help=text,
        group=RECIPE_GROUPS[group],
        metavar=None if kind is bool else str(about.get("placeholder") or placeholder),
        negative_iterable="",
        allow_leading_hyphen=kind is Schedule,  # a change over the run may begin below 0
    )
    return Annotated[value, parameter]


def _kind(annotation: Any) -> Any:
    """The type of a field without its None and what is annotated to it."""
    if NoneType in get_args(annotation):
        annotation = next(kind for kind in get_args(annotation) if kind is not NoneType)
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _default(field: FieldInfo) -> str:
    """The default as an artist would type it; empty where there is none, and for switches, which are off."""
    default = field.default
    if default is None or default is False or field.is_required() or field.default_factory is not None:
        return ""
    if isinstance(default, tuple) and not isinstance(default, Size):
        return ", ".join(map(str, default))
    if isinstance(default, float):
        return f"{default:g}"
    return str(default) if default != {} else ""


_options = {name: option(name, field) for name, field in Recipe.model_fields.items() if name != "prompts"}
_options["models"] = Annotated[str, Parameter(help=MODELS, group=RECIPE_GROUPS["Models"], metavar="NAME")]

Settings = TypedDict("Settings", _options, total=False)  # type: ignore[misc]
"""The settings that were given on the command line, as texts, by the names of the recipe's fields."""

BY_HEALING = (
    "start_size",
    "grow_at",
    "grow_noise",
    "sketch",
    "init_image",
    "init_fit",
    "hold",
    "suggest",
    "detail",
)
_healing = {
    name: option(name, field, defaults=False)
    for name, field in Recipe.model_fields.items()
    if name not in BY_HEALING
} | {"models": _options["models"]}
_healing["seed"] = option(
    "seed", Recipe.model_fields["seed"], text="Seed of the run; the picture's own if not given."
)
_healing["steps"] = option("steps", Recipe.model_fields["steps"], text="Steps to paint; 100 if not given.")

HealingSettings = TypedDict("HealingSettings", _healing, total=False)  # type: ignore[misc]
"""Likewise those of a healing, less what healing itself sets."""
