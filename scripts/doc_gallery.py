"""Paints the pairs of a theme with the embedded models, and publishes the best picture of each: docs/gallery.

    python scripts/doc_gallery.py                          the 33 pairs of the piece; called again, it goes on
    python scripts/doc_gallery.py theme.toml --out site    another theme

The theme is painted as `doorways explore` does, `SMALL` as a repository wants it, in a library of its own under build/; and
worded `PLAIN`, since the embedded models know neither entrances nor painters, whose words would only be in the way. Of each
subject the artist's favourite is shown, or else the one that the judge likes most; `doorways cull --library
build/gallery` chooses otherwise.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from itertools import groupby
from pathlib import Path

from doorways.cli.app import run
from doorways.judge.ranking import combine
from doorways.library import Entry, Library

ROOT = Path(__file__).parents[1]
THEME = ROOT / "docs" / "themes" / "doorways.toml"
STUDIES = "Studies"
"""The section of single trials, which is no part of the piece and is left out."""
PLAIN = "{subject}"
"""What every wording of the theme becomes."""
SMALL = """
[recipe]
size = "384x192"
threads = 1
"""


def small(theme: str) -> str:
    """The text of a theme as it is painted for the documentation.

    >>> print(small('[wordings]\\nplace = "entrance to {subject} {style}"'), end="")
    [wordings]
    place = "{subject}"
    [recipe]
    size = "384x192"
    threads = 1

    >>> small('title = "T"\\n[[section]]\\nname = "Studies"\\n[[section]]\\nname = "Nature"').splitlines()[:4]
    ['title = "T"', '[[section]]', 'name = "Nature"', '[recipe]']
    """
    theme = re.sub(r'= ".*\{subject\}.*"', f'= "{PLAIN}"', theme)
    sections = re.split(r"^(?=\[\[section\]\])", theme, flags=re.M)
    return "".join(part for part in sections if f'name = "{STUDIES}"' not in part) + SMALL


def best(entries: list[Entry]) -> Entry:
    """The favourite, what was kept, or what the judge likes most, of one subject's finished paintings."""
    values = combine([entry.scores for entry in entries])
    wanted = {"favourite": 2, "keep": 1, None: 0, "reject": -1}
    ranked = zip(entries, values, strict=True)
    return max(ranked, key=lambda one: (wanted[one[0].verdict], one[0].rating or 0, one[1]))[0]


def hang(library: Library, board: str, sweep: str) -> int:
    """Hangs the best painting of each subject on a board, in place of those before; how many there are."""
    for entry in library.list(board=board):
        library.unboard(entry.id, board)
    finished = sorted(library.list(sweep=sweep, state="finished"), key=lambda one: one.subject or "")
    chosen = [best(list(entries)) for _, entries in groupby(finished, key=lambda one: one.subject)]
    for entry in chosen:
        library.board(entry.id, board)
    return len(chosen)


def main() -> None:
    """Paints, chooses, publishes."""
    parser = argparse.ArgumentParser(
        description="Paints the pairs of a theme and publishes the best of each."
    )
    parser.add_argument("theme", nargs="?", type=Path, default=THEME)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "gallery")
    parser.add_argument("--library", type=Path, default=ROOT / "build" / "gallery")
    given = parser.parse_args()
    text = given.theme.read_text("utf-8")
    title = tomllib.loads(text).get("title", given.theme.stem)
    given.library.mkdir(parents=True, exist_ok=True)
    theme = given.library / given.theme.name
    theme.write_text(small(text), "utf-8")
    if code := run(["explore", str(theme), "--yes", "--workers", "2", "--library", str(given.library)]):
        raise SystemExit(code)
    with Library.open(given.library) as library:
        sweep = next(one for one in reversed(library.sweeps()) if one.title == title)
        if not hang(library, title, sweep.id):
            raise SystemExit(f"{given.theme}: nothing is finished yet; call it again to go on")
    words = ["publish", title, "--library", str(given.library), "--out", str(given.out), "--no-originals"]
    raise SystemExit(run(words))


if __name__ == "__main__":
    main()
