"""Small disks in memory, which can be filled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """An empty disk of a size such as "1m" at `folder`, which is made; the test is skipped where there can be none."""
    if not sys.platform.startswith("linux"):
        pytest.skip("small disks are mounted on Linux alone")
    folder.mkdir()
    mounted = mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    if mounted.returncode:
        pytest.skip(f"a small disk may not be mounted here ({mounted.stderr.strip()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def mount(*words: object) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["mount", *map(str, words)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return subprocess.CompletedProcess(words, 1, "", "there is no mount")


def fill(folder: Path) -> Callable[[], None]:
    """Leaves no room on the disk; what it gives makes room again."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 1024):
                pass
        except OSError:
            pass
    return ballast.unlink
