"""Models on disk and on the hub: what is known, what is here, how to get the rest, and how to read it safely."""

from __future__ import annotations

from doorways.models.catalogue import Model, find, is_here, known_models
from doorways.models.hub import locate, pull, size_of
from doorways.models.presets import PRESETS, Preset, preset

__all__ = [
    "PRESETS",
    "Model",
    "Preset",
    "find",
    "is_here",
    "known_models",
    "locate",
    "preset",
    "pull",
    "size_of",
]
