"""Writes docs/command.md: what `doorways --help` and the help of every command say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from cyclopts import App
from rich.console import Console

PAGE = Path(__file__).parents[1] / "docs" / "command.md"
WIDTH = 100
INTRODUCTION = """\
# The command

What the command itself says, written by `make docs` from its help; a test holds the two together.
Every option of `doorways paint` is a field of the recipe: the same names serve in a TOML recipe and in
`doorways.paint(...)`, with underscores for hyphens.
"""


def commands(app: App, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of the app's command and of all commands below it."""
    yield words
    for name in app:
        if not name.startswith("-"):
            yield from commands(app[name], (*words, name))


def help_of(app: App, words: tuple[str, ...]) -> str:
    """The help text of one command, without colours, `WIDTH` characters wide."""
    page = io.StringIO()
    app.help_print(words, console=Console(file=page, width=WIDTH, color_system=None, force_terminal=False))
    return "\n".join(line.rstrip() for line in page.getvalue().strip().splitlines())


def command_page() -> str:
    """The whole page."""
    from doorways.cli.app import app

    parts = [INTRODUCTION]
    for words in commands(app):
        title = " ".join(("doorways", *words))
        parts.append(f"## {title}\n\n```text\n{help_of(app, words)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(command_page(), encoding="utf-8")
