"""Several painters side by side, whose steps are taken in one pass: a GPU is kept busier by many pieces than by few.

Each painting keeps its own chance, prompts, objectives, average and events, and comes out as if it had been painted alone,
up to rounding. So paintings on a CPU, which are to repeat bit for bit, are not painted side by side by any command.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator

from doorways.errors import OutOfMemoryError
from doorways.events import Event
from doorways.gaze import WholeGaze
from doorways.machine import out_of_memory
from doorways.painter import Painter
from doorways.standing import Standing, Taken
from doorways.step import find


class SideBySide:
    """A group of painters, each of which is iterated by itself, in turns with the others.

        group = SideBySide()
        for events in zip(*(group.events(painter) for painter in painters)):  # one of each painter
            ...

    Steps are queued ahead as a painter alone does it on CUDA. Whoever ends, fails or is left leaves the others as they were: a
    step that cannot be taken with others is taken alone, and what goes wrong with it then is raised to who iterates.

    Attributes:
        most: painters in one pass at most; half as many when memory has run out, and None before that.
    """

    def __init__(self) -> None:
        self.most: int | None = None
        self._queues: dict[Painter, deque[Taken]] = {}

    def events(self, painter: Painter) -> Iterator[Event]:
        """What iterating over the painter gives, its steps taken together with those of the others where that can be."""
        queued = self._queues[painter] = deque()
        painter.ahead = max(1, painter.ahead)  # a step taken for others' sake must leave it where it stands
        try:
            for event in painter.events(queued):
                yield event
                while len(group := self._group(painter)) > 1 and self._take_steps(group):
                    pass
        finally:
            del self._queues[painter]

    def _group(self, painter: Painter) -> dict[Painter, Standing]:
        """Who takes a step with `painter`, and from where; nobody if it has enough of them."""
        wanting = {
            other: last
            for other, queued in self._queues.items()
            if kind_of(other) == kind_of(painter) and (last := other.last(queued)) is not None
        }
        if painter not in wanting:
            return {}
        neediest = sorted(wanting, key=lambda other: (other is not painter, len(self._queues[other])))
        return {other: wanting[other] for other in neediest[: self.most]}

    def _take_steps(self, group: dict[Painter, Standing]) -> bool:
        """Queues a step for each of the group; False where something is wrong, and each is to find by itself what it is."""
        try:
            with out_of_memory(next(iter(group)).recipe):
                steps = {painter: painter.begin(last) for painter, last in group.items()}
                found = find(list(steps.values()))
                taken = [
                    painter.end(step, own) for (painter, step), own in zip(steps.items(), found, strict=True)
                ]
        except OutOfMemoryError:
            self.most = len(group) // 2
            return True
        except Exception:
            return False
        for painter, own in zip(group, taken, strict=True):
            self._queues[painter].append(own)
            painter.together = max(painter.together, len(group))
        return True


def kind_of(painter: Painter) -> Hashable:
    """Painters of one kind can take a step in one pass: they share their models, and their canvas has one size.

    Canvases in windows and compiled models have one painter alone.
    """
    if painter.compiled or not isinstance(painter.gaze, WholeGaze):
        return painter
    models = (painter.generator, *(eye.perceptor for eye in painter.eyes))
    recipe = painter.recipe
    return (*map(id, models), painter.size, recipe.wrap, recipe.micro_batch)
