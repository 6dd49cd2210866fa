"""`doorways cull`: paintings of the library one by one, and one key says what is to become of each."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Group, Parameter

from doorways.cli.library import ONLY, Filter
from doorways.errors import DoorwaysError, InputError

if TYPE_CHECKING:
    from doorways.cli.in_terminal import Way
    from doorways.library import Entry
    from doorways.library.culling import Culling

KEYS = "x reject  k keep  f favourite  1-5  r reroll  v vary  n note  u undo  q quit"

app = App(
    name="cull",
    help_epilogue=f"Keys: {KEYS}; arrows go to and fro, o opens the picture in your viewer.",
    default_parameter=Parameter(show_default=False),
)
HOW = Group("Where and how", sort_key=20)

START, END = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
CLEAR, BOLD, DIM, PLAIN = "\x1b[2J\x1b[H", "\x1b[1m", "\x1b[2m", "\x1b[0m"


@dataclass(frozen=True, kw_only=True)
class Chosen(Filter):
    """Which paintings; in the order in which they were asked for, if nothing else is said."""

    order: Annotated[
        str,
        Parameter(
            help="created, newest, rating, step, seconds or score:NAME. [created]",
            group=ONLY,
            metavar="ORDER",
        ),
    ] = "created"


@app.default
def cull(
    *ids: Annotated[
        str, Parameter(help="Paintings; all without a verdict that have a picture if none is given.")
    ],
    only: Annotated[Chosen | None, Parameter(name="*")] = None,
    again: Annotated[bool, Parameter(help="Those with a verdict too.", group=ONLY, negative="")] = False,
    library: Annotated[
        Path | None,
        Parameter(
            help="The library; $DOORWAYS_LIBRARY or your data folder if not given.",
            group=HOW,
            metavar="FOLDER",
        ),
    ] = None,
    pictures: Annotated[
        str,
        Parameter(
            help="kitty, iterm2, blocks (of colour), open (in your viewer) or none; auto asks the terminal. [auto]",
            group=HOW,
            metavar="WAY",
        ),
    ] = "auto",
) -> None:
    """Go through paintings in the terminal, and say with one key what is to become of each."""
    from doorways.cli.in_terminal import check_way, way_for
    from doorways.library import Library
    from doorways.library.culling import Culling

    way = way_for(os.environ) if pictures == "auto" else check_way(pictures)
    with Library.open(library, create=library is None) as opened:

        def is_asked_about(entry: Entry) -> bool:
            return (again or entry.verdict is None) and opened.files(entry.id).picture.exists()

        chosen = [opened.get(id) for id in ids] or (only or Chosen()).of(opened, is_asked_about)
        if not chosen:
            raise InputError("there is nothing left to go through; --again shows those with a verdict too")
        culling = Culling(opened, chosen)
        Screen(culling, way).run()
        sys.stdout.write(f"{_summary(culling)}\n")


def _summary(culling: Culling) -> str:
    said = []
    for id in culling.ids:
        with suppress(InputError):  # another process has deleted it
            said.append(culling.library.get(id).verdict)
    counts = [f"{said.count(name)} {name}" for name in ("favourite", "keep", "reject") if name in said]
    return f"{len(said)} paintings: " + ", ".join([*counts, f"{said.count(None)} without a verdict"])


class Screen:
    """What is shown of a walk through paintings, and what the keys do."""

    def __init__(self, culling: Culling, way: Way) -> None:
        self.culling, self.way = culling, way
        self.said = ""
        self._opened = ""
        self.actions: dict[str, Callable[[], str | None]] = {
            "x": lambda: culling.verdict("reject"),
            "k": lambda: culling.verdict("keep"),
            "f": lambda: culling.verdict("favourite"),
            **{str(rating): lambda rating=rating: culling.rate(rating) for rating in range(1, 6)},  # type: ignore[misc]
            "r": culling.reroll,
            "v": culling.vary,
            "n": self._note,
            "u": culling.undo,
            "o": self._open,
            "right": lambda: culling.go(1),
            "space": lambda: culling.go(1),
            "left": lambda: culling.go(-1),
            "backspace": lambda: culling.go(-1),
        }

    def run(self) -> None:
        """Shows one painting after the other until it is told to quit."""
        from doorways.cli.keys import single_keys

        with single_keys() as key:
            sys.stdout.write(START)
            try:
                self._show_if_there()
                while (pressed := key().lower()) not in ("q", "end", "escape"):
                    self._do(pressed)
                    self._show_if_there()
            except KeyboardInterrupt:
                pass
            finally:
                from doorways.cli.in_terminal import cleared

                sys.stdout.write(cleared(self.way) + END)
                sys.stdout.flush()

    def _do(self, pressed: str) -> None:
        action = self.actions.get(pressed)
        if action is None:
            self.said = f"{pressed} does nothing here"
            return
        before, last = self.culling.at, self.culling.is_last
        try:
            self.said = action() or ""
        except DoorwaysError as error:
            self.said = str(error)
            return
        if (
            last
            and self.culling.at == before
            and pressed in ("x", "k", "f", "1", "2", "3", "4", "5", "right", "space")
        ):
            self.said = " · ".join(filter(None, [self.said, "that was the last one; q quits"]))

    def _show_if_there(self) -> None:
        """Shows the painting, or says what is wrong with it; the keys go on."""
        try:
            self._show()
        except DoorwaysError as error:  # another process has deleted it
            from doorways.cli.in_terminal import cleared

            sys.stdout.write(
                f"{cleared(self.way)}{CLEAR}{_line(str(error), shutil.get_terminal_size().columns)}"
            )
            sys.stdout.flush()

    def _show(self) -> None:
        from doorways.cli.in_terminal import cleared, drawn

        entry = self.culling.entry
        columns, rows = shutil.get_terminal_size()
        picture = self.culling.library.files(entry.id).picture
        if self.way == "open" and self._opened != entry.id:
            self.said = " · ".join(filter(None, [self.said, self._open()]))
        above = [_line(entry.subject or entry.prompts, columns, BOLD), _line(self._told(entry), columns)]
        note = f"note: {entry.note}" if entry.note else ""
        told = textwrap.wrap(self.said, columns - 1)[:3] or [""]
        below = [_line(line, columns) for line in (note, *told)] + [_line(KEYS, columns, DIM)]
        shown = ""
        if picture.exists() and self.way not in ("open", "none"):
            from PIL import Image

            try:
                with Image.open(picture, formats=["PNG"]) as image:
                    room = max(1, rows - len(above) - len(below) - 1)
                    shown = drawn(image.convert("RGB"), self.way, columns - 1, room)
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
                shown = _line(f"its picture cannot be read ({error})", columns)
        head, feet = ("\r\n".join(lines) for lines in (above, below))
        place = f"\x1b[{max(1, rows - len(below) + 1)};1H"
        sys.stdout.write(f"{cleared(self.way)}{CLEAR}{head}\r\n{shown}{place}{feet}")
        sys.stdout.flush()

    def _told(self, entry: Entry) -> str:
        """Who it is, and what was said of it."""
        stars = "★" * (entry.rating or 0)
        progress = (
            entry.state
            if entry.state == "finished"
            else f"{entry.state} at step {entry.step} of {entry.steps}"
        )
        scores = "  ".join(f"{name} {score:.2f}" for name, score in list(entry.scores.items())[:4])
        place = f"{self.culling.at + 1}/{len(self.culling.ids)}"
        told = [
            place,
            entry.id,
            entry.verdict or "",
            stars,
            f"seed {entry.recipe.get('seed', '?')}",
            progress,
            scores,
        ]
        return "  ".join(filter(None, told))

    def _note(self) -> str | None:
        """Asks for a note on the last line; nothing typed leaves the one that is there."""
        from doorways.cli.keys import whole_lines

        sys.stdout.write(f"\x1b[{shutil.get_terminal_size().lines};1H\x1b[2K\x1b[?25hnote: ")
        sys.stdout.flush()
        with whole_lines():
            text = sys.stdin.readline().strip()
        sys.stdout.write("\x1b[?25l")
        return self.culling.note(text) if text else None

    def _open(self) -> str | None:
        """Opens the picture in the viewer that the system has for it; where there is none, says where it lies."""
        entry = self.culling.entry
        self._opened = entry.id
        picture = self.culling.library.files(entry.id).picture.absolute()
        if not picture.exists():
            return "there is no picture of it yet"
        windows = sys.platform in ("win32", "darwin") or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)
        if windows and webbrowser.open(picture.as_uri()):
            return None
        return str(picture)


def _line(text: str, columns: int, look: str = "") -> str:
    """Text as one line that does not wrap; what would command the terminal is left out."""
    plain = "".join(letter for letter in text if letter.isprintable())
    return f"{look}{plain[: columns - 1]}{PLAIN if look else ''}"
