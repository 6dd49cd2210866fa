"""A script of operations: a small TOML file that says, in order, what to do to a picture. It executes nothing.

[[operation]]
do = "move"
rectangle = [0.1, 0.3, 0.3, 0.9]
by = [0.5, 0]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from doorways.errors import InputError
from doorways.recipe_text import read_toml, toml
from doorways.surgery.complaint import complaint, unknown_operation
from doorways.surgery.operation import Operation
from doorways.surgery.operations import OPERATIONS

ENTRY = "operation"
BEGINNING = f'begin each one with [[{ENTRY}]] and do = "..."'


@dataclass(frozen=True)
class Script:
    """Operations, each with its name in the table; at least one."""

    operations: tuple[tuple[str, Operation], ...]

    @classmethod
    def build(cls, entries: Sequence[Mapping[str, Any]], *, folder: Path | str = "") -> Script:
        """The script of these entries, each a table with `do` and the operation's fields.

        Args:
            folder: what the paths in them are relative to.

        Raises:
            InputError: one sentence with the operation's number, the value, the rule and the remedy.
        """
        if not entries:
            raise InputError(f"there is no operation in it; {BEGINNING}")
        return cls(tuple(_operation(number, entry, folder) for number, entry in enumerate(entries, 1)))

    @classmethod
    def from_file(cls, path: Path | str) -> Script:
        """The script in a TOML file, whose paths are relative to its folder; InputError as in `build`."""
        path, content = Path(path), read_toml(path)
        try:
            for name in content:
                if name != ENTRY:
                    raise InputError(f"there is no {name!r} in a script; {BEGINNING}")
            entries = content.get(ENTRY, [])
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise InputError(f"{ENTRY} is not a list of tables; {BEGINNING}")
            return cls.build(entries, folder=path.parent)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error.__cause__

    def settings(self) -> list[dict[str, Any]]:
        """The entries as JSON values, less what is left at its default; paths are relative to the current folder."""
        return [
            {"do": name} | operation.model_dump(mode="json", exclude_defaults=True)
            for name, operation in self.operations
        ]

    def to_toml(self) -> str:
        """The script as TOML, which `from_file` reads back if it lies in the current folder."""
        return "\n".join(f"[[{ENTRY}]]\n{toml(entry)}" for entry in self.settings())


def _operation(number: int, entry: Mapping[str, Any], folder: Path | str) -> tuple[str, Operation]:
    fields = dict(entry)
    name = fields.pop("do", None)
    kind = OPERATIONS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InputError(f"operation {number}: {unknown_operation(name, [*OPERATIONS])}")
    try:
        return str(name), kind.model_validate(fields, context={"folder": folder})
    except ValidationError as error:
        found = complaint(error.errors(include_url=False)[0], kind)
        raise InputError(f"operation {number} ({name}): {found}") from error
