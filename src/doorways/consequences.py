"""What follows from settings: whether there is a sketch, and what is worked out anew when others are changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STEPS, SKETCHED_STEPS = 300, 60
"""Steps of a painting where none are given: in noise all has to be found, in a sketch they wear the outlines away."""

CONSEQUENCES = {
    "generator": ("learning_rate", "sketch"),
    "init_image": ("sketch",),
    "suggest": ("sketch",),
    "perceptor": ("micro_batch",),
    "device": ("precision", "micro_batch"),
    "precision": ("micro_batch",),
    "memory": ("micro_batch", "recompute"),
    "detail": ("large", "medium", "small", "size_range", "start_size"),
    "size": ("start_size",),
    "wrap": ("border",),
}
"""What is worked out anew when a setting of a recipe is changed, unless it is given too."""
BEGUN_OTHERWISE = ("learning_rate", "start_size")
"""What is besides when a sketch comes or goes; and steps, if they are as many as where none are given."""


def stale(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> set[str]:
    """Which of `settings`, checked or not yet, are worked out anew when there are `changes`.

    What begins with a picture is on the whole canvas at once, and what no longer does may grow.

    >>> sorted(stale({"steps": 60, "learning_rate": 0.03}, {"sketch": False}))
    ['learning_rate', 'start_size', 'steps']
    >>> sorted(stale({"generator": "fourier", "start_size": "384x192"}, {"init_image": "a.png"}))
    ['sketch', 'start_size']
    >>> sorted(stale({"steps": 70, "learning_rate": 0.03}, {"sketch": True}))
    []
    """
    dropped = {name for cause in changes for name in CONSEQUENCES.get(cause, ())}
    before = has_sketch(settings)
    after = {name: value for name, value in settings.items() if name not in dropped} | dict(changes)
    if (settings.get("init_image") is None) != (after.get("init_image") is None):
        dropped.add("start_size")
    if has_sketch(after) != before:
        dropped.update(BEGUN_OTHERWISE)
        if settings.get("steps") == steps_for(sketch=before):
            dropped.add("steps")
    return dropped


def steps_for(*, sketch: bool) -> int:
    """Steps where none are given."""
    return SKETCHED_STEPS if sketch else STEPS


def has_sketch(settings: Mapping[str, Any]) -> bool:
    """Whether a painting with these settings, checked or not yet, begins with a sketch.

    >>> has_sketch({}), has_sketch({"generator": "fourier"}), has_sketch({"generator": "fourier", "sketch": "yes"})
    (True, False, True)
    """
    if settings.get("init_image") is not None or settings.get("suggest") is not None:
        return False
    sketch, generator = (settings.get(name) for name in ("sketch", "generator"))
    return generator in (None, "embedded") if sketch is None else is_on(sketch)


def is_on(value: Any) -> bool:
    """Whether a setting that was not read yet is a yes."""
    return str(value).strip().lower() in {"true", "1", "1.0", "yes", "y", "on", "t"}
