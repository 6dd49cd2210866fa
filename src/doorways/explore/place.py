"""Places: where a worker's paintings are painted and judged. `Here` is its own process; `ray_place` is one of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from doorways.library import PainterLost

if TYPE_CHECKING:
    from torch import Tensor

    from doorways.library import Files
    from doorways.library.recorder import AnyPainter


class NoRoom(PainterLost):
    """Others take all the room at this moment: the painting waits for the next who is free."""


class Place(Protocol):
    """Where one painting after another is painted."""

    def is_ready(self) -> bool:
        """Whether a painting may be claimed for it now."""
        ...

    def open(self, files: Files, recipe: Mapping[str, Any]) -> AnyPainter:
        """The painter of a painting with these files, ready for the step after its last checkpoint.

        Raises:
            NoRoom: not now.
            PainterLost: the place is gone.
            DoorwaysError: it cannot be painted.
        """
        ...

    def judge(self, painter: AnyPainter, asked: Mapping[str, Any]) -> dict[str, float]:
        """The judge's measures of what the painter has painted so far: of `outlook`.

        Args:
            asked: a sweep's settings.
        """
        ...

    def rest(self) -> None:
        """Told again and again while there is nothing to paint."""
        ...


class Here:
    """This process.

    Args:
        threads: on the CPU, for paintings that do not say how many.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads

    def is_ready(self) -> bool:
        return True

    def open(self, files: Files, recipe: Mapping[str, Any]) -> AnyPainter:
        import torch

        from doorways.library.recorder import painter_from

        if self.threads is not None:
            torch.set_num_threads(self.threads)  # the one before may have had its own
        return painter_from(files, recipe)

    def judge(self, painter: AnyPainter, asked: Mapping[str, Any]) -> dict[str, float]:
        from doorways.judge import judge

        judgement = judge(
            outlook(painter).cpu(),
            painter.recipe,
            asked["judge"],
            count=asked["count"],
            unwanted=asked["unwanted"],
            machine=painter.machine(),
        )
        return dict(judgement.scores)

    def rest(self) -> None:
        pass


def outlook(painter: AnyPainter) -> Tensor:
    """The picture [1, 3, H, W] that says most of what will be: on the way the latent's own, at the end what is kept.

    The average lags behind the latent by a good part of the first rungs. `bench.triage` keeps these pictures in bench/cache,
    which is to be emptied when this changes.
    """
    return painter.picture(averaged=painter.step >= painter.recipe.steps)
