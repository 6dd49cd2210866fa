"""A theme in a library: its sweep, found again by its title, and the paintings that are added when the theme is edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from doorways.errors import InputError
from doorways.explore.rungs import Rungs
from doorways.explore.standings import was_killed
from doorways.explore.sweep import Planned, recipe_key
from doorways.explore.theme import Theme
from doorways.judge.ranking import things_weighed
from doorways.library import Entry, Library, Sweep, differences
from doorways.library.differences import FILLED_IN
from doorways.recipe import Recipe

LEFT_OPEN = {*FILLED_IN, "window"} - {"device"}
"""Settings that the painter may fill in or change to fit a theme's `memory`, so that they are no part of a painting's key."""

UNDER_WAY = ("waiting", "running", "resting", "paused")
"""States of paintings that have not come to their end."""


@dataclass(frozen=True)
class Change:
    """What a theme, as it is now, asks of the library beyond what is there.

    Attributes:
        sweep: the theme's own, or None if it is new.
        new: paintings that are not there yet.
        back: paintings that were stopped before they were judged, and are wanted again.
        gone: paintings not begun yet that the theme no longer asks for.
        left: paintings that are there, and have not come to their end.
        kept: how many of the theme's paintings are there already.
    """

    sweep: Sweep | None
    new: tuple[Planned, ...]
    back: tuple[Entry, ...]
    gone: tuple[Entry, ...]
    left: tuple[Planned, ...]
    kept: int

    @property
    def todo(self) -> tuple[Planned, ...]:
        """All that is to be painted."""
        return self.new + self.left


def sweep_of(library: Library, title: str) -> Sweep | None:
    """The newest sweep of a title, or None."""
    found = [sweep for sweep in library.sweeps() if sweep.title == title]
    return found[-1] if found else None


def find_sweep(library: Library, named: str | None = None) -> Sweep:
    """The sweep of a title or an ID; the newest if none is named.

    Raises:
        InputError: there is none.
    """
    sweeps = library.sweeps()
    if named is None and not sweeps:
        raise InputError(
            f"nothing is being explored in the library {library.folder}; begin with `doorways explore theme.toml`"
        )
    if named is None:
        return sweeps[-1]
    return sweep_of(library, named) or library.get_sweep(named)


def compare(library: Library, theme: Theme, planned: Iterable[Planned]) -> Change:
    """What is to be done for the library to hold the theme as it is now; nothing is changed yet."""
    sweep = sweep_of(library, theme.title)
    defaults = Recipe.build(
        prompts="any", seed=0
    ).settings()  # for settings that an older version did not know
    there: dict[str, list[Entry]] = {}
    for entry in library.list(sweep=sweep.id) if sweep else []:
        there.setdefault(_open_key(defaults | entry.recipe), []).append(entry)
    new, left, wanted = [], [], set[str]()
    for one in planned:
        settings = one.recipe.settings()
        same = [e for e in there.get(_open_key(settings), ()) if _is(e, settings, defaults)]
        wanted.update(entry.id for entry in same)
        if not same:
            new.append(one)
        elif any(entry.state in UNDER_WAY or _comes_back(entry) for entry in same):
            left.append(one)
    entries = [entry for same in there.values() for entry in same]
    back = (e for e in entries if e.id in wanted and _comes_back(e))
    gone = (e for e in entries if e.id not in wanted and _is_untouched(e))
    return Change(sweep, tuple(new), tuple(back), tuple(gone), tuple(left), len(wanted))


def enlist(library: Library, theme: Theme, planned: Sequence[Planned], settings: dict[str, Any]) -> Sweep:
    """Brings the library to what the theme asks for, all of it or, if that fails, nothing; if there is anything to
    paint, the sweep is then running.

    What there is to do is found anew: since it was told to the artist others may have begun, judged or pinned paintings, or
    enlisted the same theme.

    Args:
        planned: all that the theme asks for.
        settings: JSON values that the sweep remembers beside those of the theme, such as the folder that paths start from.
    """
    with library.together():
        change = compare(library, theme, planned)
        settings = settings_of(theme) | settings
        if change.sweep is None:
            sweep = library.add_sweep(theme.title, theme.text, settings)
        else:
            settings = {**library.get_sweep(change.sweep.id).settings, **settings}
            state = "running" if change.todo else None
            if state:
                settings.pop("reason", None)  # why it was paused before
            sweep = library.update_sweep(change.sweep.id, state=state, theme=theme.text, settings=settings)
        for one in change.new:
            tags = (one.section,) if one.section else ()
            library.add(one.recipe, sweep=sweep.id, subject=one.subject, tags=tags)
        for entry in change.back:
            library.release(entry.id, "waiting")
        for entry in change.gone:
            library.release(entry.id, "stopped")
    return sweep


def settings_of(theme: Theme) -> dict[str, Any]:
    """What a sweep remembers of its theme, for those who paint it, as JSON values."""
    rungs = (
        None if theme.triage is None else {name: list(part) for name, part in asdict(theme.triage).items()}
    )
    return {
        "triage": rungs,
        "weights": theme.weights,
        "judge": theme.judge,
        "unwanted": things_weighed("unwanted", theme.weights, theme.unwanted),
        "count": things_weighed("count", theme.weights, theme.count),
    }


def rungs_of(sweep: Sweep) -> Rungs | None:
    """The rungs of a sweep, or None where all is painted whole."""
    found = sweep.settings.get("triage")
    return Rungs(**found) if found else None


def _is_untouched(entry: Entry) -> bool:
    """Whether nothing of it was painted, nobody paints it, and it was not asked for by name."""
    return entry.state == "waiting" and not entry.step and not entry.pinned


def _comes_back(entry: Entry) -> bool:
    """Whether it was stopped before it was judged, and not as a reject."""
    return was_killed(entry) and entry.verdict != "reject"


def _is(entry: Entry, settings: dict[str, Any], defaults: dict[str, Any]) -> bool:
    """Whether a painting is what a theme asks for; to fit its `memory` the painter may have narrowed the window."""
    fitted = {"window"} if "memory" in settings else set[str]()
    return not differences(settings, defaults | entry.recipe).keys() - fitted


def _open_key(settings: dict[str, Any]) -> str:
    return recipe_key({name: value for name, value in settings.items() if name not in LEFT_OPEN})
