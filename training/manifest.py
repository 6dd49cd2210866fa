"""The manifest: every picture that was trained on or measured on, its source, its licence, its caption.

`training/work` is not in the repository; `manifest.jsonl.xz` is, so that anyone can see what the weights come from.
"""

from __future__ import annotations

import json
import lzma
from pathlib import Path

from training.drawings import HELD_OUT, PERMISSIVE
from training.fetch import WORK
from training.scenes import read_rows

MANIFEST = Path(__file__).parent / "manifest.jsonl.xz"
DRAWN_HERE = "training/scenery.py"
LAND = "endless-sky/usr/share/games/endless-sky/images/land"

Row = dict[str, str]
"""One picture: split (`trained` or `held_out`), family, file in the packages, ident in it, caption, licence."""


def collect(folder: Path = WORK) -> list[Row]:
    """The rows of all drawings and all scenery that `render.py` and `scenery.py` wrote into `folder`, each once."""
    rows = []
    for drawn, split in (("trained", "trained"), ("large", "trained"), ("held_out", "held_out")):
        for row in read_rows(folder / f"{drawn}.jsonl"):
            about = {key: row[key] for key in ("family", "file", "ident", "licence")}
            rows.append({"split": split, **about, "caption": row["name"]})
    rows = list({json.dumps(row): row for row in rows}.values())
    for number, row in enumerate(read_rows(folder / "scenery.jsonl")):
        drawn = row["file"] == DRAWN_HERE
        rows.append(
            {
                "split": "held_out" if row["held_out"] else "trained",
                "family": "doorways" if drawn else "endless-sky",
                "file": DRAWN_HERE if drawn else f"{LAND}/{row['file']}",
                "ident": str(number) if drawn else Path(row["file"]).stem,
                "licence": row["licence"],
                "caption": ", ".join(row["names"]),
            }
        )
    return rows


def refused(rows: list[Row]) -> list[Row]:
    """Rows that must not be trained on: their licence is not permissive, or their family is held out."""
    return [
        row
        for row in rows
        if row["split"] == "trained" and (row["licence"] not in PERMISSIVE or row["family"] in HELD_OUT)
    ]


def write(rows: list[Row], path: Path = MANIFEST) -> None:
    """Writes one JSON object a line, compressed; the same rows give the same bytes."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(lzma.compress(lines.encode(), preset=9))


def read(path: Path = MANIFEST) -> list[Row]:
    """The rows that `write` wrote."""
    return [json.loads(line) for line in lzma.decompress(path.read_bytes()).decode().splitlines()]
