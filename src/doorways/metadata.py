"""What a painted PNG says about itself: its recipe, the step it was taken at, and the machine that painted it.

The text chunk `doorways` holds it as JSON. It is data: nothing in it is ever executed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from doorways.errors import InputError

CHUNK = "doorways"


@dataclass(frozen=True)
class Metadata:
    """What the text chunk holds.

    Attributes:
        recipe: settings as JSON values, not yet checked (`Recipe.build(**recipe)` checks them).
        step: steps that had been taken.
        finished: whether the run had come to its end.
        machine: versions, threads, precision, device and fingerprints of the weights.
    """

    recipe: dict[str, Any]
    step: int
    finished: bool
    machine: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The text of the chunk, in ASCII so that every reader of PNG agrees on it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """What `to_json` wrote; ValueError for anything else."""
        found = json.loads(text)
        if not isinstance(found, dict) or not isinstance(found.get("recipe"), dict):
            raise ValueError("there is no recipe in it")
        step, machine = found.get("step", 0), found.get("machine", {})
        if type(step) is not int or not isinstance(machine, dict):
            raise ValueError("step or machine is of the wrong kind")
        return cls(found["recipe"], step, found.get("finished") is True, machine)


def read_metadata(path: Path | str) -> Metadata:
    """What the PNG at `path` says about itself.

    Raises:
        InputError: no such file, not a PNG, or no recipe in it.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=["PNG"]) as image:
            text = getattr(image, "text", {}).get(CHUNK)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the picture's name") from None
    except UnidentifiedImageError:
        raise InputError(f"{path}: is not a PNG; recipes live in the PNGs that Doorways painted") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a PNG ({error}); use an undamaged copy") from error
    if text is None:
        raise InputError(
            f"{path}: holds no recipe; it was not painted by Doorways, or a program that saved it dropped the recipe, "
            "so use the original or a TOML recipe"
        )
    try:
        return Metadata.from_json(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: its recipe is damaged ({error}); use an undamaged copy") from error
