"""What the tests of benches put back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.shapes import GENERATORS, enter
from doorways.registry import generators, perceptors


@pytest.fixture(scope="module", autouse=True)
def random_models() -> Iterator[None]:
    """The random models that a bench registers are gone after its tests."""
    yield
    for name in GENERATORS:
        generators.things.pop(name, None)
    perceptors.things.pop("random-clip", None)
    enter.cache_clear()
    if (folder := vars(enter).pop("folder", None)) is not None:
        folder.cleanup()
