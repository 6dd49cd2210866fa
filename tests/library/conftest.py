"""A library in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doorways.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as library:
        yield library


def settings(prompts: str = "forest | kelp forest", **others: object) -> dict[str, object]:
    """A recipe's settings as JSON values, few of them."""
    return {"prompts": prompts, "seed": 1, "steps": 6, **others}
