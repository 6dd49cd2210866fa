"""The models that ship inside the package, and the sketchbook beside them."""

from __future__ import annotations

from pathlib import Path

import doorways
from doorways.errors import DoorwaysError

EMBEDDED = {"embedded": ("generator", "perceptor"), "embedded-judge": ("judge",)}
"""Which folders of `doorways/embedded` each spec stands for."""


def embedded_folder(name: str, *, must_exist: bool = True) -> Path:
    """The folder of what is embedded: `generator`, `perceptor`, `judge`, `sketchbook`; DoorwaysError where it is missing."""
    folder = Path(doorways.__path__[0]) / "embedded" / name
    if must_exist and not any(folder.glob("*.safetensors")):
        raise DoorwaysError(
            f"the embedded {name} is missing from this installation ({folder}); install doorways again, from a wheel "
            "or a whole checkout"
        )
    return folder
