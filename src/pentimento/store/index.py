"""The index of the history: SQLite with full-text search, made again from journal and files where it is lost."""

import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from .picture import Page, Picture

_VERSION = 3
_COLUMNS = tuple(field.name for field in fields(Picture))
_SCHEMA = f"""
BEGIN;
CREATE TABLE pictures (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, job TEXT, "index" INTEGER, owner TEXT, created REAL,
    width INTEGER, height INTEGER, format TEXT, bytes INTEGER, seed TEXT, mode TEXT, prompt TEXT,
    negative_prompt TEXT, model TEXT, file TEXT, kept INTEGER, favourite INTEGER, tags TEXT, trashed INTEGER,
    footprint TEXT, label TEXT, pixels TEXT);
CREATE INDEX pictures_by_age ON pictures (trashed, kept, created DESC, id DESC);
CREATE INDEX pictures_of_owner ON pictures (owner, trashed, kept, created DESC, id DESC);
CREATE INDEX favourites ON pictures (trashed, kept, created DESC, id DESC) WHERE favourite = 1;
CREATE INDEX pictures_by_job ON pictures (job);
CREATE INDEX pictures_by_pixels ON pictures (pixels, created DESC) WHERE pixels != '';
CREATE VIRTUAL TABLE words USING fts5 (
    prompt, negative_prompt, model, tags, tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)


class Index:
    """Rows of pictures, and up to which byte of the journal they are known to be right.

    Attributes
    ----------
    fresh : it was not there, or of no use, and is empty now
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self.fresh = not path.exists()
        try:
            self._open()
        except sqlite3.DatabaseError:
            self._discard()
            self._open()

    def _open(self) -> None:
        self._db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            raise sqlite3.DatabaseError(f"of form {version}")
        if version == 0:
            self.fresh = True
            self._db.executescript(_SCHEMA)

    def _discard(self) -> None:
        self._db.close()
        self.fresh = True
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all rows."""
        with self._lock:
            self._discard()
            self._open()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @property
    def known_until(self) -> int:
        with self._lock:
            row = self._db.execute("SELECT value FROM facts WHERE name = 'journal'").fetchone()
        return row[0] if row else 0

    def put(self, pictures: Iterable[Picture], removed: Iterable[str], known_until: int) -> None:
        """Set rows and take others away, together with the place in the journal that they stand for."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for name in removed:
                self._remove(name)
            for picture in pictures:
                self._remove(picture.id)
                self._insert(picture)
            self._db.execute("INSERT OR REPLACE INTO facts VALUES ('journal', ?)", (known_until,))

    def _remove(self, name: str) -> None:
        self._db.execute("DELETE FROM words WHERE rowid IN (SELECT number FROM pictures WHERE id = ?)", (name,))
        self._db.execute("DELETE FROM pictures WHERE id = ?", (name,))

    def _insert(self, picture: Picture) -> None:
        values = dict(zip(_COLUMNS, astuple(picture), strict=True))
        values["tags"] = json.dumps(picture.tags, ensure_ascii=False)
        values["seed"] = None if picture.seed is None else str(picture.seed)
        values["footprint"] = None if picture.footprint is None else json.dumps(dict(picture.footprint))
        marks = ", ".join("?" for _ in _COLUMNS)
        row = self._db.execute(f"INSERT INTO pictures ({_NAMES}) VALUES ({marks})", [values[name] for name in _COLUMNS])
        text = (picture.prompt, picture.negative_prompt, picture.model, " ".join(picture.tags))
        self._db.execute(
            "INSERT INTO words (rowid, prompt, negative_prompt, model, tags) VALUES (?, ?, ?, ?, ?)",
            (row.lastrowid, *text),
        )

    def get(self, name: str) -> Picture | None:
        found = self._select("WHERE id = ?", (name,))
        return found[0] if found else None

    def of_job(self, job: str) -> list[Picture]:
        return self._select('WHERE job = ? ORDER BY "index"', (job,))

    def showing(self, pixels: str, owner: str, before: float) -> Picture | None:
        """Find the newest picture of an owner that shows these pixels and was made before a time."""
        where = "WHERE pixels = ? AND pixels != '' AND owner = ? AND created < ? ORDER BY created DESC LIMIT 1"
        found = self._select(where, (pixels, owner, before))
        return found[0] if found else None

    def ids(self, *, trashed: bool, owner: str | None) -> list[str]:
        where, values = "trashed = ?", [int(trashed)]
        if owner is not None:
            where, values = f"{where} AND owner = ?", [*values, owner]
        with self._lock:
            return [row[0] for row in self._db.execute(f"SELECT id FROM pictures WHERE {where}", values)]

    def count(self) -> int:
        with self._lock:
            return self._db.execute("SELECT count(*) FROM pictures").fetchone()[0]

    def files(self) -> dict[str, str]:
        """Tell which picture each file is."""
        with self._lock:
            return dict(self._db.execute("SELECT file, id FROM pictures").fetchall())

    def search(
        self,
        text: str,
        *,
        owner: str | None,
        favourite: bool | None,
        tag: str | None,
        trashed: bool,
        before: tuple[float, str] | None,
        limit: int,
    ) -> Page:
        """Find pictures of the history, newest first; words are found by their beginnings."""
        conditions: list[tuple[str, Sequence[Any]]] = [("kept = 1 AND trashed = ?", [int(trashed)])]
        if text.strip():
            conditions.append(("number IN (SELECT rowid FROM words WHERE words MATCH ?)", [_query(text)]))
        if owner is not None:
            conditions.append(("owner = ?", [owner]))
        if favourite is not None:
            conditions.append((f"favourite = {int(favourite)}", []))
        if tag is not None:
            conditions.append(("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", [tag]))
        if before is not None:
            conditions.append(("(created, id) < (?, ?)", before))
        where = " AND ".join(condition for condition, _ in conditions)
        values = [value for _, given in conditions for value in given]
        found = self._select(f"WHERE {where} ORDER BY created DESC, id DESC LIMIT ?", (*values, limit + 1))
        last = found[limit - 1] if len(found) > limit else None
        return Page(tuple(found[:limit]), last and f"{last.created!r}_{last.id}")

    def _select(self, rest: str, values: Sequence[Any]) -> list[Picture]:
        with self._lock, closing(self._db.execute(f"SELECT {_NAMES} FROM pictures {rest}", values)) as rows:
            return [_picture(row) for row in rows]


def _picture(row: Sequence[Any]) -> Picture:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in ("kept", "favourite", "trashed"):
        values[name] = bool(values[name])
    values["seed"] = None if values["seed"] is None else int(values["seed"])
    values["tags"] = tuple(json.loads(values["tags"]))
    values["footprint"] = None if values["footprint"] is None else json.loads(values["footprint"])
    return Picture(**values)


def _query(text: str) -> str:
    """Turn what a person typed into a query of FTS5: every word's beginning must occur."""
    words = re.findall(r"\w+", text)
    return " ".join(f'"{word}"*' for word in words) or '""'
