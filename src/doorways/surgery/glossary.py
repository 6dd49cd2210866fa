"""The list of operations and their fields, made from their models: as text, and as JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from doorways.surgery.operation import Operation
from doorways.surgery.operations import OPERATIONS

HEAD = """\
Points and ways are fractions of the picture: x from its left edge to its right one, y from top to bottom.
Lengths are fractions of its height.
"""


def glossary() -> str:
    """All operations, each with what it does and its own fields; those that all share stand at the end."""
    shared = Operation.model_fields
    parts = [HEAD]
    for name, kind in OPERATIONS.items():
        own = {field: info for field, info in kind.model_fields.items() if field not in shared}
        parts.append(f'do = "{name}"\n  {kind.__doc__}\n{_lines(own)}')
    optional = [name for name, kind in OPERATIONS.items() if not kind.needs_region]
    some = f"{', '.join(optional[:-1])} and {optional[-1]}"
    parts.append(
        f"In each of them\n  Where it acts; {some} act everywhere if nothing says where.\n{_lines(shared)}"
    )
    return "\n".join(parts)


def schemas() -> dict[str, Any]:
    """A JSON schema for each operation's fields, by the operation's name."""
    return {name: kind.model_json_schema() for name, kind in OPERATIONS.items()}


def _lines(fields: Mapping[str, FieldInfo]) -> str:
    return "".join(f"    {name:<10} {info.description}{_default(info)}\n" for name, info in fields.items())


def _default(info: FieldInfo) -> str:
    if info.is_required() or info.default is None:
        return ""
    return f" [{info.default:g}]" if isinstance(info.default, float) else f" [{info.default}]"
