"""What is shown of a library: a board, a sweep, or some paintings, as a gallery or a contact sheet needs them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from doorways.errors import InputError
from doorways.export.exhibit import Exhibit, Generation
from doorways.export.fields import public_change
from doorways.export.gallery import Gallery, Section
from doorways.export.grid import Grid, Tile
from doorways.library import Entry, Library
from doorways.library.orders import SCORE


def board_gallery(library: Library, board: str, *, title: str = "", introduction: str = "") -> Gallery:
    """The paintings on a board. Those of a sweep stand in the sections of its theme, in the theme's order.

    Raises:
        InputError: there is no such board, or nothing on it has a picture yet.
    """
    boards = library.boards()
    if board not in boards:
        named = (
            f"; there are {', '.join(sorted(boards))}" if boards else "; `doorways library board` makes one"
        )
        raise InputError(f"{board}: there is neither such a file or folder nor such a board{named}")
    entries = painted(library, library.list(board=board))
    if not entries:
        raise InputError(f"{board}: nothing on this board has a picture yet; wait until something is painted")
    places: dict[tuple[int, str], list[Exhibit]] = {}
    themes: dict[str, list[str]] = {}
    for entry in entries:
        if entry.sweep and entry.sweep not in themes:
            themes[entry.sweep] = _section_names(library.get_sweep(entry.sweep).theme)
        names = themes.get(entry.sweep or "", [])
        section = next((name for name in names if name in entry.tags), "")
        rank = names.index(section) if section else -1
        places.setdefault((rank, section), []).append(exhibit(library, entry))
    sections = tuple(Section(name, tuple(places[rank, name])) for rank, name in sorted(places))
    return Gallery(title or board, sections, introduction)


def painted(library: Library, entries: Iterable[Entry]) -> list[Entry]:
    """Those that have a picture."""
    return [entry for entry in entries if library.files(entry.id).picture.exists()]


def exhibit(library: Library, entry: Entry) -> Exhibit:
    """A painting of a library that has a picture, with all that is known of it."""
    facts: dict[str, Any] = {
        "state": entry.state,
        "rung": entry.rung,
        "rating": entry.rating,
        "verdict": entry.verdict,
        "tags": list(entry.tags),
        "boards": list(entry.boards),
        "sweep": entry.sweep,
        "seconds": entry.seconds,
        **{f"{SCORE}{name}": score for name, score in entry.scores.items()},
    }
    return Exhibit(
        picture=library.files(entry.id).picture,
        name=entry.id,
        recipe=entry.recipe,
        step=entry.step,
        finished=entry.state == "finished",
        subject=entry.subject or "",
        caption=entry.note,
        facts=facts,
        lineage=lineage(library, entry),
    )


def lineage(library: Library, entry: Entry) -> tuple[Generation, ...]:
    """Its ancestors as far as the library knows them, the eldest first, and itself; empty if it has none."""
    line = [entry]
    while (parent := line[-1].parent) is not None and parent not in {one.id for one in line}:
        try:
            line.append(library.get(parent))
        except InputError:  # deleted since
            break
    if len(line) == 1:
        return ()
    return tuple(Generation(one.id, public_change(one.change)) for one in reversed(line))


def trajectories(library: Library, entries: Iterable[Entry], *, title: str = "") -> Grid:
    """A row for each painting, and in it how it was on the way: first, after a third, two thirds, and as it is.

    InputError if nothing of them is kept yet.
    """
    rows: list[tuple[str, list[Tile]]] = []
    for entry in entries:
        files = library.files(entry.id)
        taken = {step: path for step, path in files.samples.items() if step < entry.step}
        if files.picture.exists():
            taken[entry.step] = files.picture
        tiles = [Tile(path, f"step {step}", f"{entry.prompts}, step {step}") for step, path in taken.items()]
        if tiles:
            named = f"{entry.subject or entry.prompts}, seed {entry.recipe.get('seed', '?')}, {entry.id}"
            rows.append((named, tiles))
    if not rows:
        raise InputError("nothing of that has a picture yet; wait until something is painted")
    cells = {
        (down, across): (tile,) for down, (_, tiles) in enumerate(rows) for across, tile in enumerate(tiles)
    }
    columns = max(len(tiles) for _, tiles in rows)
    return Grid(tuple(named for named, _ in rows), ("",) * columns, cells, title)


def _section_names(theme: str) -> list[str]:
    try:
        sections = tomllib.loads(theme).get("section", [])
        return [str(section["name"]) for section in sections if section.get("name")]
    except (tomllib.TOMLDecodeError, TypeError, KeyError, AttributeError, RecursionError):
        return []
