"""A hub of models on this machine, which speaks what huggingface_hub and browsers of files expect of one."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
TOKEN = "hf_of_a_test"
COMMIT = "c" * 40


@dataclass
class LocalHub:
    """What is on the hub, how it behaves, and what it was asked.

    Attributes
    ----------
    repositories : files by path, by `owner/name`
    files : other files by path of the address; `/secret/` wants `?token=TOKEN`
    gated : repositories whose terms must be accepted
    cuts : after so many bytes of a file the next answers break off; one is taken for each answer
    statuses : the next answers for files are these errors
    bytes_per_second : how fast files go out; None = at once
    damage : paths whose bytes are changed on the way
    asked : (path, Range header, Authorization header) of every request for a file
    """

    url: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    gated: set[str] = field(default_factory=set[str])
    cuts: list[int] = field(default_factory=list[int])
    statuses: list[int] = field(default_factory=list[int])
    bytes_per_second: float | None = None
    damage: set[str] = field(default_factory=set[str])
    know_ranges: bool = True
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list[tuple[str, str | None, str | None]])

    def put(self, hub: str, folder: Path, only: str = "**/*") -> dict[str, bytes]:
        """Put the files of a folder into a repository."""
        found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob(only) if path.is_file()}
        self.repositories.setdefault(hub, {}).update(found)
        return found

    def info(self, hub: str) -> dict[str, Any]:
        siblings = [
            {
                "rfilename": path,
                "size": len(data),
                "blobId": hashlib.sha1(data).hexdigest(),
                **({"lfs": _lfs(data)} if path.endswith(".safetensors") else {}),
            }
            for path, data in self.repositories[hub].items()
        ]
        return {
            "id": hub,
            "modelId": hub,
            "sha": COMMIT,
            "siblings": siblings,
            "tags": ["license:mit"],
            "private": False,
        }


def _lfs(data: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: LocalHub

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        if path.startswith("/api/models/"):
            self._api(path.removeprefix("/api/models/"))
        elif "/resolve/" in path:
            self._resolve(path)
        else:
            token = parse_qs(parts.query).get("token")
            secret = path.startswith("/secret/") and token != [TOKEN]
            self._file(path, None if secret else self.hub.files.get(path), 401 if secret else 404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _api(self, rest: str) -> None:
        hub = rest.partition("/revision/")[0]
        if hub not in self.hub.repositories:
            return self._answer(401, b'{"error": "Invalid username or password."}', {"X-Error-Code": "RepoNotFound"})
        if rest.partition("/revision/")[2] not in ("", "main", COMMIT):
            return self._answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        return self._answer(200, json.dumps(self.hub.info(hub)).encode(), {"Content-Type": "application/json"})

    def _resolve(self, path: str) -> None:
        hub, _, rest = path[1:].partition("/resolve/")
        name = rest.partition("/")[2]
        if hub in self.hub.gated and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._answer(401, b"", {"X-Error-Code": "GatedRepo"})
        data = self.hub.repositories[hub].get(name)
        if data is not None and name in self.hub.damage:
            data = data[:-1] + bytes([data[-1] ^ 1])
        return self._file(path, data, 404)

    def _file(self, path: str, data: bytes | None, otherwise: int) -> None:
        hub = self.hub
        hub.asked.append((path, self.headers.get("Range"), self.headers.get("Authorization")))
        if hub.statuses:
            return self._answer(hub.statuses.pop(0), b"", {})
        if data is None:
            return self._answer(otherwise, b"", {})
        headers = {"Content-Type": "application/octet-stream", "ETag": f'"{hashlib.sha1(data).hexdigest()}"'}
        asked = _RANGE.fullmatch(self.headers.get("Range", "")) if hub.know_ranges else None
        if asked is None or self.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
            return self._answer(200, data, headers)
        first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
        if first > last:
            return self._answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return self._answer(206, data[first : last + 1], headers)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.hub.cuts.pop(0) if self.hub.cuts and len(body) > 64 else len(body)
        try:
            self._send(body[:cut])
        except ConnectionError:
            self.close_connection = True
            return
        if cut < len(body):
            self.close_connection = True
            self.connection.shutdown(2)

    def _send(self, body: bytes) -> None:
        speed = self.hub.bytes_per_second
        if speed is None:
            self.wfile.write(body)
            return
        piece = max(1, int(speed / 50))
        for start in range(0, len(body), piece):
            self.wfile.write(body[start : start + piece])
            self.wfile.flush()
            time.sleep(1 / 50)


@contextmanager
def serving() -> Iterator[LocalHub]:
    """Run a hub while the context lasts."""
    hub = LocalHub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
