"""The perceptors that ship with the package, and any other folder of the same make."""

from __future__ import annotations

from pathlib import Path

from doorways.perceptors.base import Loader, Perceptor
from doorways.perceptors.pretrained import is_model

FOLDERS = {"embedded": "perceptor", "embedded-judge": "judge"}
"""Which folder of `doorways/embedded` each spec means; the judge never paints."""


def load(folder: Path) -> Perceptor:
    """The perceptor of a `doorways-tower` folder."""
    from doorways.perceptors import tower

    perceptor: Perceptor = tower.load(folder)
    return perceptor


loader = Loader(recognises=lambda path: is_model(path, "doorways-tower"), load=load)
