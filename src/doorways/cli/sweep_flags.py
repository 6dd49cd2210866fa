"""How a sweep is painted: the flags of `doorways explore` that say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from doorways.errors import InputError

HOW = Group("How", sort_key=10)

Workers = Annotated[
    int | None,
    Parameter(
        help="Processes that paint side by side. [1; with --on as many as there is room for]",
        group=HOW,
        metavar="N",
    ),
]
Side = Annotated[
    int | None,
    Parameter(
        name="--together",
        help="Paintings that each process paints side by side, on a GPU. [what is fastest here; 1 on a CPU and with --on]",
        group=HOW,
        metavar="N",
    ),
]
On = Annotated[
    str | None,
    Parameter(
        help="Paint on a Ray cluster: `ray` is that of RAY_ADDRESS, or one of this machine; or its `ray://HOST:PORT`.",
        group=HOW,
        metavar="CLUSTER",
    ),
]
Background = Annotated[
    bool,
    Parameter(
        help="Paint on when this command has ended; `status` says how far it is.", group=HOW, negative=""
    ),
]


@dataclass(frozen=True, kw_only=True)
class How:
    """How a sweep is painted."""

    workers: Workers = None
    together: Side = None
    on: On = None
    background: Background = False
    dry_run: Annotated[
        bool, Parameter(help="Say what it would cost, and paint nothing.", group=HOW, negative="")
    ] = False
    yes: Annotated[bool, Parameter(help="Do not ask, however much it is.", group=HOW, negative="")] = False


def must_be_there(workers: int | None, together: int | None, on: str | None) -> None:
    """Refuses numbers that are none, and a cluster that does not answer."""
    if workers is not None and workers < 1:
        raise InputError(f"workers {workers}: must be at least 1; each is a process that paints")
    if together is not None and together < 1:
        raise InputError(
            f"together {together}: must be at least 1; it is how many paintings take a step at once"
        )
    if on is not None and (together or 1) > 1:
        raise InputError(
            f"together {together}: the workers of a cluster paint one at a time; leave it out, or leave out --on"
        )
    if on is not None:
        from doorways.explore.ray_cluster import must_answer

        must_answer(on)
