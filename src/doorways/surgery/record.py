"""What a picture that was operated on remembers: its parent, what was done, and where it was changed.

It lies in the PNG as the text chunk `doorways-surgery` (JSON), beside its parent's recipe; the mask in it is a PNG of
one bit. A healed picture has none: its wounds are closed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from doorways.errors import InputError
from doorways.metadata import CHUNK, is_png, read_text
from doorways.pictures import to_image
from doorways.png import PARAMETERS, write_png
from doorways.recipe_text import toml
from doorways.surgery.script import ENTRY

SURGERY = "doorways-surgery"


@dataclass(frozen=True, eq=False)
class Record:
    """What was done to a picture since it was painted.

    Attributes:
        parent: the painting: a file's name, or its ID in a library.
        parent_sha256: of that file.
        surgery: what was done, in order: entries as `Script.build` takes them, and `{"editor": "gimp"}`.
        changed: [1, 1, H, W], 1 where it was changed, else 0.
    """

    parent: str
    parent_sha256: str
    surgery: tuple[dict[str, Any], ...]
    changed: Tensor

    @classmethod
    def after(
        cls, picture: Path, surgery: Sequence[Mapping[str, Any]], changed: Tensor, *, name: str | None = None
    ) -> Record:
        """The record of surgery on the picture in a file, after what its own record holds, if it has one.

        Args:
            name: what the picture is called; its file's name if not given.
        """
        steps, before = tuple(map(dict, surgery)), read_record(picture)
        if before is not None and before.changed.shape == changed.shape:
            changed = changed.maximum(before.changed)
            return cls(before.parent, before.parent_sha256, before.surgery + steps, changed)
        digest = hashlib.sha256(picture.read_bytes()).hexdigest()
        return cls(name or picture.name, digest, steps, changed)

    @property
    def summary(self) -> str:
        """What was done, in a few words: `move, erase, gimp`."""
        return ", ".join(str(step.get("do") or step.get("editor")) for step in self.surgery)

    def to_toml(self) -> str:
        """What was done as a script, which does it again; what an editor did is a remark in it."""
        parts = [
            f"[[{ENTRY}]]\n{toml(step)}"
            if "do" in step
            else f"# edited with {' '.join(str(step['editor']).split())}\n"
            for step in self.surgery
        ]
        return "\n".join(parts)

    def to_json(self) -> str:
        """The text of the chunk."""
        bits = io.BytesIO()
        Image.fromarray(self.changed[0, 0].bool().numpy()).save(bits, "PNG", optimize=True)
        mask = base64.b64encode(bits.getvalue()).decode("ascii")
        content = {"parent": self.parent, "parent_sha256": self.parent_sha256, "surgery": self.surgery}
        return json.dumps(content | {"changed": mask})

    @classmethod
    def from_json(cls, text: str) -> Record:
        """What `to_json` wrote; ValueError for anything else."""
        found = json.loads(text)
        if not isinstance(found, dict):
            raise ValueError("there is no record in it")
        parent, digest, steps = (found.get(name) for name in ("parent", "parent_sha256", "surgery"))
        if not (isinstance(parent, str) and isinstance(digest, str) and isinstance(steps, list)) or not all(
            isinstance(step, dict) and isinstance(step.get("do") or step.get("editor"), str) for step in steps
        ):
            raise ValueError("what it says is of the wrong kind")
        try:
            with Image.open(io.BytesIO(base64.b64decode(str(found.get("changed")))), formats=["PNG"]) as bits:
                grey = bits.convert("L")
        except (OSError, SyntaxError, binascii.Error, Image.DecompressionBombError) as error:
            raise ValueError("its mask cannot be read") from error
        shown = torch.frombuffer(bytearray(grey.tobytes()), dtype=torch.uint8).reshape(
            1, 1, grey.height, grey.width
        )
        return cls(parent, digest, tuple(steps), (shown > 127).float())


def save_operated(path: Path, picture: Tensor, record: Record, *, parent: Path) -> None:
    """Writes a picture [1, 3, H, W] that was operated on, whole or not at all, as a PNG.

    It carries the texts of the file `parent` that say how that was painted, if there are any, and the record.
    Errors as in `doorways.png.save_png`.
    """
    write_png(path, to_image(picture), carried(parent) | {SURGERY: record.to_json()})


def carried(parent: Path) -> dict[str, str]:
    """The texts in a painting that say how it was painted; none for other pictures."""
    if not is_png(parent):
        return {}
    texts = {keyword: read_text(parent, keyword) for keyword in (CHUNK, PARAMETERS)}
    return {keyword: text for keyword, text in texts.items() if text is not None}


def read_record(path: Path) -> Record | None:
    """The record in the picture at `path`, or None if it is no PNG or has none; InputError if it is damaged."""
    text = read_text(path, SURGERY) if is_png(path) else None
    if text is None:
        return None
    try:
        return Record.from_json(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: its record of surgery is damaged ({error}); heal all of it with --all, or use an undamaged copy"
        ) from error
