"""Where a run's files go, and that none of them takes the place of something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from doorways.atomic import check_writable, writing
from doorways.errors import InputError
from doorways.prompts import parse_prompts
from doorways.recipe import Recipe

LONGEST_NAME = 60


@dataclass(frozen=True)
class Outputs:
    """The files of a run, and how often they are written (every so many steps; 0: only at the end).

    Attributes:
        asked: the options that say all this, as JSON values, for a run that is stopped to be gone on with likewise.
    """

    picture: Path
    video: Path | None = None
    zoom: Path | None = None
    trajectory: Path | None = None
    mask: Path | None = None
    preview_every: int = 0
    checkpoint_every: int = 25
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def checkpoint(self) -> Path:
        """The checkpoint, beside the picture."""
        return checkpoint_beside(self.picture)

    @contextmanager
    def held(self, *, force: bool, resuming: bool = False) -> Iterator[None]:
        """A block in which no other process paints into these files; they are checked first (`check`)."""
        from doorways.cli.alone import alone

        with alone(self.picture):
            self.check(force=force, resuming=resuming)
            yield

    def check(self, *, force: bool, resuming: bool = False) -> None:
        """InputError if a file has a wrong ending, is there already (unless `force`), or cannot be written.

        A run that is resumed goes on with its own picture and checkpoint.
        """
        check_name(self.picture)
        for name in ("preview_every", "checkpoint_every"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} {getattr(self, name)}: must be 0 (never) or more steps")
        if self.picture.suffix.lower() != ".png":
            fitting = self.picture.with_name((self.picture.stem or "painting") + ".png")
            raise InputError(f"out {self.picture}: must end in .png, which holds the recipe; use {fitting}")
        for path in (self.video, self.zoom):
            if path is not None:
                from doorways.video import check_video_path

                check_video_path(path)
        extras = (self.video, self.zoom, self.trajectory, self.mask)
        paths = [self.picture, *(path for path in extras if path is not None)]
        places = [path.absolute() for path in paths]
        if twice := next((path for path in paths if places.count(path.absolute()) > 1), None):
            raise InputError(f"two outputs have the same name, {twice}; give each its own")
        own = {self.picture} if resuming else set()
        for path in paths:
            if is_there(path) and path not in own and not force:
                raise InputError(f"{path} exists already; --force overwrites it, or choose another name")
            check_writable(path)
        if is_there(self.checkpoint) and not resuming and not force:
            raise InputError(
                f"{self.checkpoint} is the checkpoint of a painting that was stopped: go on with "
                f"`doorways paint --resume {self.picture}`, overwrite it with --force, or choose another name"
            )


def check_name(picture: Path) -> None:
    """InputError for a path such as `.` or `/`, which no file can have."""
    if not picture.name:
        raise InputError(f"out {picture}: is no name of a file; give one, such as painting.png")


def is_there(path: Path) -> bool:
    """Whether `path` exists; InputError for a name that no file can have."""
    with writing(path):
        return path.exists()


def checkpoint_beside(picture: Path) -> Path:
    """`doorways.checkpoint.checkpoint_path`, before torch is there."""
    return picture.with_name(picture.name + ".checkpoint.safetensors")


def unused_name(recipe: Recipe, folder: Path = Path()) -> Path:
    """A name for the picture of a recipe, made of its prompts and seed, that no picture or checkpoint has.

    >>> unused_name(Recipe.build(prompts="forest | kelp forest @0.8 | crowd :-1", seed=3), Path("nowhere")).name
    'forest-kelp-forest-3.png'
    """
    wanted = [prompt for prompt in parse_prompts(recipe.prompts) if prompt.weight >= 0]
    texts = [prompt.image.stem if prompt.image else prompt.text for prompt in wanted]
    return unused(folder / f"{_slug(' '.join(texts))}-{recipe.seed}.png")


def unused(picture: Path, *companions: str) -> Path:
    """`picture`, or if that or its checkpoint exists or is painted, the first of picture-2.png, picture-3.png … that is not.

    It may be another file than a picture: its ending is kept. Of `companions`, such as `-mask.png`, none may exist either.
    """
    from doorways.cli.alone import is_painted

    def files(path: Path) -> Iterator[Path]:
        yield path
        yield checkpoint_beside(path)
        yield from (path.with_name(path.stem + ending) for ending in companions)

    free = (path for path in _names(picture) if not any(file.exists() for file in files(path)))
    return next(path for path in free if not is_painted(path))


def _names(first: Path) -> Iterator[Path]:
    yield first
    for number in count(2):
        yield first.with_name(f"{first.stem}-{number}{first.suffix}")


def _slug(text: str) -> str:
    """Letters and digits of any script, parted by hyphens."""
    plain = unicodedata.normalize("NFKC", text).lower()
    slug = re.sub(r"[\W_]+", "-", plain)[:LONGEST_NAME].strip("-")
    return slug or "painting"
