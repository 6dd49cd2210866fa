"""The log of a painting: what happened to it, a JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doorways.atomic import whole, writing

if TYPE_CHECKING:
    from doorways.events import Event


class EventLog:
    """The file `events.jsonl` of a painting; it need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[dict[str, Any]]:
        """All that was written, oldest first; a last line that a killed process left half written is passed over."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        found = [_parsed(line) for line in lines]
        return [line for line in found if line is not None]

    def write(self, line: Mapping[str, Any]) -> None:
        """Adds a line.

        Raises:
            InputError, DoorwaysError: it cannot be written (`doorways.atomic.writing`).
        """
        with writing(self.path), self.path.open("a", encoding="utf-8") as stream:
            stream.write(_text(line))

    def forget_after(self, step: int) -> None:
        """Drops what was written of later steps, which are about to be taken again."""
        if self.path.exists():
            kept = [line for line in self.read() if line.get("step", 0) <= step]
            with whole(self.path) as part:
                part.write_text("".join(map(_text, kept)), encoding="utf-8")


def as_json(event: Event) -> dict[str, Any]:
    """An event as JSON values, by its name; the recipe is in the painting's row, and left out."""
    values = {field.name: getattr(event, field.name) for field in fields(event) if field.name != "recipe"}
    if "size" in values:
        values["size"] = str(values["size"])
    return {"event": type(event).__name__.lower(), **values}


def _text(line: Mapping[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False) + "\n"


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
