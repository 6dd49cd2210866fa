"""`doorways explore`: a theme in, the best few out; and what the artist decides on the way."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from doorways.cli.library import In, Where
from doorways.cli.sweep_costs import MANY, ask, ask_about, costs_of, say, tell
from doorways.cli.sweep_flags import Background, How, On, Side, Workers, must_be_there
from doorways.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from doorways.library import Entry, Library, Sweep

app = App(
    name="explore",
    help="Paint a theme: all its subjects, wordings, seeds and settings; the best of each subject are painted whole.",
    help_epilogue="A sweep is known by its title or its ID; the newest is meant if none is named.",
    default_parameter=Parameter(show_default=False),
)

SweepName = Annotated[str | None, Parameter(help="A sweep's title or ID; the newest if not given.")]
Ids = Annotated[str, Parameter(help="IDs of paintings.")]


@app.default
def explore(
    theme: Annotated[Path, Parameter(help="A theme, a TOML file: docs/explore.md says what may be in it.")],
    /,
    *,
    how: Annotated[How | None, Parameter(name="*")] = None,
    where: In = None,
) -> int:
    """Say how much it is, and paint it.

    A theme that has been edited and is given again adds what is new to what is there, also while it is being painted.
    """
    how, where = how or How(), where or Where()
    must_be_there(how.workers, how.together, how.on)
    from doorways.explore.campaign import compare, enlist
    from doorways.explore.crew import at_work
    from doorways.explore.foreseen import foreseen
    from doorways.explore.sweep import count, plan
    from doorways.explore.theme import Theme
    from doorways.explore.together import must_not_be_on_cpu

    read = Theme.from_file(theme)
    with _about(theme):
        paintings = count(read)
    if paintings > MANY and how.dry_run and not how.yes:
        say(f"{read.title}: {paintings:,} paintings; that many are asked about first, and --yes counts on")
        return 0
    if paintings > MANY:
        ask(f"{theme}: {paintings:,} paintings", how)
    here = _here()
    with _about(theme):
        planned = list(plan(read))
    must_not_be_on_cpu(how.together or 1, (one.recipe.settings() for one in planned))
    with where.open(create=True) as library:
        change = compare(library, read, planned)
        with _about(theme):
            notes = foreseen(one.recipe for one in change.todo)
        costs = costs_of(read, change.todo, how) if change.todo else None
        tell(read, len(change.new), change.kept, len(change.gone), costs, library, how)
        for note in notes:
            say(note)
        if costs is not None:
            ask_about(costs, library, how)
        if how.dry_run:
            return 0
        kept = {} if costs is None else {"together": costs.together}
        sweep = enlist(library, read, planned, {"folder": here, **kept})
        if costs is None:
            return 0
        if workers := at_work(library, sweep):
            say(f"{len(workers)} at work on it already: what is new is painted by them")
            return 0
        return _paint(library, sweep, how.workers, how.on, together=costs.together, background=how.background)


def _here() -> str:
    """The folder that the sweep's files are looked for in; InputError where its name cannot be written down."""
    here = str(Path.cwd())
    try:
        here.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"folder {here.encode(errors='replace').decode()}: its name is no Unicode text, and a sweep remembers it; "
            "rename it, or explore in another"
        ) from None
    return here


@app.command
def status(sweep: SweepName = None, /, *, where: In = None) -> None:
    """Say how far a sweep is: what has been painted, what is being painted, who paints."""
    where = where or Where()
    from doorways.cli.sweep_status import status_json, status_text
    from doorways.explore.campaign import find_sweep

    with where.open() as library:
        found = find_sweep(library, sweep)
        where.tell(status_json(library, found), lambda: status_text(library, found))


@app.command
def pause(sweep: SweepName = None, /, *, where: In = None) -> None:
    """Leave a sweep for now; what is being painted is kept, and `resume` goes on with it."""
    where = where or Where()
    from doorways.explore.campaign import find_sweep

    with where.open() as library:
        found = find_sweep(library, sweep)
        if found.state == "done":
            raise InputError(f"{found.title}: is done, so there is nothing to pause")
        library.update_sweep(found.id, state="paused")
        say(f"{found.title}: paused; `doorways explore resume` goes on with it")
        _tell_status(where, library, found)


@app.command
def resume(
    sweep: SweepName = None,
    /,
    *,
    workers: Workers = None,
    together: Side = None,
    on: On = None,
    background: Background = False,
    where: In = None,
) -> int:
    """Go on with a sweep that was paused, or whose workers have ended; what had failed is tried again."""
    must_be_there(workers, together, on)
    where = where or Where()
    from doorways.explore import hand
    from doorways.explore.campaign import find_sweep
    from doorways.explore.crew import at_work

    code = 0
    with where.open() as library:
        found = find_sweep(library, sweep)
        waiting = hand.resume(library, found)
        if names := at_work(library, found):
            say(f"{found.title}: {len(names)} at work on it")
        elif not waiting and not library.counts(found.id).keys() & {"running", "resting"}:
            library.update_sweep(found.id, state="done")
            say(f"{found.title}: nothing is left to paint")
        else:
            now = library.get_sweep(found.id)
            side = _together_again(library, now, together, on)
            code = _paint(library, now, workers, on, together=side, background=background)
        _tell_status(where, library, found)
    return code


@app.command
def stop(sweep: SweepName = None, /, *, where: In = None) -> None:
    """End a sweep for good: nothing more of it is painted; what has been painted stays in the library."""
    where = where or Where()
    from doorways.explore import hand
    from doorways.explore.campaign import find_sweep

    with where.open() as library:
        found = find_sweep(library, sweep)
        say(f"{found.title}: ended; {hand.stop(library, found)} paintings are not painted on")
        _tell_status(where, library, found)


@app.command
def pin(*ids: Ids, where: In = None) -> None:
    """Have paintings painted whole, before others, whatever the judge says."""
    from doorways.explore import hand

    _by_hand(hand.pin, ids, where)


@app.command
def kill(*ids: Ids, where: In = None) -> None:
    """Have paintings painted no further; they are rejects."""
    from doorways.explore import hand

    _by_hand(hand.kill, ids, where)


@app.command
def promote(*ids: Ids, where: In = None) -> None:
    """Have paintings go on to the next rung, whatever the judge says."""
    from doorways.explore import hand

    _by_hand(hand.promote, ids, where)


def _tell_status(where: Where, library: Library, sweep: Sweep) -> None:
    """How far the sweep is, for machines; people have been told."""
    from doorways.cli.sweep_status import status_json

    if where.json_:
        where.tell(status_json(library, library.get_sweep(sweep.id)), str)


def _by_hand(act: Callable[[Library, str], Entry], ids: tuple[str, ...], where: Where | None) -> None:
    where = where or Where()
    if not ids:
        raise InputError("name at least one painting by its ID; `doorways explore status` shows them")
    with where.open() as library:
        with library.together():
            entries = [act(library, id) for id in ids]
        where.tell([entry.to_json() for entry in entries], lambda: "\n".join(map(_line, entries)))
        swept = {entry.sweep for entry in entries if entry.sweep and entry.state == "waiting"}
        for sweep in filter(None, swept):
            _say_if_nobody_paints(library, library.get_sweep(sweep))


def _say_if_nobody_paints(library: Library, sweep: Sweep) -> None:
    from doorways.explore.crew import at_work

    if sweep.state != "running" or not at_work(library, sweep):
        say(f"nobody paints {sweep.title} now; `doorways explore resume {sweep.id}` does")


def _line(entry: Entry) -> str:
    pinned = ", pinned" if entry.pinned else ""
    return f"{entry.id}: {entry.state} after step {entry.step} of {entry.steps}{pinned}  {entry.subject or entry.prompts}"


@contextmanager
def _about(theme: Path) -> Iterator[None]:
    """What is wrong in the block is wrong with the theme, and says so."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{theme}: {error}") from error


def _together_again(library: Library, sweep: Sweep, asked: int | None, on: str | None) -> int:
    """How many side by side: as is asked, or as when the sweep was begun, if its paintings are on a GPU here too."""
    from doorways.explore.together import must_not_be_on_cpu, on_cpu

    recipes = [entry.recipe for entry in library.list(sweep=sweep.id)]
    must_not_be_on_cpu(asked or 1, recipes)
    before: int = sweep.settings.get("together", 1)
    if asked is None:
        return 1 if before == 1 or on is not None or on_cpu(recipes) else before
    library.update_sweep(sweep.id, settings={**sweep.settings, "together": asked})
    return asked


def _paint(
    library: Library, sweep: Sweep, workers: int | None, on: str | None, *, together: int, background: bool
) -> int:
    """Starts the crew, and watches it unless it is to paint in the background."""
    from doorways.explore.crew import hire, let_go

    crew = hire(library, sweep, workers, together=together, on=on)
    if background:
        let_go(crew)
        say("painting in the background; `doorways explore status` says how far it is, `… stop` ends it")
        return 0
    from doorways.cli.sweep_status import watch

    return watch(library, sweep, crew)
