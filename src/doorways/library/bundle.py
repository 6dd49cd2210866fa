"""Bundles: paintings with all that belongs to them in one zip file, to move them from one library to another."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from doorways.atomic import whole, writing
from doorways.errors import InputError
from doorways.library.entry import AT_REST, VERDICTS, Entry
from doorways.library.files import PAINTINGS, sha256
from doorways.library.sweeps import Sweep, Sweeps

CONTENTS = "bundle.json"
FORMAT = "doorways bundle"
VERSION = 1
MEMBER = re.compile(
    r"paintings/([0-9a-z]{8})/(picture\.png|(checkpoint|latent)\.safetensors|events\.jsonl|trajectory/\d{7}\.webp|sources/[0-9a-f]{8}-[^/\\]+)"
)
"""The names that files in a bundle may have."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
"""What damaged, encrypted and otherwise packed members raise."""


class Bundles(Sweeps):
    """The part of a library that gives paintings away and takes them in."""

    def export_bundle(self, ids: Iterable[str], path: Path | str) -> Path:
        """Writes paintings, their sweeps and all their files to the zip file `path`, whole or not at all.

        One that is being painted is `paused` in the bundle.
        """
        entries = list({entry.id: entry for entry in map(self.get, ids)}.values())
        if not entries:
            raise InputError("there is nothing to export; name at least one painting")
        sweeps = [self.get_sweep(id) for id in sorted({entry.sweep for entry in entries if entry.sweep})]
        sums: dict[str, str] = {}
        with whole(path) as part, zipfile.ZipFile(part, "w") as bundle:
            for entry in entries:
                for file in sorted((self.folder / PAINTINGS / entry.id).rglob("*")):
                    name = file.relative_to(self.folder).as_posix()
                    if MEMBER.fullmatch(name) and file.is_file():
                        sums[name] = _pack(bundle, name, file)
            contents = {
                "format": FORMAT,
                "version": VERSION,
                "paintings": [_at_rest(entry).to_json() for entry in entries],
                "sweeps": [asdict(sweep) for sweep in sweeps],
                "files": sums,
            }
            bundle.writestr(CONTENTS, json.dumps(contents, ensure_ascii=False, indent=1))
        return Path(path)

    def import_bundle(self, path: Path | str) -> list[Entry]:
        """Takes in the paintings of a bundle that are not here yet, all of them or, if anything is wrong, none.

        Returns: those that are new.

        Raises:
            InputError: no bundle, one of a newer version, or a damaged one.
            DoorwaysError: the disk is full.
        """
        path = Path(path)
        waiting_room = self.folder / PAINTINGS / f".import-{secrets.token_hex(6)}"
        try:
            with _opened(path) as bundle:
                contents = _contents(bundle, path)
                entries = [_entry(values, path) for values in contents["paintings"]]
                known = {row["id"] for row in self.database.rows("SELECT id FROM paintings")}
                new = [entry for entry in entries if entry.id not in known]
                _unpack(bundle, contents["files"], {entry.id for entry in new}, waiting_room, path)
            self._take_in(new, contents["sweeps"], waiting_room)
        finally:
            shutil.rmtree(waiting_room, ignore_errors=True)
        return [self.get(entry.id) for entry in new]

    def import_picture(self, path: Path | str) -> Entry:
        """Takes in a picture that Doorways painted, as a painting without latent or events; or finds it here."""
        from doorways.metadata import read_metadata
        from doorways.recipe import Recipe

        path = Path(path)
        found = read_metadata(path)
        recipe = Recipe.build(**found.recipe)
        here = self.with_picture(path)
        if here is not None:
            return here
        _must_be_whole(path)
        painted = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="milliseconds")
        painted = painted.replace("+00:00", "Z")
        entry = Entry(
            id=self._unused_id(),
            prompts=recipe.prompts,
            recipe=found.recipe,
            state="finished" if found.finished else "stopped",
            step=found.step,
            steps=recipe.steps,
            created=painted,
            finished=painted if found.finished else None,
            machine=found.machine,
            picture_sha256=sha256(path),
        )
        files = self._files(entry.id)
        with self.together():
            with writing(files.folder):
                files.folder.mkdir()
            self._comes_and_goes(files.folder)
            with whole(files.picture) as part:
                shutil.copyfile(path, part)
            self._insert(entry)
        return entry

    def _take_in(self, entries: list[Entry], sweeps: list[Sweep], waiting_room: Path) -> None:
        """Adds the rows and moves unpacked folders to their places, all of them or, if anything fails, none."""
        with self.together():
            for sweep in sweeps:
                self._insert_sweep(sweep)
            for entry in entries:
                home = self._files(entry.id).folder
                if home.exists():
                    raise InputError(
                        f"{home}: is there already and belongs to no painting; move it away first"
                    )
                self._insert(entry)
                self._comes_and_goes(home)
                if (waiting_room / entry.id).exists():
                    with writing(home):
                        (waiting_room / entry.id).rename(home)


def _must_be_whole(picture: Path) -> None:
    """InputError for a PNG that is cut short or damaged; a large one is not looked at."""
    from PIL import Image

    try:
        with Image.open(picture, formats=["PNG"]) as image:
            image.load()
    except Image.DecompressionBombError:
        return
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(
            f"{picture}: cannot be read as a picture ({error}); take an undamaged copy"
        ) from error


def _at_rest(entry: Entry) -> Entry:
    return replace(entry, state="paused", worker=None) if entry.state == "running" else entry


def _pack(bundle: zipfile.ZipFile, name: str, file: Path) -> str:
    """Adds a file to a bundle; the SHA-256 of what was added, though somebody may be writing the file."""
    content = file.read_bytes()
    packed = zipfile.ZIP_DEFLATED if file.suffix == ".jsonl" else zipfile.ZIP_STORED
    bundle.writestr(name, content, compress_type=packed)
    return hashlib.sha256(content).hexdigest()


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check its name") from None
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{path}: is no whole bundle ({error}); export it again") from error


def _contents(bundle: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    """What `bundle.json` says, checked as far as files are concerned."""
    try:
        found = json.loads(bundle.read(CONTENTS))
        if found["format"] != FORMAT:
            raise ValueError(found["format"])
        version, files = found["version"], dict(found["files"])
        named = {MEMBER.fullmatch(name) for name in files}
        sweeps = [Sweep(**sweep) for sweep in found["sweeps"]]
        paintings = [dict(painting) for painting in found["paintings"]]
    except (KeyError, ValueError, TypeError, *UNREADABLE) as error:
        raise InputError(
            f"{path}: is no bundle of Doorways; export one with `doorways library export`"
        ) from error
    if version != VERSION:
        raise InputError(
            f"{path}: is a bundle of version {version}, and this Doorways reads {VERSION}; use a newer one"
        )
    if None in named or not set(files) <= set(bundle.namelist()):
        raise InputError(f"{path}: holds files that are none of a painting's, or lacks some; export it again")
    return {"paintings": paintings, "sweeps": sweeps, "files": files}


def _entry(values: dict[str, Any], path: Path) -> Entry:
    """An entry from JSON values that somebody else wrote."""
    known = {field.name for field in fields(Entry)}
    given: dict[str, Any] = {name: value for name, value in values.items() if name in known}
    try:
        entry = Entry(**given | {name: tuple(given.get(name, ())) for name in ("tags", "boards")})
        right = (
            MEMBER.fullmatch(f"paintings/{entry.id}/picture.png")
            and entry.state in AT_REST
            and entry.verdict in (None, *VERDICTS)
            and all(
                isinstance(word, str)
                for word in (entry.prompts, entry.note, entry.created, *entry.tags, *entry.boards)
            )
            and all(
                isinstance(value, dict) for value in (entry.recipe, entry.scores, entry.change, entry.machine)
            )
            and all(_is_number(score) for score in entry.scores.values())
            and all(
                _is_count(count)
                for count in (entry.step, entry.steps, entry.rating, entry.rung)
                if count is not None
            )
            and _is_number(entry.seconds)
            and isinstance(entry.judge, str | None)
        )
    except TypeError:
        right = None
    if not right:
        raise InputError(f"{path}: one of its paintings is not described as it should be; export it again")
    return entry


def _is_number(value: object) -> bool:
    """Whether it is one that a database takes."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _is_count(value: object) -> bool:
    """Whether it is a whole number that a database takes, and not below 0."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _unpack(bundle: zipfile.ZipFile, sums: dict[str, str], ids: set[str], folder: Path, path: Path) -> None:
    """Writes the files of some paintings into `folder`, each into that of its painting, and checks them."""
    for name, wanted in sums.items():
        _, id, rest = name.split("/", 2)
        if id not in ids:
            continue
        target = folder / id / rest
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with bundle.open(name) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file)
            except UNREADABLE as error:
                raise InputError(f"{path}: {name} in it is damaged ({error}); export it again") from error
        if sha256(target) != wanted:
            raise InputError(f"{path}: {name} in it is damaged (its checksum differs); export it again")
