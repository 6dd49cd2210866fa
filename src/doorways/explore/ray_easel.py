"""An easel: a process of a Ray cluster that paints one painting after another, and asks for nothing but what it is sent."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor

import doorways
from doorways.errors import InputError
from doorways.events import Event, Started
from doorways.explore.place import Here
from doorways.library.files import Files
from doorways.library.recorder import AnyPainter, named_recipe, named_state
from doorways.library.sources import kept_sources
from doorways.painting import Painting
from doorways.recipe import Recipe


class Easel:
    """What speaks for it elsewhere is `ray_place.FarPainter`, whose methods are these.

    Args:
        folder: which relative paths of models start from, if it is there.
        threads: on the CPU, for paintings that do not say how many.
    """

    def __init__(self, folder: str | None, threads: int) -> None:
        if folder is not None and Path(folder).is_dir():
            os.chdir(folder)
        self._here = Here(threads)
        self._files: TemporaryDirectory[str] | None = None
        self._painter: AnyPainter | None = None
        self._events: Iterator[Event] = iter(())
        self._names: dict[str, str] = {}

    def hello(self, version: str) -> None:
        """InputError unless Doorways is the same here as there."""
        if version != doorways.__version__:
            raise InputError(
                f"a worker of the cluster has Doorways {doorways.__version__}, and this is {version}; install the same on "
                "all its machines"
            )

    def open(self, files: Mapping[str, bytes], recipe: Mapping[str, Any]) -> tuple[Recipe, int]:
        """Puts up a painting: its recipe and step.

        Args:
            files: of the painting, by their paths in its folder: the checkpoint, the copies of pictures.
        """
        self._clear()
        self._files = TemporaryDirectory(prefix="doorways-")
        for name, content in files.items():
            path = Path(self._files.name, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        here = Files(Path(self._files.name))
        self._names = {copy: name for name, copy in kept_sources(recipe, here.sources).items()}
        self._painter = self._here.open(here, recipe)
        self._events = iter(self._painter)
        return named_recipe(self.painter.recipe, self._names), self.painter.step

    def close(self) -> None:
        """Ends the process, and leaves nothing behind."""
        self._clear()
        from ray.actor import exit_actor

        exit_actor()

    def _clear(self) -> None:
        if self._files is not None:
            self._files.cleanup()

    @property
    def painter(self) -> AnyPainter:
        assert self._painter is not None, "open comes first"
        return self._painter

    def go_on(self) -> Event | None:
        """What happens next, which is often a step; None when all has happened."""
        event = next(self._events, None)
        if isinstance(event, Started):
            return replace(event, recipe=named_recipe(event.recipe, self._names))
        return event

    def picture(self) -> Tensor:
        return self.painter.picture().cpu()

    def painting(self) -> Painting:
        made = self.painter.painting()
        return replace(made, recipe=named_recipe(made.recipe, self._names))

    def machine(self) -> dict[str, Any]:
        return self.painter.machine()

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors, meta = self.painter.state()
        return tensors, named_state(meta, self._names)

    def judge(self, asked: Mapping[str, Any]) -> dict[str, float]:
        return self._here.judge(self.painter, asked)
