"""What is wrong with an operation of a script, in one sentence: value, rule, remedy."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from doorways.errors import InputError
from doorways.recipe_text import rule_of, shown

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from doorways.surgery.operation import Operation

LIST = "`doorways surgery operations` lists them all"


def unknown_operation(name: Any, known: list[str]) -> str:
    """The sentence for a `do` that is in no table, or is not there."""
    if name is None:
        return f"does not say what to do; write for example do = {known[0]!r} ({LIST})"
    close = get_close_matches(str(name), known, n=1)
    remedy = f"did you mean {close[0]}? ({LIST})" if close else LIST
    return f"there is no operation {name!r}; {remedy}"


def complaint(error: ErrorDetails, kind: type[Operation]) -> str:
    """The sentence for what pydantic found wrong with the fields of an operation."""
    cause = error.get("ctx", {}).get("error")
    if not error["loc"]:
        return str(cause or error["msg"])
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        close = get_close_matches(name, kind.model_fields, n=1)
        remedy = f"did you mean {close[0]}?" if close else f"take it out; {LIST}"
        return f"there is no field {name!r}; {remedy}"
    field = kind.model_fields[name]
    if error["type"] == "missing" and len(error["loc"]) == 1:
        return f"{name} is missing; give it ({_plain(field)})"
    if isinstance(cause, InputError):
        return str(cause) if str(cause).startswith(name) else f"{name}: {cause}"
    rule = str(cause) if cause else rule_of(error)
    remedy = "" if ";" in rule else f"; it is: {_plain(field)}"
    if error["type"] in ("missing", "too_short", "too_long"):
        return f"{_place(error['loc'])}: {rule}{remedy}"
    return f"{_place(error['loc'])} {shown(error['input'])}: {rule}{remedy}"


def _place(where: tuple[int | str, ...]) -> str:
    """Where in a field a value stands, counted from 1.

    >>> _place(("polygon", 3, 0))
    'polygon, 4th value, 1st value'
    """
    return ", ".join(str(part) if isinstance(part, str) else f"{_ordinal(part + 1)} value" for part in where)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 // 10 != 1 else "th"
    return f"{number}{ending}"


def _plain(field: FieldInfo) -> str:
    return (field.description or "").rstrip(".")
