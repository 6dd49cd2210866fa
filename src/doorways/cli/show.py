"""`doorways show`: the recipe inside a picture."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

app = App(name="show", help_epilogue="", default_parameter=Parameter(show_default=False))


@app.default
def show(
    picture: Annotated[
        Path, Parameter(help="A PNG that Doorways painted; what is printed of it is a TOML recipe.")
    ],
    /,
    *,
    json_: Annotated[
        bool, Parameter(name="--json", negative="", help="As JSON: recipe, step, finished, machine.")
    ] = False,
) -> None:
    """Print the recipe inside a picture."""
    from doorways.metadata import read_metadata
    from doorways.recipe_text import toml

    found = read_metadata(picture)
    if json_:
        sys.stdout.write(json.dumps(asdict(found), indent=2, ensure_ascii=False) + "\n")
        return
    steps = found.recipe.get("steps", found.step)
    state = "finished" if found.finished else "not finished"
    lines = [f"# {picture.name}: step {found.step} of {steps}, {state}"]
    lines += [f"# {name}: {_plain(value)}" for name, value in found.machine.items()]
    sys.stdout.write("\n".join(" ".join(line.split()) for line in lines) + "\n\n" + toml(found.recipe))


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)
