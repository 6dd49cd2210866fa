"""Doorways paints panoramas from text: two or more worlds in one picture.

    import doorways

    painting = doorways.paint("fall garden | spring garden", seed=3)
    painting.image.save("garden.png")

Names are imported when first used, so that `import doorways` and `doorways --help` do not wait for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from doorways.errors import DoorwaysError, InputError

if TYPE_CHECKING:
    from doorways.generators import load_generator
    from doorways.painter import Painter, paint
    from doorways.painting import Painting
    from doorways.perceptors import load_perceptor
    from doorways.recipe import Recipe

__version__ = "0.1.0"

__all__ = [
    "DoorwaysError",
    "InputError",
    "Painter",
    "Painting",
    "Recipe",
    "__version__",
    "load_generator",
    "load_perceptor",
    "paint",
]

_HOMES = {
    "Painter": "doorways.painter",
    "Painting": "doorways.painting",
    "Recipe": "doorways.recipe",
    "load_generator": "doorways.generators",
    "load_perceptor": "doorways.perceptors",
    "paint": "doorways.painter",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'doorways' has no attribute {name!r}")
    thing: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = thing
    return thing


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
