"""What an artist sees while a painting comes: a bar with step, loss and time left; plain lines where no terminal is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from doorways.recipe import Recipe

FIXED = 0.3
"""Share of a full-size step's time that does not shrink with the canvas; the rest goes with its pixels. Rough."""


class Watcher:
    """Shows the steps of a run on stderr; a context manager, since a bar must be taken away again."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self.bar: Progress | None = None
        self._task = TaskID(0)
        self._told = 0

    def begin(self, recipe: Recipe, *, step: int) -> None:
        """The run is about to take the step after `step`."""
        self._pace = Pace(effort(recipe), step)
        self._steps = recipe.steps
        if self.console.is_terminal:
            columns = "step {task.completed}/{task.total}", "{task.fields[loss]}", "{task.fields[left]}"
            self.bar = Progress(
                BarColumn(None), *map(TextColumn, columns), console=self.console, transient=True
            )
            self._task = self.bar.add_task("", total=recipe.steps, completed=step, loss="", left="")
            self.bar.start()

    def stepped(self, step: int, loss: float) -> None:
        """A step was taken."""
        left = f"{clock(self._pace.left(step))} left"
        if self.bar:
            self.bar.update(self._task, completed=step, loss=f"loss {loss:.3f}", left=left)
        elif step * 10 // self._steps > self._told:
            self._told = step * 10 // self._steps
            self.say(f"step {step}/{self._steps}  loss {loss:.3f}  {left}")

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Says what is being waited for, where a terminal can take it away again."""
        with self.console.status(what) if self.console.is_terminal else nullcontext():
            yield

    @contextmanager
    def counting(self, total: int) -> Iterator[Callable[[str], None]]:
        """A bar over `total` things, where a terminal can take it away again; called with the name of each."""
        if not self.console.is_terminal:
            yield lambda name: None
            return
        columns = (BarColumn(None), TextColumn("{task.completed}/{task.total} {task.description}"))
        with Progress(*columns, console=self.console, transient=True) as bar:
            task, begun = bar.add_task("", total=total), iter(range(total))
            yield lambda name: bar.update(task, completed=next(begun), description=escape(name))

    def say(self, text: str) -> None:
        """A sentence, above the bar."""
        self.console.print(text, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar:
            self.bar.stop()


class Pace:
    """How long the rest of a run takes, from how long it has taken so far.

    Args:
        effort: of each step, in any unit.
        step: steps that had been taken when the clock began.
    """

    def __init__(self, effort: Sequence[float], step: int) -> None:
        self._effort, self._first, self._began = effort, step, time.monotonic()

    def left(self, step: int) -> float:
        """Seconds from after `step` to the end."""
        done = sum(self._effort[self._first : step])
        return (time.monotonic() - self._began) * sum(self._effort[step:]) / done if done else 0.0


def effort(recipe: Recipe) -> list[float]:
    """What each step of the run takes, about, where one on the whole canvas takes 1."""
    begun = recipe.start_size or recipe.size
    ratio = begun.width * begun.height / (recipe.size.width * recipe.size.height)
    leaps = len(recipe.grow_at)
    grown = [sum(step >= place * recipe.steps for place in recipe.grow_at) for step in range(recipe.steps)]
    return [FIXED + (1 - FIXED) * (ratio ** (1 - leap / leaps) if leaps else 1.0) for leap in grown]


def clock(seconds: float) -> str:
    """A duration to read at a glance.

    >>> clock(8.2), clock(75), clock(3725)
    ('8 s', '1 min 15 s', '1 h 02 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60} min {whole % 60:02} s"
        if whole < 3600
        else f"{whole // 3600} h {whole // 60 % 60:02} min"
    )
