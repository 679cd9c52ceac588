"""What is known of pictures and not written in them, in one file of JSON lines that only grows.

A line is written before what it tells is done; so whatever was interrupted can be ended
from it, and the index can be made again from it and the pictures.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from ..files import write_atomically


@dataclass(frozen=True)
class Entry:
    """What the journal says of one picture.

    Attributes
    ----------
    file : where it belongs, below the data folder
    earlier : where it may still be, if moving it was interrupted
    bytes : size of its file
    label : what it is among the pictures of its job
    removed : for good
    """

    id: str
    file: str
    job: str = ""
    index: int = 0
    owner: str = ""
    created: float = 0.0
    bytes: int = 0
    kept: bool = True
    footprint: Mapping[str, int] | None = None
    label: str = ""
    favourite: bool = False
    tags: tuple[str, ...] = ()
    trashed: bool = False
    removed: bool = False
    earlier: tuple[str, ...] = field(default=(), compare=False)

    def after(self, change: Mapping[str, Any]) -> "Entry":
        """Apply one line."""
        values = {name: value for name, value in change.items() if name in _FIELDS}
        if "tags" in values:
            values["tags"] = tuple(values["tags"])
        earlier = (*self.earlier, self.file) if values.get("file", self.file) != self.file else self.earlier
        return replace(self, **values, earlier=earlier)

    def as_line(self) -> dict[str, Any]:
        """Give the one line that says all of it."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return {name: value for name, value in values.items() if value != _DEFAULTS.get(name, ...)}


_FIELDS = tuple(name for name in Entry.__dataclass_fields__ if name != "earlier")
_DEFAULTS = {name: getattr(Entry("", ""), name) for name in _FIELDS if name not in ("id", "file")}


class Journal:
    """The file; a line that was cut short by a crash is dropped when it is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without a buffer: what could not be written is not written later behind our back.
        self._file = path.open("ab", buffering=0)
        self._count = self._drop_torn_line()

    def _drop_torn_line(self) -> int:
        """Cut the last line off if it has no end; tells how many lines there are."""
        count = whole = 0
        with self._path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    count, whole = count + 1, whole + len(line)
        if whole != self.size:
            self._file.truncate(whole)
        return count

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def append(self, line: Mapping[str, Any]) -> None:
        """Write a line; it is on disk when this returns."""
        size, data = self.size, _encoded(line)
        try:
            if self._file.write(data) != len(data):
                raise OSError(f"{self._path} could not be written whole; is the disk full?")
            os.fsync(self._file.fileno())
        except OSError:  # what comes next must not stand behind half a line
            self._file.truncate(size)
            raise

    def lines(self, start: int = 0) -> Iterator[dict[str, Any]]:
        """Read the lines from a byte on; damaged ones are passed over."""
        with self._path.open("rb") as file:
            file.seek(start)
            for text in file:
                try:
                    line: Any = json.loads(text)
                except ValueError:
                    continue
                if isinstance(line, dict) and "id" in line:
                    yield cast(dict[str, Any], line)

    def entries(self, start: int = 0) -> dict[str, Entry]:
        """Give the last word on every picture that is spoken of from a byte on."""
        spoken_of = {line["id"] for line in self.lines(start)}
        entries: dict[str, Entry] = {}
        for line in self.lines():
            name = line["id"]
            if name in spoken_of and "created" in line:  # a picture's first line, or written again after a crash
                entries[name] = Entry(name, line["file"]).after(line)
            elif name in entries:
                entries[name] = entries[name].after(line)
        return entries

    def compact(self, pictures: int) -> bool:
        """Write the file anew without what is past, where that is most of it; tells whether it was.

        Parameters
        ----------
        pictures : how many there are, about
        """
        if self._count <= 2 * pictures + 1000:
            return False
        alive = [entry for entry in self.entries().values() if not entry.removed]
        self._file.close()
        write_atomically(self._path, b"".join(_encoded(entry.as_line()) for entry in alive))
        self._file, self._count = self._path.open("ab", buffering=0), len(alive)
        return True

    def close(self) -> None:
        self._file.close()


def _encoded(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
