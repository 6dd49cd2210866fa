"""`hub:owner/name[/subfolder][@revision]`: models from the hub's cache, and into it.

The cache is huggingface_hub's own (`HF_HOME`, `HF_HUB_CACHE` and `HF_HUB_OFFLINE` mean what they mean there), so a
model that another program has fetched is used as it is. What is in the cache is used without asking the network,
so a painting's models do not change under it; `pull` asks, and brings the newest.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from doorways.atomic import unwritable
from doorways.errors import DoorwaysError, InputError
from doorways.models.fetch import fetch
from doorways.models.files import AUTOENCODERS, WEIGHTS, RemoteFile, choose, is_whole

HUB = "hub:"
ON_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENAMETOOLONG}
"""Failures that are the cache's and not the network's."""
Progress = Callable[[int, int], None]
"""Told the bytes that are here and the bytes of the whole model."""


@dataclass(frozen=True)
class Repository:
    """A model repository on the hub, or a folder in one.

    >>> Repository.parse("hub:amused/amused-512/vqvae")
    Repository(name='amused/amused-512', subfolder='vqvae', revision='main')
    """

    name: str
    subfolder: str = ""
    revision: str = "main"

    @classmethod
    def parse(cls, spec: str) -> Repository:
        """Reads a spec; InputError where it is none."""
        part = r"[\w][\w.-]*"
        found = re.fullmatch(
            rf"{HUB}({part}/{part})((?:/{part})*)(?:@([\w][\w./-]*))?", spec.strip(), re.ASCII
        )
        if (
            not found or ".." in spec or "--" in found[1] or found[1].endswith(".git")
        ):  # which the hub allows in no name
            raise InputError(
                f"model {spec!r}: write a model of the hub as {HUB}owner/name or {HUB}owner/name/subfolder"
            )
        return cls(found[1], found[2].strip("/"), found[3] or "main")

    @property
    def home(self) -> Path:
        """Where the cache keeps all versions of this repository."""
        from huggingface_hub import constants

        return Path(constants.HF_HUB_CACHE) / f"models--{self.name.replace('/', '--')}"

    def cached(self) -> Path | None:
        """The folder in the cache that holds this model whole, or None."""
        try:
            commit = (self.home / "refs" / self.revision).read_text("utf-8").strip()
        except OSError:
            commit = self.revision
        snapshot = self.home / "snapshots" / commit
        folders = (
            [snapshot / self.subfolder]
            if self.subfolder
            else [snapshot, *(snapshot / a for a in AUTOENCODERS)]
        )
        return next((folder for folder in folders if is_whole(folder)), None)


def locate(spec: str) -> Path:
    """The folder of a model of the hub: from the cache, fetched first where it is not there.

    InputError where there is no such model or it cannot be fetched.
    """
    return Repository.parse(spec).cached() or pull(spec)


def pull(spec: str, on_progress: Progress | None = None) -> Path:
    """Brings the newest version of a model into the cache, verifies its weights, and returns its folder.

    What an interrupted pull has brought is kept and gone on with.

    Raises:
        InputError: no such model, no permission, or nothing in it that can be loaded.
        DoorwaysError: no connection, or weights that differ from what the hub says they are (they are removed again).
    """
    from huggingface_hub import constants, hf_hub_url, snapshot_download

    repository = Repository.parse(spec)
    if constants.HF_HUB_OFFLINE and repository.cached() is not None:
        raise InputError(
            f"model {spec!r} is here, and HF_HUB_OFFLINE forbids to ask for a newer version; unset HF_HUB_OFFLINE to ask"
        )
    if constants.HF_HUB_OFFLINE:
        raise InputError(
            f"model {spec!r} is not in the cache {constants.HF_HUB_CACHE} and HF_HUB_OFFLINE forbids to fetch it; "
            f"unset HF_HUB_OFFLINE, or run 'doorways models pull {spec}' where there is a connection and set HF_HOME "
            "to that cache, or use --models embedded"
        )
    try:
        commit, wanted = _listing(repository)
        total = sum(file.size for file in wanted)
        before = 0
        for file in sorted(wanted, key=lambda file: file.size):
            if file.sha256 is not None:  # the cache keeps such a file under its checksum
                fetch(
                    hf_hub_url(repository.name, file.path, revision=commit),
                    repository.home / "blobs" / file.sha256,
                    size=file.size,
                    sha256=file.sha256,
                    tell=partial(_tell, on_progress, before, total),
                )
            before += file.size
        with _no_bars():
            patterns = [_literal(file.path) for file in wanted]
            snapshot_download(repository.name, revision=repository.revision, allow_patterns=patterns)
    except _failures() as error:
        if isinstance(error, OSError) and error.errno in ON_DISK:
            raise unwritable(repository.home, error) from error
        raise _unreachable(spec, error, here=repository.cached() is not None) from error
    _tell(on_progress, total, total, 0)
    if (folder := repository.cached()) is None:
        raise InputError(f"model {spec!r} holds nothing that can be loaded; name the subfolder that does")
    return folder


def size_of(spec: str) -> int:
    """Bytes that `pull` would bring if nothing were here; asks the network, with the same errors as `pull`."""
    try:
        return sum(file.size for file in _listing(Repository.parse(spec))[1])
    except _failures() as error:
        raise _unreachable(spec, error) from error


def _listing(repository: Repository) -> tuple[str, list[RemoteFile]]:
    """The newest commit of a repository, and the files in it that make up the model."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(repository.name, revision=repository.revision, files_metadata=True)
    files = [
        RemoteFile(file.rfilename, file.size or 0, file.lfs.sha256 if file.lfs else None)
        for file in info.siblings or []
    ]
    wanted = choose(files, repository.subfolder)
    if not wanted:
        raise InputError(
            f"model '{HUB}{repository.name}' has no weights in {repository.subfolder or 'its top folder'} that can be "
            f"loaded ({', '.join(WEIGHTS)}); name the subfolder that has"
        )
    return info.sha or repository.revision, wanted


def _tell(on_progress: Progress | None, before: int, total: int, here: int) -> None:
    """Tells a listener, if there is one, the bytes of the whole model that are here."""
    if on_progress is not None:
        on_progress(before + here, total)


@contextmanager
def _no_bars() -> Iterator[None]:
    """None of huggingface_hub's own progress bars: the caller is told."""
    from huggingface_hub.utils import (  # type: ignore[attr-defined]  # exported, but not in so many words
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    were_off = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not were_off:
            enable_progress_bars()


def _failures() -> tuple[type[Exception], ...]:
    """What a look-up or a download may fail with: the hub's errors, its transport's, and the disk's."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    transport = [kind for kind in HfHubHTTPError.__mro__ if kind.__name__ == "HTTPError"]
    return (HfHubHTTPError, LocalEntryNotFoundError, *transport, OSError)


def _literal(path: str) -> str:
    """A pattern that matches `path` alone."""
    return re.sub(r"([*?[])", r"[\1]", path)


def _unreachable(spec: str, error: Exception, *, here: bool = False) -> DoorwaysError:
    """What to tell of a failed look-up, with its remedy."""
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    if isinstance(error, GatedRepoError):
        return InputError(
            f"model {spec!r} wants its terms accepted; accept them on the hub, then set HF_TOKEN"
        )
    if isinstance(error, RepositoryNotFoundError | RevisionNotFoundError):
        return InputError(f"model {spec!r} is not on the hub, or is private; check its name, or set HF_TOKEN")
    if here:
        return DoorwaysError(
            f"model {spec!r} is here, and whether there is a newer version could not be asked ({type(error).__name__}); "
            "try again with a connection"
        )
    return DoorwaysError(
        f"model {spec!r} is not in the cache {constants.HF_HUB_CACHE} and the hub cannot be reached "
        f"({type(error).__name__}); try again with a connection, or set HF_HOME to a cache that holds it, or use "
        "--models embedded"
    )
