"""A library in a folder of its own, and themes that are painted in a tenth of a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from doorways.explore.campaign import enlist
from doorways.explore.sweep import plan
from doorways.explore.theme import Theme
from doorways.library import Library, Sweep
from tests.recipes import clip

RUNGS = "{ at = [0.25, 0.5], keep = [0.5, 0.5] }"
QUICK = """
{before}title = "quick"
seeds = {seeds}
judge = '{judge}'
weights = {{ match = 1 }}
pairs = {pairs}
triage = {triage}

[recipe]
generator = "fourier"
perceptor = '{clip}'
size = "48x24"
start_size = "24x12"
grow_at = 0.5
steps = {steps}
cutouts = 4
overviews = 1
threads = 1
"""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def quick_theme(tmp_path: Path) -> Callable[..., Path]:
    """Writes a theme; seeds, pairs, triage and steps as TOML, and more of it before the rest."""

    def write(**changes: object) -> Path:
        settings = {
            "seeds": 4,
            "pairs": '[["fire", "ocean"]]',
            "triage": RUNGS,
            "before": "",
            "steps": 8,
        } | changes
        path = tmp_path / "quick.toml"
        path.write_text(QUICK.format(**settings, clip=clip(), judge=clip(1)), "utf-8")
        return path

    return write


@pytest.fixture
def enlisted_on(quick_theme: Callable[..., Path]) -> Callable[..., Sweep]:
    """Brings a theme into a library, without anyone who paints it."""

    def bring(library: Library, **changes: object) -> Sweep:
        theme = Theme.from_file(quick_theme(**changes))
        return enlist(library, theme, [*plan(theme)], {})

    return bring


@pytest.fixture
def enlisted(library: Library, enlisted_on: Callable[..., Sweep]) -> Callable[..., Sweep]:
    """The same, into the library of these tests."""
    return partial(enlisted_on, library)
