"""A hub in miniature on this machine: serves the files of a folder as a model repository over HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".safetensors", ".bin", ".msgpack")


class Hub(ThreadingHTTPServer):
    """Serves `folder` as the repository `name`; the tests look at `served` and may turn knobs."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.name, self.folder = name, folder
        self.served: list[tuple[str, str]] = []
        """Every (path, Range header) of a file asked for."""
        self.damage = ""
        """The path of a file that is served with its last byte changed."""
        self.cut_after: int | None = None
        """After how many bytes the connection breaks."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def do_GET(self, *, body: bool = True) -> None:
        path = unquote(urlsplit(self.path).path)
        name = self.server.name
        if path.startswith(f"/api/models/{name}/tree/"):
            return self.send_json([self.describe(file, "oid") for file in self.server.files()])
        if path.startswith(f"/api/models/{name}"):
            siblings = [self.describe(file, "sha256") for file in self.server.files()]
            return self.send_json(
                {"_id": "1", "id": name, "modelId": name, "sha": COMMIT, "siblings": siblings}
            )
        file = self.server.folder / path.removeprefix(f"/{name}/resolve/{COMMIT}/")
        if not path.startswith(f"/{name}/resolve/") or not file.is_file():
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if name in path else "RepoNotFound")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        return self.send_file(file, body)

    def describe(self, file: Path, digest: str) -> dict:
        relative, content = file.relative_to(self.server.folder).as_posix(), file.read_bytes()
        sha = hashlib.sha256(content).hexdigest()
        blob = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        entry = {
            "type": "file",
            "path": relative,
            "rfilename": relative,
            "size": len(content),
            "oid": blob,
            "blobId": blob,
        }
        if file.suffix in LARGE:
            entry["lfs"] = {digest: sha, "oid": sha, "size": len(content), "pointerSize": 100}
        return entry

    def send_json(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_file(self, file: Path, body: bool) -> None:
        content = file.read_bytes()
        relative = file.relative_to(self.server.folder).as_posix()
        etag = (
            self.describe(file, "sha256").get("lfs", {}).get("sha256")
            or self.describe(file, "sha256")["blobId"]
        )
        if relative == self.server.damage:
            content = content[:-1] + bytes([content[-1] ^ 1])
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        if body:
            self.server.served.append((relative, asked))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", f'"{etag}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if body:
            self.wfile.write(content[start : self.server.cut_after])
            self.close_connection = True


@contextmanager
def serving(name: str, folder: Path) -> Iterator[Hub]:
    """A running hub with one repository."""
    with Hub(name, folder) as hub:
        thread = threading.Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()
