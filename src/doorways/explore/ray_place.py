"""A place on a Ray cluster: an easel there, and here the painter that speaks for it.

The worker's loop and the library stay in this process: the easel is sent a painting's recipe and files, and takes one
step after another as it is asked. Its process is kept for the next painting, with torch and the models' code loaded; it is
given back when there is nothing to paint, or the next painting needs another share of a machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError
from torch import Tensor

import doorways
from doorways.errors import DoorwaysError, InputError
from doorways.events import Event, Squeezed, Stepped
from doorways.explore.place import NoRoom
from doorways.explore.ray_cluster import Needs, nodes, reason
from doorways.explore.ray_easel import Easel
from doorways.library import Files, PainterLost
from doorways.library.recorder import AnyPainter
from doorways.painting import Painting
from doorways.recipe import Recipe

PATIENCE_S = 20.0
"""How long a claimed painting waits for room on the cluster before others may claim it."""
MOST_IN_VAIN = 20
"""So many easels in a row that end before they have come are not the echo of a machine that has just been lost."""
KEEP_S = 5.0
"""How long an easel is kept with nothing to paint."""


class RayPlace:
    """One easel at a time on the connected cluster.

    Args:
        threads: for paintings that do not say how many.
        folder: which relative paths of models start from, where it is on the machine that paints.
    """

    together = 1

    def __init__(self, threads: int, folder: str | None) -> None:
        self.threads, self.folder = threads, folder
        self._easel: Any = None
        self._came: Any = None
        self._needs: Needs | None = None
        self._used = time.monotonic()
        self._in_vain = 0

    def is_ready(self) -> bool:
        """Also while it has none: one is asked for when there is something to paint."""
        return self._easel is None or self._is_there(0)

    def open(self, files: Files, recipe: Mapping[str, Any], *, beside: bool = False) -> AnyPainter:
        self._ask_for(needs_of(recipe, self.threads))
        if not self._is_there(PATIENCE_S):
            raise NoRoom("the cluster has no room for another painting at this moment")
        self._used = time.monotonic()
        paths = [path for path in (files.checkpoint, *files.sources.glob("*")) if path.is_file()]
        sent = {path.relative_to(files.folder).as_posix(): path.read_bytes() for path in paths}
        try:
            self._greet()
            return FarPainter(self._easel, *answer(self._easel.open.remote(sent, dict(recipe))))
        except PainterLost:
            self.leave()
            raise

    def events(self, painter: AnyPainter) -> Iterator[Event]:
        return iter(painter)

    def judge(self, painter: AnyPainter, asked: Mapping[str, Any]) -> dict[str, float]:
        self._used = time.monotonic()
        measures: dict[str, float] = answer(self._easel.judge.remote(dict(asked)))
        return measures

    def rest(self) -> None:
        if time.monotonic() - self._used > KEEP_S:
            self.leave()

    def leave(self) -> None:
        """Gives the easel back."""
        if self._easel is not None:
            with suppress(RayError, ConnectionError):  # it may be gone already
                if self._is_there(0):
                    self._easel.close.remote()
                else:
                    ray.kill(self._easel)
        self._easel = self._needs = None

    def _greet(self) -> None:
        """Hears whether the easel has come."""
        try:
            answer(self._came)
            self._in_vain = 0
        except PainterLost as lost:
            self._in_vain += 1
            if getattr(lost.__cause__, "actor_init_failed", False) or self._in_vain == MOST_IN_VAIN:
                raise
            raise NoRoom(str(lost)) from lost  # it was sent to a machine that has just been lost

    def _ask_for(self, needs: Needs) -> None:
        if needs == self._needs:
            self._came = self._easel.hello.remote(doorways.__version__)  # it may have gone since
            return
        self.leave()
        if not needs.room(there := nodes()) and any(node.processors for node in there):
            asked = f"{needs.threads} processors" + (" and a GPU" if needs.gpus else "")
            raise InputError(
                f"a painting takes {asked}, and no machine of the cluster has that; set threads and device otherwise"
            )
        self._easel = (
            ray.remote(Easel)
            .options(num_cpus=needs.threads, num_gpus=needs.gpus, max_restarts=0, max_task_retries=0)
            .remote(self.folder, needs.threads)
        )
        self._came = self._easel.hello.remote(doorways.__version__)
        self._needs = needs

    def _is_there(self, patience_s: float) -> bool:
        there, _ = ray.wait([self._came], timeout=patience_s)
        return bool(there)


class FarPainter:
    """Speaks for the painter at an easel: a `Painter` to those who record it."""

    def __init__(self, easel: Any, recipe: Recipe, step: int) -> None:
        self._easel, self.recipe, self.step = easel, recipe, step

    def __iter__(self) -> Iterator[Event]:
        while (event := answer(self._easel.go_on.remote())) is not None:
            if isinstance(event, Stepped):
                self.step = event.step
            if isinstance(event, Squeezed):
                self.recipe = event.recipe
            yield event

    def picture(self) -> Tensor:
        picture: Tensor = answer(self._easel.picture.remote())
        return picture

    def painting(self) -> Painting:
        painting: Painting = answer(self._easel.painting.remote())
        return painting

    def machine(self) -> dict[str, Any]:
        machine: dict[str, Any] = answer(self._easel.machine.remote())
        return machine

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        state: tuple[dict[str, Tensor], dict[str, Any]] = answer(self._easel.state.remote())
        return state


def needs_of(recipe: Mapping[str, Any], threads: int) -> Needs:
    """What a painting with these settings takes: its threads, and a GPU where it asks for one, or for any there is."""
    device = str(recipe.get("device") or "auto")
    wants = device.startswith("cuda") or (device == "auto" and any(node.gpus for node in nodes()))
    return Needs(int(recipe.get("threads") or threads), int(wants))


def answer(asked: Any) -> Any:
    """What an easel answers.

    Raises:
        PainterLost: its process, its machine or the way to it is gone.
        Exception: what it raised.
    """
    try:
        return ray.get(asked)
    except RayTaskError as error:
        if isinstance(error.cause, DoorwaysError):
            raise error.cause from None
        raise
    except (RayError, ConnectionError) as error:
        raise PainterLost(f"a worker of the cluster is gone: {reason(error)}") from error
