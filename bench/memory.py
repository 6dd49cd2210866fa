"""The peak memory of a piece of work, measured in a process of its own.

What is reported is resident memory as the system counts it: models, libraries, activations and whatever the
allocator has not given back. The peak is that of the work alone (Linux can reset the mark once the models are built);
where the mark cannot be reset it is that of the whole process, which is said.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any


def peak_mib(prepare: Callable[..., Callable[[], object]], *args: Any, times: int = 2) -> dict[str, Any]:
    """Runs `prepare(*args)` in a new process, then what it returns `times` times.

    Returns: `peak`, the most resident memory during these; `before`, what was resident when they began; both MiB;
        and `whole_process`, whether the peak includes the preparation.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, prepare, args, times).result()


def _measure(
    prepare: Callable[..., Callable[[], object]], args: tuple[Any, ...], times: int
) -> dict[str, Any]:
    work = prepare(*args)
    reset = _reset()
    before = _status("VmRSS") if reset else None
    for _ in range(times):
        work()
    return {"peak": _status("VmHWM") if reset else _whole(), "before": before, "whole_process": not reset}


def _reset() -> bool:
    """Lowers the high-water mark to what is resident now; False where the system cannot."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def _whole() -> float:
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024
