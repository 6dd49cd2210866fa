"""A Ray cluster: its address, whether it answers, and how many paintings it has room for."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from doorways.errors import DoorwaysError, InputError

HERE = "ray"
"""The cluster that Ray finds by itself, or one of this machine alone."""
ANSWER_S = 20.0
"""A cluster that has not answered after so long is taken not to be there."""
TRIES = 3
"""Ray forks a process for each client, and now and then one does not survive its birth."""
_CLIENTS = re.compile(r"ray://(?P<host>\[[0-9a-fA-F:]+\]|[^\s/:@]+):(?P<port>\d{1,5})")
_PROBE = "import sys; from doorways.explore.ray_cluster import join; join(sys.argv[1])"


def must_answer(on: str) -> None:
    """Asks the cluster `on`, within `ANSWER_S`, whether it is there; one that Ray would start here is not asked.

    Args:
        on: `ray`: the cluster of the variable RAY_ADDRESS, or one that runs on this machine, or else a new one of this
            machine alone; or `ray://HOST:PORT`, where a cluster listens for Ray's clients.

    Raises:
        InputError: `on` is neither, Ray is not installed, or nobody answers.
    """
    if on != HERE and _CLIENTS.fullmatch(on) is None:
        raise InputError(
            f"--on {on}: must be ray, for this machine or the cluster that RAY_ADDRESS names, or ray://HOST:PORT, where "
            "a Ray cluster listens for clients"
        )
    if find_spec("ray") is None:
        raise InputError(
            "painting on a cluster needs Ray, which is not installed; pip install 'doorways[ray]'"
        )
    address = _address(on)
    if address in (None, "local"):
        return
    until = time.monotonic() + ANSWER_S
    try:
        _must_listen(address)
        subprocess.run(
            [sys.executable, "-c", _PROBE, address],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=until - time.monotonic(),
        )
    except (OSError, OverflowError, subprocess.SubprocessError) as error:
        raise InputError(
            f"no Ray cluster answers at {address}; check the address and that `ray status` shows it there, or paint on "
            "this machine without --on"
        ) from error


@contextmanager
def connected(on: str) -> Iterator[None]:
    """The cluster `on`, which `must_answer` has asked, is connected while the block runs; one started here ends then.

    Raises:
        DoorwaysError: it cannot be used.
    """
    import ray

    try:
        join(_address(on))
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise DoorwaysError(
            f"the Ray cluster {on} cannot be used ({reason(error)}); mend that, and go on with "
            "`doorways explore resume --on`"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def join(address: str | None) -> None:
    """Connects to the cluster at `address`, or to the one that Ray finds or starts here; `local`: always a new one."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    for left in reversed(range(TRIES)):
        try:
            ray.init(address, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
            return
        except ConnectionAbortedError:
            if not left:
                raise


def reason(error: Exception) -> str:
    """The line of an error of Ray's that says what happened: the last one.

    >>> reason(RuntimeError("the worker failed:\\n  File x\\nKeyError: 'y'\\n"))
    "KeyError: 'y'"
    """
    lines = str(error).split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), type(error).__name__)


def _address(on: str) -> str | None:
    if on != HERE:
        return on
    return os.environ.get("RAY_ADDRESS") or ("local" if _was_killed() else None)


def _was_killed() -> bool:
    """Whether nothing listens at the address that Ray would look for a cluster at: one that was killed leaves it behind."""
    try:
        _must_listen((Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray" / "ray_current_cluster").read_text())
    except FileNotFoundError:
        return False
    except (OSError, OverflowError):
        return True
    return False


def _must_listen(address: str) -> None:
    """Asks before Ray does, which keeps trying for minutes where nothing listens."""
    if found := re.fullmatch(r"(?:ray://)?(.+):(\d+)", address.strip()):
        socket.create_connection((found[1].strip("[]"), int(found[2])), timeout=ANSWER_S / 2).close()


@dataclass(frozen=True)
class Node:
    """What a machine of the cluster has, taken or not."""

    processors: int
    gpus: int


def nodes() -> list[Node]:
    """The machines of the connected cluster that are alive."""
    import ray

    found = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [Node(int(has.get("CPU", 0)), int(has.get("GPU", 0))) for has in found]


@dataclass(frozen=True)
class Needs:
    """What one painting takes of a machine."""

    threads: int
    gpus: int

    def room(self, nodes: Sequence[Node]) -> int:
        """How many such paintings fit side by side.

        >>> Needs(2, 0).room([Node(4, 0), Node(3, 0)]), Needs(1, 1).room([Node(16, 2), Node(16, 0)])
        (3, 2)
        """
        fitting = (node.processors // self.threads for node in nodes)
        if not self.gpus:
            return sum(fitting)
        return sum(min(fits, node.gpus // self.gpus) for fits, node in zip(fitting, nodes, strict=True))


def threads_for(workers: int, nodes: Sequence[Node]) -> int:
    """The most threads that each of so many workers can have, all of them on these machines; at least one.

    >>> threads_for(3, [Node(8, 0), Node(4, 0)]), threads_for(100, [Node(8, 0)])
    (4, 1)
    """
    most = max((node.processors for node in nodes), default=1)
    return max(
        (threads for threads in range(1, most + 1) if Needs(threads, 0).room(nodes) >= workers), default=1
    )
