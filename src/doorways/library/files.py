"""Where the files of a painting lie in a library."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

PAINTINGS = "paintings"
"""The folder of all paintings' folders, in a library."""


@dataclass(frozen=True)
class Files:
    """The paths of one painting; a file is there once it has been written.

    Attributes:
        folder: of this painting alone.
    """

    folder: Path

    @property
    def picture(self) -> Path:
        """The picture, with its recipe inside."""
        return self.folder / "picture.png"

    @property
    def checkpoint(self) -> Path:
        """What a painting that is not finished is gone on with from."""
        return self.folder / "checkpoint.safetensors"

    @property
    def latent(self) -> Path:
        """The latent of the picture of a finished painting."""
        return self.folder / "latent.safetensors"

    @property
    def events(self) -> Path:
        """What happened, a JSON object a line."""
        return self.folder / "events.jsonl"

    @property
    def sources(self) -> Path:
        """The folder of copies of the pictures that the recipe names."""
        return self.folder / "sources"

    @property
    def trajectory(self) -> Path:
        """The folder of small pictures of how it was on the way."""
        return self.folder / "trajectory"

    def sample(self, step: int) -> Path:
        """The small picture of how it was at a step."""
        return self.trajectory / f"{step:07}.webp"

    @property
    def samples(self) -> dict[int, Path]:
        """The small pictures that are there, by their steps."""
        return {int(path.stem): path for path in sorted(self.trajectory.glob("[0-9]*.webp"))}

    @property
    def all(self) -> tuple[Path, ...]:
        """Every path that may be there."""
        return self.picture, self.checkpoint, self.latent, self.events


def sha256(path: Path | str) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
