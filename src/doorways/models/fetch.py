"""One large file from the hub into its cache: gone on with after an interruption, and verified before it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from doorways.errors import DoorwaysError


def fetch(url: str, target: Path, *, size: int, sha256: str, tell: Callable[[int], None]) -> None:
    """Brings `url` to `target`, which appears only when it is whole and has the checksum `sha256`.

    What arrives is kept beside it in a `.part` file, so that an interrupted fetch goes on where it stopped; one
    process at a time. `tell` is given the bytes that are here so far.

    Raises:
        DoorwaysError: what arrived is not what was promised; it is removed.
        httpx.HTTPError, OSError: the connection or the disk failed; what has arrived is kept.
    """
    from huggingface_hub import get_session
    from huggingface_hub.utils import (  # type: ignore[attr-defined]  # exported, but not in so many words
        WeakFileLock,
        build_hf_headers,
        hf_raise_for_status,
    )

    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with WeakFileLock(target.with_name(f"{target.name}.lock")):
        if target.is_file():
            return tell(size)
        here = part.stat().st_size if part.is_file() else 0
        if here < size:
            headers = build_hf_headers() | {"Accept-Encoding": "identity"}
            headers |= {"Range": f"bytes={here}-"} if here else {}
            with get_session().stream("GET", url, headers=headers, follow_redirects=True) as response:
                hf_raise_for_status(response)
                resumed = response.status_code == 206
                with part.open("ab" if resumed else "wb") as file:
                    tell(file.tell())
                    for chunk in response.iter_bytes():
                        file.write(chunk)
                        tell(min(file.tell(), size))
        if part.stat().st_size != size or _sha256(part) != sha256:
            part.unlink()
            raise DoorwaysError(f"{url} arrived damaged and was removed again; pull once more")
        part.replace(target)
    tell(size)
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
