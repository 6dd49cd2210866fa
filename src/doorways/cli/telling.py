"""Paintings of the library as an artist reads them: in a line, in full, as a tree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doorways.library import Branch, Entry


def line_of(entry: Entry) -> str:
    """One painting in one line."""
    stars = "*" * (entry.rating or 0)
    marks = f"{stars:<5} {entry.verdict or '':<9}"
    pinned = "pinned  " if entry.pinned else ""
    words = " ".join(entry.prompts.split())
    seed = entry.recipe.get("seed", "?")
    return f"{entry.id}  {entry.state:<8} {f'{entry.step}/{entry.steps}':>9}  {marks} {pinned}{words}  (seed {seed})"


def description_of(entry: Entry, files: list[str]) -> str:
    """All that is known of one painting; its recipe is TOML."""
    from doorways.recipe_text import toml

    told: dict[str, Any] = {
        entry.id: f"{entry.state}, step {entry.step} of {entry.steps}, {entry.seconds:.0f} s of painting",
        "created": entry.created,
        "started": entry.started,
        "finished": entry.finished,
        "worker": entry.worker,
        "parent": entry.parent and f"{entry.parent} ({_changes(entry)})",
        "sweep": entry.sweep,
        "subject": entry.subject,
        "rung": entry.rung or None,
        "rating": entry.rating,
        "verdict": entry.verdict,
        "pinned": "yes" if entry.pinned else None,
        "tags": ", ".join(entry.tags),
        "boards": ", ".join(entry.boards),
        "note": " ".join(entry.note.split()),
        "scores": ", ".join(f"{name} {value:.4g}" for name, value in sorted(entry.scores.items())),
        "judged by": entry.judge,
        "machine": json.dumps(entry.machine, ensure_ascii=False) if entry.machine else None,
        "files": ", ".join(files),
    }
    lines = [f"# {name}: {value}" for name, value in told.items() if value not in (None, "")]
    return "\n".join(lines) + "\n\n" + toml(entry.recipe).rstrip()


def _changes(entry: Entry) -> str:
    """What differs from the parent, in a few words."""
    return ", ".join(_difference(name, value) for name, value in entry.change.items()) or "nothing changed"


def _difference(name: str, value: Any) -> str:
    if isinstance(value, list) and len(value) == 2:
        before, now = (_short("none" if part is None else str(part)) for part in value)
        return f"{name} {before} -> {now}"
    return f"{name} {_short(str(value))}"


def _short(text: str, longest: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def drawn(branch: Branch, first: str, below: str, asked: str) -> Iterator[str]:
    """The lines of a tree; `first` stands before its first line, `below` before the others, `asked` is marked."""
    entry = branch.entry
    what = (
        f"{_changes(entry)}"
        if first
        else f"{' '.join(entry.prompts.split())}  (seed {entry.recipe.get('seed', '?')})"
    )
    gone = f"from {entry.parent}, which is not here; " if entry.parent and not first else ""
    mark = "  <--" if entry.id == asked else ""
    yield f"{first}{entry.id}  {entry.state}  {gone}{what}{mark}"
    for rank, child in enumerate(branch.children, start=1):
        last = rank == len(branch.children)
        yield from drawn(child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "), asked)


def branch_json(branch: Branch) -> dict[str, Any]:
    """A tree as JSON values."""
    return branch.entry.to_json() | {"children": [branch_json(child) for child in branch.children]}


def count_of(count: int) -> str:
    """A number of paintings in words.

    >>> count_of(1), count_of(0)
    ('1 painting', '0 paintings')
    """
    return f"{count} painting{'' if count == 1 else 's'}"
