"""What all tests share: no network, two threads (one where tests run side by side), a library of their own.

Where the embedded weights are missing, it is said.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Before torch and huggingface_hub are imported, and for the processes that tests start.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_NUM_THREADS"] = "1" if "PYTEST_XDIST_WORKER" in os.environ else "2"
os.environ["RAY_AUTH_MODE"] = "disabled"  # or Ray writes a token into the user's home
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.pop("RAY_ADDRESS", None)
os.environ["DOORWAYS_LIBRARY"] = tempfile.mkdtemp(prefix="doorways-library-")  # never the user's own

import pytest

atexit.register(shutil.rmtree, os.environ["DOORWAYS_LIBRARY"], ignore_errors=True)

ROOT = Path(__file__).parents[1]
EMBEDDED = ROOT / "src" / "doorways" / "embedded"


def embedded_weights_are_here() -> bool:
    """Whether the generator and the perceptor that ship with the package are in this checkout."""
    return all(any((EMBEDDED / name).glob("*.safetensors")) for name in ("generator", "perceptor"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("embedded") and not embedded_weights_are_here():
        pytest.skip(
            "the embedded weights are not in src/doorways/embedded; train them, or use a whole checkout"
        )
