"""The queue's file: its tables, and what brings older forms of them to this one."""

import sqlite3
from pathlib import Path

VERSION = 3
_KEY = "CREATE UNIQUE INDEX jobs_by_key ON jobs (owner, key) WHERE key IS NOT NULL;"
_SCHEMA = f"""
BEGIN;
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, state TEXT NOT NULL, priority INTEGER NOT NULL,
    owner TEXT NOT NULL, origin TEXT NOT NULL, mode TEXT NOT NULL, format TEXT NOT NULL, keep INTEGER NOT NULL,
    created REAL NOT NULL, started REAL, finished REAL, attempts INTEGER NOT NULL DEFAULT 0,
    losses INTEGER NOT NULL DEFAULT 0, half_done INTEGER NOT NULL DEFAULT 0, passed_over INTEGER NOT NULL DEFAULT 0,
    "group" TEXT NOT NULL, request TEXT NOT NULL, plan TEXT NOT NULL, seeds TEXT NOT NULL, pictures TEXT NOT NULL,
    same TEXT, error TEXT, script TEXT, key TEXT, body TEXT);
CREATE INDEX jobs_in_order ON jobs (state, priority, number);
CREATE INDEX jobs_of_owner ON jobs (owner, number);
CREATE INDEX jobs_the_same ON jobs (same, owner) WHERE same IS NOT NULL;
{_KEY}
CREATE TABLE events (seq INTEGER PRIMARY KEY, job TEXT NOT NULL, owner TEXT NOT NULL, kind TEXT NOT NULL,
    time REAL NOT NULL, data TEXT NOT NULL);
CREATE INDEX events_of_job ON events (job, seq);
PRAGMA user_version = {VERSION};
COMMIT;
"""
MIGRATIONS = {
    1: "BEGIN; ALTER TABLE jobs ADD COLUMN script TEXT; PRAGMA user_version = 2; COMMIT;",
    2: "BEGIN; ALTER TABLE jobs ADD COLUMN key TEXT; ALTER TABLE jobs ADD COLUMN body TEXT;"
    f" {_KEY} PRAGMA user_version = 3; COMMIT;",
}
"""From each older form to the next."""


def opened(path: Path) -> sqlite3.Connection:
    """Open the file with the tables in it.

    Raises
    ------
    sqlite3.DatabaseError
        Where it is no such file, or one of a newer program.
    """
    db = connected(path)
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        db.executescript(_SCHEMA)
    while version in MIGRATIONS:
        db.executescript(MIGRATIONS[version])
        version = db.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, VERSION):
        raise sqlite3.DatabaseError(f"it is of form {version}, and this program knows form {VERSION}")
    return db


def connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
    db.execute("PRAGMA journal_mode = WAL")
    return db
