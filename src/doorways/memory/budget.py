"""How much memory a process holds, and how much it may hold at most."""

from __future__ import annotations

from pathlib import Path

import psutil
import torch

CONTROL_GROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
"""Where Linux writes what a container may use and uses, for versions 2 and 1 of its control groups."""


def used(device: torch.device) -> int:
    """Bytes of the device that this process holds: of a CPU what is resident, of a GPU what tensors take."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return torch.mps.current_allocated_memory()
    return int(psutil.Process().memory_info().rss)


def within_reach(device: torch.device) -> int:
    """Bytes that this process may hold at most: what it holds, and what is free."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device)
    if device.type == "mps":
        return torch.mps.recommended_max_memory()
    return used(device) + min(int(psutil.virtual_memory().available), *_left_to_the_group())


def _left_to_the_group() -> list[int]:
    """Bytes that the container still lets its processes have, where there is one with a limit."""
    left = [2**63]
    for limit, current in CONTROL_GROUPS:
        try:
            left.append(max(0, int(limit.read_text()) - int(current.read_text())))
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return left
