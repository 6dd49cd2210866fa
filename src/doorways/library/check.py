"""Looking a library over: what is missing, left over or changed, each with what it means and what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from doorways.atomic import PART
from doorways.library.entry import COLUMNS, Entry
from doorways.library.files import PAINTINGS, Files, sha256
from doorways.library.store import Store


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be.

    Attributes:
        kind: `database`, `missing`, `changed`, `cut off`, `left over`, `orphan` or `interrupted`.
        id: of the painting, if it is one's.
        path: of the file or folder.
        text: what it means and what to do, in one sentence.
    """

    kind: str
    id: str | None
    path: Path
    text: str


class Check(Store):
    """The part of a library that looks it over."""

    def check(self) -> list[Problem]:
        """All problems; every picture is read. Changes nothing."""
        return [*self._database(), *self._paintings(), *self._orphans()]

    def _database(self) -> Iterator[Problem]:
        path = self.database.path
        said = [row[0] for row in self.database.rows("PRAGMA integrity_check(9)")]
        if said != ["ok"]:
            yield Problem("database", None, path, f"is damaged ({'; '.join(said)}); put back a copy of it")
        for row in self.database.rows("PRAGMA foreign_key_check"):
            yield Problem(
                "database", None, path, f"a row of {row[0]} belongs to nothing; put back a copy of it"
            )

    def _paintings(self) -> Iterator[Problem]:
        for row in self.database.rows(f"SELECT {COLUMNS} FROM paintings ORDER BY number"):
            entry = Entry.from_row(row)
            files = self._files(entry.id)
            if entry.state == "running":
                if not self.is_painted(entry.id):
                    yield self._interrupted(entry, files)
            else:
                yield from self._picture(entry, files)
                yield from self._checkpoint(entry, files)
            yield from self._left_over(entry, files)

    def _interrupted(self, entry: Entry, files: Files) -> Problem:
        step = (
            f"after its checkpoint near step {entry.step}"
            if files.checkpoint.exists()
            else "from its first step"
        )
        return Problem(
            "interrupted",
            entry.id,
            files.folder,
            f"{entry.worker} ended without a word; `doorways paint --resume {entry.id}` or the next claim goes on {step}",
        )

    def _picture(self, entry: Entry, files: Files) -> Iterator[Problem]:
        if entry.picture_sha256 is None:
            return
        again = f"`doorways paint --recipe {entry.id}` paints it again, or put back a copy"
        if not files.picture.exists():
            yield Problem("missing", entry.id, files.picture, f"the picture is gone; {again}")
        elif sha256(files.picture) != entry.picture_sha256:
            yield Problem(
                "changed",
                entry.id,
                files.picture,
                f"the picture is not the one that was kept (its checksum differs); {again}",
            )
        painted_here = files.events.exists()  # a picture that was taken in alone never had a latent
        if entry.state == "finished" and painted_here and not files.latent.exists():
            yield Problem(
                "missing",
                entry.id,
                files.latent,
                "the latent is gone; nothing but continuing from it needs it",
            )

    def _checkpoint(self, entry: Entry, files: Files) -> Iterator[Problem]:
        for path, remedy in (
            (files.checkpoint, "delete it, and the painting begins anew"),
            (files.latent, "delete it; nothing but continuing from it needs it"),
        ):
            if path.exists() and not is_whole(path):
                yield Problem("cut off", entry.id, path, f"is not whole; {remedy}")
        if entry.state in ("waiting", "resting", "paused") and entry.step and not files.checkpoint.exists():
            yield Problem(
                "missing",
                entry.id,
                files.checkpoint,
                "the checkpoint is gone; the painting will begin anew when it is claimed",
            )
        if entry.state == "finished" and files.checkpoint.exists():
            yield Problem(
                "left over", entry.id, files.checkpoint, "a finished painting needs no checkpoint; delete it"
            )

    def _left_over(self, entry: Entry, files: Files) -> Iterator[Problem]:
        known = {path.name for path in (*files.all, files.sources, files.trajectory)}
        for path in sorted(files.folder.iterdir()) if files.folder.exists() else ():
            if path.name not in known:
                what = (
                    "half a file that a killed process left"
                    if path.name.startswith(PART)
                    else "not the library's"
                )
                yield Problem("left over", entry.id, path, f"{what}; delete it")

    def _orphans(self) -> Iterator[Problem]:
        known = {row["id"] for row in self.database.rows("SELECT id FROM paintings")}
        with os.scandir(self.folder / PAINTINGS) as found:
            names = sorted(item.name for item in found)
        for name in names:
            if name not in known:
                path = self.folder / PAINTINGS / name
                remedy = (
                    "`doorways library import` of the picture in it brings it back"
                    if (path / "picture.png").exists()
                    else "there is no picture in it"
                )
                yield Problem(
                    "orphan", None, path, f"belongs to no painting; {remedy}; delete it if it is not missed"
                )


def is_whole(path: Path) -> bool:
    """Whether a safetensors file is as long as its header says."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        size = path.stat().st_size
        if length > size - 8:
            return False
        try:
            header = json.loads(file.read(length))
            ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
    return size == 8 + length + max(ends, default=0)
