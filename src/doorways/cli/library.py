"""`doorways library`: what has been painted, found again, judged, put in order, moved."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Group, Parameter

from doorways.cli.telling import branch_json, count_of, description_of, drawn, line_of
from doorways.errors import InputError

if TYPE_CHECKING:
    from doorways.library import Entry, Library

app = App(
    name="library",
    help="List, find, judge and move what has been painted.",
    help_epilogue="An ID may be shortened to as many letters as no other begins with; last is the newest painting.",
    default_parameter=Parameter(show_default=False),
)
WHERE = Group("Where, and how it is told", sort_key=90)
ONLY = Group("Only those", sort_key=10)


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which library, and how its answers are told."""

    library: Annotated[
        Path | None,
        Parameter(
            help="The library; $DOORWAYS_LIBRARY or your data folder if not given.",
            group=WHERE,
            metavar="FOLDER",
        ),
    ] = None
    json_: Annotated[bool, Parameter(name="--json", help="As JSON.", group=WHERE, negative="")] = False

    @contextmanager
    def open(self, *, create: bool = False) -> Iterator[Library]:
        """The library; one that was named must be there, unless it may be made."""
        from doorways.library import Library

        with Library.open(self.library, create=create or self.library is None) as library:
            yield library

    def tell(self, values: Any, text: Callable[[], str]) -> None:
        """Prints JSON values, or the text of them."""
        said = json.dumps(values, indent=2, ensure_ascii=False) if self.json_ else text()
        sys.stdout.write(f"{said}\n" if said else "")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which paintings, and in which order."""

    state: Annotated[
        str | None,
        Parameter(
            help="waiting, running, resting, stopped, paused, finished or failed.",
            group=ONLY,
            metavar="STATE",
        ),
    ] = None
    sweep: Annotated[str | None, Parameter(help="Of this sweep.", group=ONLY, metavar="ID")] = None
    board: Annotated[str | None, Parameter(help="On this board.", group=ONLY, metavar="NAME")] = None
    tag: Annotated[str | None, Parameter(help="With this tag.", group=ONLY, metavar="NAME")] = None
    subject: Annotated[
        str | None, Parameter(help="Of this subject of a sweep.", group=ONLY, metavar="TEXT")
    ] = None
    verdict: Annotated[
        str | None, Parameter(help="reject, keep or favourite.", group=ONLY, metavar="VERDICT")
    ] = None
    order: Annotated[
        str,
        Parameter(
            help="created, newest, rating, step, seconds or score:NAME. [newest]", group=ONLY, metavar="ORDER"
        ),
    ] = "newest"
    limit: Annotated[int | None, Parameter(help="At most so many.", group=ONLY, metavar="N")] = None

    def of(self, library: Library, also: Callable[[Entry], bool] | None = None) -> list[Entry]:
        """The paintings of a library that pass; the limit counts those that pass what is `also` asked of them."""
        wanted = asdict(self)
        if self.sweep is not None:
            wanted["sweep"] = library.get_sweep(self.sweep).id
        if also is None:
            return library.list(**wanted)
        from doorways.library.entry import must_be_a_limit

        must_be_a_limit(limit := wanted.pop("limit"))
        return list(islice(filter(also, library.list(**wanted)), limit))


In = Annotated[Where | None, Parameter(name="*")]
Id = Annotated[str, Parameter(help="A painting's ID.")]
Ids = Annotated[str, Parameter(help="IDs of paintings.")]
REMOVE = Annotated[bool, Parameter(help="Take it away instead.", negative="")]


@app.command(name="list")
def list_paintings(*, only: Annotated[Filter | None, Parameter(name="*")] = None, where: In = None) -> None:
    """List paintings: ID, state, steps, rating, verdict, seed and prompts of each."""
    where = where or Where()
    with where.open() as library:
        _tell_all((only or Filter()).of(library), where)


@app.command
def show(id: Id, /, *, where: In = None) -> None:
    """Show all that is known of one: what became of it, where its files are, and its recipe as TOML."""
    where = where or Where()
    with where.open() as library:
        entry = library.get(id)
        files = library.files(entry.id)
        values = entry.to_json() | {"files": [str(path) for path in files.all if path.exists()]}
        where.tell(values, lambda: description_of(entry, values["files"]))


@app.command
def find(
    text: Annotated[str, Parameter(help="Words, or beginnings of words, of prompts and notes.")],
    /,
    *,
    limit: Annotated[int | None, Parameter(help="At most so many.", metavar="N")] = None,
    where: In = None,
) -> None:
    """Find paintings by words of their prompts and notes; the closest first."""
    where = where or Where()
    with where.open() as library:
        _tell_all(library.find(text, limit=limit), where)


@app.command
def tree(id: Id, /, *, where: In = None) -> None:
    """Draw where a painting came from and what came from it, with what changed at each step."""
    where = where or Where()
    with where.open() as library:
        root = library.tree(id)
        where.tell(branch_json(root), lambda: "\n".join(drawn(root, "", "", library.get(id).id)))


@app.command
def check(*, where: In = None) -> int:
    """Look the library over, and explain what is missing, changed or left over. Exit code 1 if anything is."""
    where = where or Where()
    with where.open() as library:
        problems = library.check()
        lines = [f"{problem.kind}: {problem.path}: {problem.text}" for problem in problems]
        where.tell(
            [asdict(problem) | {"path": str(problem.path)} for problem in problems],
            lambda: (
                "\n".join(lines)
                or f"{library.folder}: all is well with {sum(library.counts().values())} paintings"
            ),
        )
    return 1 if problems else 0


@app.command
def export(
    *ids: Ids,
    out: Annotated[Path, Parameter(help="The bundle to write, a .zip.", metavar="FILE")],
    board: Annotated[str | None, Parameter(help="All that hang on this board, too.", metavar="NAME")] = None,
    where: In = None,
) -> None:
    """Write paintings, with all that belongs to them, to one file that another library can import."""
    where = where or Where()
    with where.open() as library:
        hung = [entry.id for entry in library.list(board=board)] if board is not None else []
        wanted = list(dict.fromkeys([library.get(id).id for id in ids] + hung))
        path = library.export_bundle(wanted, out)
        where.tell({"bundle": str(path), "paintings": wanted}, lambda: f"{path}: {count_of(len(wanted))}")


@app.command(name="import")
def import_files(
    *files: Annotated[Path, Parameter(help="Bundles, or pictures that Doorways painted.")], where: In = None
) -> None:
    """Take in bundles, or single pictures; what is here already is passed over."""
    where = where or Where()
    if not files:
        raise InputError(
            "library import needs a file: a bundle that `library export` wrote, or a painted PNG"
        )
    with where.open(create=True) as library:
        found: list[Entry] = []
        for file in files:
            before = sum(library.counts().values())
            if file.suffix.lower() == ".png":
                new = [library.import_picture(file)]
                new = new if sum(library.counts().values()) > before else []
            else:
                new = library.import_bundle(file)
            found += new
            if not where.json_:
                sys.stdout.write(f"{file}: {count_of(len(new))} new\n")
        _tell_all(found, where)


@app.command
def rate(id: Id, rating: Annotated[str, Parameter(help="1 to 5, or none.")], /, *, where: In = None) -> None:
    """Rate a painting."""
    if rating != "none" and not rating.isdecimal():
        raise InputError(f"rating {rating}: must be 1 to 5, or none")
    _change(where, lambda library: library.rate(id, None if rating == "none" else int(rating)))


@app.command
def verdict(
    id: Id,
    verdict: Annotated[str, Parameter(help="reject, keep, favourite, or none.")],
    /,
    *,
    where: In = None,
) -> None:
    """Say what is to become of a painting."""
    _change(where, lambda library: library.verdict(id, None if verdict == "none" else verdict))


@app.command
def tag(
    id: Id,
    /,
    *tags: Annotated[str, Parameter(help="Words to mark it with.")],
    remove: REMOVE = False,
    where: In = None,
) -> None:
    """Mark a painting with tags."""
    _change(where, lambda library: (library.untag if remove else library.tag)(id, *tags))


@app.command
def board(
    id: Id,
    /,
    *boards: Annotated[str, Parameter(help="Boards to hang it on.")],
    remove: REMOVE = False,
    where: In = None,
) -> None:
    """Hang a painting on boards; a board is there as soon as something hangs on it."""
    _change(where, lambda library: (library.unboard if remove else library.board)(id, *boards))


@app.command
def note(
    id: Id, text: Annotated[str, Parameter(help="What to remember of it.")], /, *, where: In = None
) -> None:
    """Write a painting's note, in place of the one before."""
    _change(where, lambda library: library.note(id, text))


@app.command
def pin(id: Id, /, *, remove: REMOVE = False, where: In = None) -> None:
    """Pin a painting: it is painted before others, and triage does not stop it."""
    _change(where, lambda library: library.pin(id, not remove))


@app.command(name="reroll")
def reroll_painting(
    id: Id,
    /,
    *,
    seed: Annotated[int | None, Parameter(help="The other seed; drawn if not given.", metavar="N")] = None,
    where: In = None,
) -> None:
    """Have a painting painted again with another seed: the new one waits, pinned, and knows its parent."""
    from doorways.library.offspring import reroll

    _change(where, lambda library: reroll(library, id, seed=seed))


@app.command(name="vary")
def vary_painting(
    id: Id,
    /,
    *,
    seed: Annotated[int | None, Parameter(help="The other seed; drawn if not given.", metavar="N")] = None,
    where: In = None,
) -> None:
    """Have another painted that begins with this one's layout, blurred and in noise, and another seed."""
    from doorways.library.offspring import vary

    _change(where, lambda library: vary(library, id, seed=seed))


@app.command
def delete(
    *ids: Ids,
    yes: Annotated[bool, Parameter(help="Do not ask.", negative="")] = False,
    where: In = None,
) -> None:
    """Delete paintings and their files, for good."""
    where = where or Where()
    with where.open() as library:
        entries = [library.get(id) for id in ids]
        if not yes:
            _confirm(entries)
        for entry in entries:
            library.delete(entry.id)
        where.tell([entry.id for entry in entries], lambda: f"{count_of(len(entries))} deleted")


def _confirm(entries: list[Entry]) -> None:
    if not sys.stdin.isatty():
        raise InputError("library delete cannot be undone: say --yes where nobody can be asked")
    sys.stderr.write("\n".join(map(line_of, entries)) + f"\ndelete {count_of(len(entries))} for good? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError("nothing was deleted")


def _change(where: Where | None, change: Callable[[Library], Entry]) -> None:
    """Changes one painting, and tells what it is then."""
    where = where or Where()
    with where.open() as library:
        entry = change(library)
        where.tell(entry.to_json(), lambda: line_of(entry))


def _tell_all(entries: list[Entry], where: Where) -> None:
    where.tell([entry.to_json() for entry in entries], lambda: "\n".join(map(line_of, entries)))
