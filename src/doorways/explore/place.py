"""Places: where a worker's paintings are painted and judged. `Here` is its own process; `ray_place` is one of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from doorways.explore.kind import kind_of
from doorways.library import PainterLost

if TYPE_CHECKING:
    from doorways.events import Event
    from doorways.library import Files
    from doorways.library.recorder import AnyPainter
    from doorways.painter import Painter


class NoRoom(PainterLost):
    """Others take all the room at this moment: the painting waits for the next who is free."""


class Place(Protocol):
    """Where one painting after another is painted, or some side by side."""

    together: int
    """How many side by side, at most."""

    def is_ready(self) -> bool:
        """Whether a painting may be claimed for it now."""
        ...

    def open(self, files: Files, recipe: Mapping[str, Any], *, beside: bool = False) -> AnyPainter:
        """The painter of a painting with these files, ready for the step after its last checkpoint.

        Args:
            beside: whether it is painted side by side with others of its kind, opened just before or after it.

        Raises:
            NoRoom: not now.
            PainterLost: the place is gone.
            DoorwaysError: it cannot be painted.
        """
        ...

    def events(self, painter: AnyPainter) -> Iterator[Event]:
        """What happens as it is painted on; of several side by side each is to be asked in its turn."""
        ...

    def judge(self, painter: AnyPainter, asked: Mapping[str, Any]) -> dict[str, float]:
        """The judge's measures of what the painter has painted so far: of `Painter.outlook`.

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
        together: paintings side by side, at most; more than one on a CPU do not repeat bit for bit.
    """

    def __init__(self, threads: int | None = None, *, together: int = 1) -> None:
        self.threads, self.together = threads, together
        self._company: Company | None = None

    def is_ready(self) -> bool:
        return True

    def open(self, files: Files, recipe: Mapping[str, Any], *, beside: bool = False) -> AnyPainter:
        import torch

        from doorways.library.recorder import painter_from

        if threads := recipe.get("threads") or self.threads:
            torch.set_num_threads(threads)  # the one before may have had its own
        if self._company is not None and not (beside and self._company.kind == kind_of(recipe)):
            self._company = None
        if beside and self._company is None:
            self._company = Company(recipe)
        return painter_from(files, recipe, models=self._company.models if self._company else None)

    def events(self, painter: AnyPainter) -> Iterator[Event]:
        if self._company is None:
            return iter(painter)
        return self._company.group.events(cast("Painter", painter))

    def judge(self, painter: AnyPainter, asked: Mapping[str, Any]) -> dict[str, float]:
        from doorways.judge import judge

        judgement = judge(
            cast("Painter", painter).outlook().cpu(),
            painter.recipe,
            asked["judge"],
            count=asked["count"],
            unwanted=asked["unwanted"],
            machine=painter.machine(),
        )
        return dict(judgement.scores)

    def rest(self) -> None:
        pass


class Company:
    """Paintings of one kind side by side: the models that they share, which stay loaded, and the group they are painted in.

    Each painter tells the models its own prompts.
    """

    def __init__(self, recipe: Mapping[str, Any]) -> None:
        from doorways.ensemble import Ensemble
        from doorways.prompts import parse_prompts
        from doorways.recipe import Recipe
        from doorways.side_by_side import SideBySide

        self.kind, self.group = kind_of(recipe), SideBySide()
        self.models = Ensemble.open(Recipe.build(**recipe), parse_prompts("any"))
