"""How much memory a process holds, and how much it may hold at most."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import psutil
import torch

GROUPS = Path("/proc/self/cgroup")
"""Where Linux tells in which control groups, such as a container's, this process is."""
MOUNTED = Path("/sys/fs/cgroup")
"""Where it keeps them."""
FILES = {
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
"""What a group may use, what it uses, and what of that is files that can be dropped: version 2, and 1."""


def used(device: torch.device) -> int:
    """Bytes that this process holds: of a GPU what tensors take, of a CPU what is resident when all freed is given back."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return torch.mps.current_allocated_memory()
    give_back()
    return int(psutil.Process().memory_info().rss)


def give_back() -> None:
    """Has glibc give back what was freed, such as weights in fp32 that are in bf16 now.

    It keeps blocks of up to 32 MB for the next ones. A step fills them again: they are not held besides what it takes.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def within_reach(device: torch.device) -> int:
    """Bytes that this process may hold at most: what it holds, and what is free."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device)
    if device.type == "mps":
        return torch.mps.recommended_max_memory()
    return used(device) + min(int(psutil.virtual_memory().available), *_left_to_the_group())


def _left_to_the_group() -> list[int]:
    """Bytes that each group this process is in still lets it have, where there are limits."""
    left = [2**63]
    for line in _lines(GROUPS):
        _, kinds, path = line.split(":", 2)
        if "memory" in kinds.split(",") or not kinds:
            kind = "memory" if kinds else ""
            inside = MOUNTED / kind / path.strip("/")
            for group in (inside, *inside.parents):
                if group.is_relative_to(MOUNTED / kind):
                    left += _left(group, *FILES[kind])
    return left


def _left(group: Path, limit: str, usage: str, droppable: str) -> list[int]:
    try:
        most, taken = (int((group / name).read_text()) for name in (limit, usage))
    except (OSError, ValueError):  # no such group, or "max"
        return []
    about = dict(line.split(" ", 1) for line in _lines(group / "memory.stat"))
    return [max(0, most - taken + int(about.get(droppable, 0)))]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
