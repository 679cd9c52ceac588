"""Content hashes of model files, remembered between runs."""

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..files import cache_dir, write_atomically

PREVIEW_DECODER = "preview_decoder"
"""Part of a model's folder that changes no picture."""


def content_hash(path: Path) -> str:
    """Compute the SHA-256 of a model, 64 hex digits.

    A file's is that of its bytes (the hash that A1111 writes into pictures). A folder's is
    that of the text with one line `SHA-256 relative/path` for each `.safetensors` file in
    it, in the order of their paths: configuration files and file names' letter case of the
    parent do not count, nor does a decoder for previews.
    """
    if path.is_file():
        return file_hash(path)
    names = sorted(file.relative_to(path).as_posix() for file in path.rglob("*.safetensors"))
    lines = (f"{file_hash(path / name)} {name}\n" for name in names if not name.startswith(f"{PREVIEW_DECODER}/"))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def file_hash(path: Path) -> str:
    """Compute the SHA-256 of a file's bytes, or recall it if size and time are as they were."""
    return _recalled(path, "", lambda file: None)


def tensors_hash(path: Path) -> str:
    """Compute the SHA-256 of what follows a safetensors file's header; it outlives a change of the metadata."""
    return _recalled(path, "tensors|", lambda file: file.seek(8 + int.from_bytes(file.read(8), "little")))


def _recalled(path: Path, kind: str, skip: Callable[[BinaryIO], object]) -> str:
    place = cache_dir() / "hashes.json"
    stat = path.stat()
    start = f"{kind}{path.resolve()}|"
    key = f"{start}{stat.st_size}|{stat.st_mtime_ns}"
    known = _read(place)
    if key in known:
        return known[key]
    with path.open("rb") as file:
        skip(file)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    fresh = {name: value for name, value in _read(place).items() if not name.startswith(start)}
    _write(place, {**fresh, key: digest})
    return digest


def _read(place: Path) -> dict[str, str]:
    try:
        loaded: Any = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):  # nothing remembered, or not readable: hashes are computed again
        return {}
    return cast(dict[str, str], loaded) if isinstance(loaded, dict) else {}


def _write(place: Path, known: dict[str, str]) -> None:
    # A cache that cannot be written (read-only home) only costs time, so this is no error.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, json.dumps(known, indent=0).encode())
