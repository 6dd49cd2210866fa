"""Recipes as text: TOML there and back, and what is wrong with a setting in one sentence."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doorways.errors import InputError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

RULES = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "string_unicode": "must be Unicode text",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "path_type": "must be the path of a file",
    "missing": "has too few values",
    "too_long": "has too many values",
    "tuple_type": "must be a list",
    "dict_type": "must be a table of NAME = WEIGHT",
}
"""pydantic's kinds of error in the words of this project; other kinds keep pydantic's words."""


def read_toml(path: Path | str) -> dict[str, Any]:
    """The settings in a TOML file, not yet checked; InputError if it cannot be read."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the recipe's name") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    except UnicodeDecodeError:
        raise InputError(
            f"{path}: is not TOML, and no text either; give a TOML file or a painted PNG"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not TOML ({error}); mend that place") from error
    except RecursionError:
        raise InputError(
            f"{path}: holds lists within lists too deep to be read; take the innermost out"
        ) from None


def toml(settings: Mapping[str, Any]) -> str:
    """Settings (JSON values; tables come last, one level deep) as a TOML file.

    >>> print(toml({"prompts": "fire | ocean", "objectives": {"glow": 0.5}, "detail": False}), end="")
    prompts = "fire | ocean"
    detail = false
    <BLANKLINE>
    [objectives]
    "glow" = 0.5
    """
    lines = [f"{name} = {_value(value)}" for name, value in settings.items() if not isinstance(value, dict)]
    for name, table in settings.items():
        if isinstance(table, dict) and table:
            lines += ["", f"[{name}]", *(f"{_value(key)} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A JSON value as TOML: JSON's escapes are TOML's too, but for the delete character."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def sentence(error: ErrorDetails, fields: Mapping[str, FieldInfo]) -> str:
    """One error that pydantic found, as: setting, value, rule, remedy."""
    cause = error.get("ctx", {}).get("error")
    name = str(error["loc"][0]) if error["loc"] else ""
    value = error["input"]
    if error["type"] == "extra_forbidden":
        close = get_close_matches(name, [*fields, "models"], n=1)
        remedy = (
            f"did you mean {close[0]}?" if close else "take it out; `doorways paint --help` names them all"
        )
        return f"there is no setting {name!r}; {remedy}"
    if not name or (name == "prompts" and isinstance(cause, InputError)):
        return str(cause or error["msg"])
    if error["type"] == "missing" and len(error["loc"]) == 1:
        return f"{name} are missing; give at least one, such as 'forest | kelp forest'"
    if isinstance(cause, InputError):
        return str(cause) if str(cause).startswith(name) else f"{name}: {cause}"
    rule = str(cause) if cause else rule_of(error)
    return f"{name} {shown(value)}: {rule}; {_remedy(name, fields[name])}"


def rule_of(error: ErrorDetails) -> str:
    """The rule that an error breaks, in the words of this project where it has them."""
    rule = RULES.get(error["type"])
    if rule is None:
        return error["msg"][0].lower() + error["msg"][1:]
    limits = error.get("ctx", {}).items()
    return rule.format(
        **{name: f"{value:g}" if isinstance(value, float) else value for name, value in limits}
    )


def shown(value: Any) -> str:
    """A value as a sentence shows it."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "()"
    return str(value) if isinstance(value, int | float) else repr(value)


def _remedy(name: str, field: FieldInfo) -> str:
    if name == "prompts":
        return "give a text such as 'forest | kelp forest'"
    if field.default is None or field.default_factory is not None:
        return "or leave it out"
    return f"the default is {shown(field.default) if isinstance(field.default, tuple) else field.default}"
