"""What a painted PNG says about itself: its recipe, the step it was taken at, and the machine that painted it.

The text chunk `doorways` holds it as JSON. It is data: nothing in it is ever executed.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from doorways.errors import InputError

CHUNK = "doorways"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
LONGEST_TEXT = 1 << 24
"""Bytes to which a packed text is unpacked at most."""


@dataclass(frozen=True)
class Metadata:
    """What the text chunk holds.

    Attributes:
        recipe: settings as JSON values, not yet checked (`Recipe.build(**recipe)` checks them).
        step: steps that had been taken.
        finished: whether the run had come to its end.
        machine: versions, threads, precision, device and fingerprints of the weights.
    """

    recipe: dict[str, Any]
    step: int
    finished: bool
    machine: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The text of the chunk, in ASCII so that every reader of PNG agrees on it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """What `to_json` wrote; ValueError for anything else."""
        found = json.loads(text)
        if not isinstance(found, dict) or not isinstance(found.get("recipe"), dict):
            raise ValueError("there is no recipe in it")
        step, machine = found.get("step", 0), found.get("machine", {})
        if type(step) is not int or not isinstance(machine, dict):
            raise ValueError("step or machine is of the wrong kind")
        return cls(found["recipe"], step, found.get("finished") is True, machine)


def read_metadata(path: Path | str) -> Metadata:
    """What the PNG at `path` says about itself; its pixels are not looked at.

    Raises:
        InputError: no such file, not a PNG, or no recipe in it.
    """
    text = read_text(path, CHUNK)
    if text is None:
        raise InputError(
            f"{path}: holds no recipe; it was not painted by Doorways, or a program that saved it dropped the recipe, "
            "so use the original or a TOML recipe"
        )
    try:
        return Metadata.from_json(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: its recipe is damaged ({error}); use an undamaged copy") from error


def read_text(path: Path | str, keyword: str) -> str | None:
    """The text chunk called `keyword` of the PNG at `path`, or None if it has none.

    Raises:
        InputError: no such file, or not an undamaged PNG.
    """
    try:
        with Path(path).open("rb") as stream:
            is_png = stream.read(len(SIGNATURE)) == SIGNATURE
            texts = _texts(stream) if is_png else iter(())
            found = next((text for name, text in texts if name == keyword), None)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the picture's name") from None
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); give a picture that Doorways painted"
        ) from error
    except (ValueError, struct.error, zlib.error) as error:
        raise InputError(f"{path}: is a damaged PNG ({error}); use an undamaged copy") from error
    if not is_png:
        raise InputError(f"{path}: is not a PNG; recipes live in the PNGs that Doorways painted")
    return found


def is_png(path: Path | str) -> bool:
    """Whether there is a file at `path` that begins as a PNG does."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(len(SIGNATURE)) == SIGNATURE
    except OSError:
        return False


def _texts(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    """Keyword and text of each text chunk of a PNG, whichever of the three kinds a program has made of it."""
    while header := stream.read(8):
        length, kind = struct.unpack(">I4s", header)
        if kind not in (b"tEXt", b"zTXt", b"iTXt"):
            stream.seek(length + 4, 1)
            continue
        body, check = stream.read(length), stream.read(4)
        if check != struct.pack(">I", zlib.crc32(kind + body)):
            raise ValueError("a text in it was cut off or changed")
        keyword, _, rest = body.partition(b"\0")
        if kind == b"iTXt":
            packed, text = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
        else:
            packed, text = kind == b"zTXt", rest[1:] if kind == b"zTXt" else rest
        if packed:
            text = zlib.decompressobj().decompress(text, LONGEST_TEXT)
        yield keyword.decode("latin-1"), text.decode("utf-8" if kind == b"iTXt" else "latin-1")
