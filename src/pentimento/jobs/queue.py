"""The queue on disk: which jobs there are, which is next, and what happened to each."""

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .job import (
    ENDED,
    PRIORITIES,
    Ending,
    EventKind,
    JobError,
    JobNotFound,
    Limits,
    Priority,
    QueueDamaged,
    QueueFull,
    State,
)
from .key import Key, find_by_key
from .schema import connected, opened
from .submission import Submission


@dataclass(frozen=True)
class Row:
    """A job as it is on disk.

    Attributes
    ----------
    number : order of acceptance
    losses : deaths of worker or server in a row, without a picture finished between
    half_done : pictures given up halfway for interactive jobs
    passed_over : younger jobs that went before it because their model and shape were at hand
    pictures : of those finished, (index, id in the store); of those that were skipped the id is ""
    script : what asks for the requests that are run, as in `ScriptOrder`; None = the request itself is
    """

    number: int
    id: str
    state: State
    priority: Priority
    owner: str
    origin: str
    mode: str
    format: str
    keep: bool
    created: float
    started: float | None
    finished: float | None
    attempts: int
    losses: int
    half_done: int
    passed_over: int
    group: str
    request: Mapping[str, Any]
    plan: Mapping[str, Any]
    seeds: tuple[tuple[int, int], ...]
    pictures: Mapping[int, str]
    same: str | None
    error: JobError | None
    script: Mapping[str, Any] | None

    @property
    def wanted(self) -> tuple[int, ...]:
        """Which pictures are still to be made."""
        return tuple(index for index in range(len(self.seeds)) if index not in self.pictures)


_NAMES = ", ".join(f'"{name}"' for name in Row.__dataclass_fields__)


@dataclass(frozen=True)
class StoredEvent:
    """One event of the journal."""

    seq: int
    job: str
    owner: str
    kind: EventKind
    time: float
    data: Mapping[str, Any]


class Queue:
    """All jobs, in SQLite.

    A job that was accepted or cancelled is so whatever happens then. All else outlives the
    end of the process; where the machine itself dies, the last of it may have to be done again.

    Parameters
    ----------
    on_event : told of every event that was written, after it was

    Raises
    ------
    QueueDamaged
        Where the file cannot be read.

    Notes
    -----
    Order: interactive before batch; then, of the model and shape that are at hand; then age.
    No job is passed over for another's model and shape more than `Limits.passed_over` times.
    """

    def __init__(
        self, path: Path, limits: Limits | None = None, on_event: Callable[[StoredEvent], None] = lambda event: None
    ) -> None:
        self.limits = limits or Limits()
        self._on_event = on_event
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = opened(path)
            # Reading does not wait for what is being written.
            self._reader, self._reading = connected(path), threading.Lock()
            self._last_seq: int = self._db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise QueueDamaged(
                f"the queue {path} cannot be read ({error}); move it away to begin with an empty one"
            ) from error

    def close(self) -> None:
        with self._lock, self._reading:
            self._reader.close()
            self._db.close()

    # Reading

    def get(self, id: str, owner: str | None = None) -> Row:
        """Find a job.

        Raises
        ------
        JobNotFound
            Where there is none, or it is another owner's.
        """
        found = self._read("WHERE id = ?", (id,))
        if not found or owner not in (None, found[0].owner):
            raise JobNotFound(f"there is no job '{id[:80]}'; ended jobs are forgotten after some time")
        return found[0]

    def list(
        self,
        owner: str | None = None,
        states: Collection[State] = (),
        limit: int = 50,
        before: str | None = None,
    ) -> "list[Row]":
        """Give jobs, newest first, older than the one called `before`."""
        conditions: list[tuple[str, Sequence[Any]]] = [("1 = 1", ())]
        if owner is not None:
            conditions.append(("owner = ?", (owner,)))
        if states:
            conditions.append((f"state IN ({', '.join('?' for _ in states)})", tuple(states)))
        if before is not None:
            conditions.append(("number < ?", (self.get(before, owner).number,)))
        where = " AND ".join(condition for condition, _ in conditions)
        values = [value for _, given in conditions for value in given]
        return self._read(f"WHERE {where} ORDER BY number DESC LIMIT ?", (*values, limit))

    def sent_before(self, owner: str, key: Key) -> Row | None:
        """Find the job that was accepted with a key.

        Raises
        ------
        RequestError
            Where something else was sent with it.
        """
        with self._reading:
            id = find_by_key(self._reader, owner, key)
        return None if id is None else self.get(id)

    def position(self, row: Row) -> int | None:
        """Tell how many jobs go before a waiting one, itself included, if no other comes."""
        if row.state != "queued":
            return None
        with self._reading:
            return self._reader.execute(
                "SELECT count(*) FROM jobs WHERE state = 'queued' AND (priority, number) <= (?, ?)",
                (PRIORITIES.index(row.priority), row.number),
            ).fetchone()[0]

    def waiting(self, priority: Priority | None = None) -> int:
        """Count the jobs that wait."""
        where = "" if priority is None else f" AND priority = {PRIORITIES.index(priority)}"
        with self._reading:
            return self._reader.execute(f"SELECT count(*) FROM jobs WHERE state = 'queued'{where}").fetchone()[0]

    def counts(self) -> dict[State, int]:
        """Count the jobs in each state."""
        with self._reading:
            return dict(self._reader.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall())

    def events(
        self, after: int, job: str | None = None, owner: str | None = None, limit: int = 1000
    ) -> "list[StoredEvent]":
        """Give the newest events behind a sequence number, in their order."""
        where, values = "seq > ?", [after]
        for name, value in (("job", job), ("owner", owner)):
            if value is not None:
                where, values = f"{where} AND {name} = ?", [*values, value]
        query = f"SELECT seq, job, owner, kind, time, data FROM events WHERE {where} ORDER BY seq DESC LIMIT ?"
        with self._reading:
            rows = self._reader.execute(query, (*values, limit)).fetchall()
        return [StoredEvent(seq, job, by, kind, at, json.loads(data)) for seq, job, by, kind, at, data in rows[::-1]]

    def _read(self, rest: str, values: Sequence[Any]) -> "list[Row]":
        with self._reading:
            return _rows(self._reader, rest, values)

    # Writing

    def next_seq(self) -> int:
        """Give a sequence number above all that were given, also by former processes."""
        with self._lock:
            self._last_seq = max(self._last_seq + 1, int(time.time() * 1e6))
            return self._last_seq

    @contextmanager
    def _changing(self, synchronous: Literal["FULL", "NORMAL"] = "NORMAL") -> "Generator[_Change]":
        """Make one transaction; its events are told once it is made."""
        with self._lock:
            change = _Change(self._db, self.next_seq)
            self._db.execute(f"PRAGMA synchronous = {synchronous}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield change
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            for event in change.events:
                self._on_event(event)

    def add(self, new: Submission, is_there: Callable[[str], bool] = lambda picture: True) -> Row:
        """Accept a job; one that was done before for the same owner is done at once.

        A job that was accepted with the same key is given as it is.

        Parameters
        ----------
        is_there : whether a picture of the former job can still be given

        Raises
        ------
        QueueFull
            Where no more is taken.
        RequestError
            Where something else was sent with the key.
        """
        with self._changing("FULL") as change:
            sent = new.key and find_by_key(self._db, new.owner, new.key)
            if sent is not None:
                return self.get(sent)
            former = self._former(new, is_there)
            if former is None:
                self._check_limits(new.owner)
            id, now = _new_id(), time.time()
            pictures = json.dumps({} if former is None else {str(at): name for at, name in former.pictures.items()})
            change.execute(
                'INSERT INTO jobs (id, state, priority, owner, origin, mode, format, keep, created, "group", request,'
                " plan, seeds, pictures, same, script, key, body)"
                " VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(id, PRIORITIES.index(new.priority), new.owner, new.origin, new.mode, new.format, new.keep, now),
                    *(new.group, new.request, new.plan, json.dumps(new.seeds), pictures, new.same, new.script),
                    *((new.key.name, new.key.body) if new.key else (None, None)),
                ),
            )
            change.tell(id, "queued")
            if former is not None:
                for name in former.pictures.values():
                    change.tell(id, "picture", picture=name)
                self._end(change, id, "done")
        return self.get(id)

    def _former(self, new: Submission, is_there: Callable[[str], bool]) -> Row | None:
        if new.same is None:
            return None
        found = _rows(
            self._db,
            "WHERE same = ? AND owner = ? AND state = 'done' ORDER BY number DESC LIMIT 1",
            (new.same, new.owner),
        )
        whole = found and not found[0].wanted and all(is_there(name) for name in found[0].pictures.values())
        return found[0] if whole else None

    def _check_limits(self, owner: str) -> None:
        counted = "SELECT count(*) FROM jobs WHERE state = 'queued'"
        everybody = self._db.execute(counted).fetchone()[0]
        if everybody >= self.limits.queued:
            raise QueueFull(f"{everybody} jobs wait already, and no more are taken; try again when some are done")
        own = self._db.execute(f"{counted} AND owner = ?", (owner,)).fetchone()[0]
        if own >= self.limits.queued_per_owner:
            raise QueueFull(f"{own} of your jobs wait already, and no more are taken; try again when some are done")

    def claim(self, at_hand: str = "") -> Row | None:
        """Take the next job and mark it running; None where none waits.

        Parameters
        ----------
        at_hand : the group whose model and shape need not be brought first
        """
        with self._changing() as change:
            oldest = _rows(self._db, "WHERE state = 'queued' ORDER BY priority, number LIMIT 1", ())
            if not oldest:
                return None
            chosen = oldest[0]
            if chosen.group != at_hand:
                chosen = self._near(at_hand, chosen) or chosen
            change.execute(
                "UPDATE jobs SET passed_over = passed_over + 1 WHERE state = 'queued' AND priority = ? AND number < ?",
                (PRIORITIES.index(chosen.priority), chosen.number),
            )
            change.execute(
                "UPDATE jobs SET state = 'running', attempts = attempts + 1, started = coalesce(started, ?)"
                " WHERE id = ?",
                (time.time(), chosen.id),
            )
        return self.get(chosen.id)

    def _near(self, at_hand: str, oldest: Row) -> Row | None:
        """Find the oldest job of the group at hand, or else of its model."""
        model = at_hand.rpartition("|")[0] + "|"
        priority = PRIORITIES.index(oldest.priority)
        return next(
            iter(
                _rows(
                    self._db,
                    "WHERE state = 'queued' AND priority = ? AND substr(\"group\", 1, ?) = ?"
                    " AND number <= coalesce((SELECT min(number) FROM jobs WHERE state = 'queued' AND priority = ?"
                    ' AND passed_over >= ?), number) ORDER BY "group" = ? DESC, number LIMIT 1',
                    (priority, len(model), model, priority, self.limits.passed_over, at_hand),
                )
            ),
            None,
        )

    def started(self, id: str) -> None:
        """Write down that work on a job has begun."""
        with self._changing() as change:
            change.tell(id, "started")

    def picture(self, id: str, index: int, name: str) -> None:
        """Write down a finished picture, or with an empty name that it is left out."""
        with self._changing() as change:
            row = _rows(self._db, "WHERE id = ?", (id,))[0]
            if index in row.pictures:
                return
            pictures = dict(sorted({**row.pictures, index: name}.items()))
            change.execute(
                "UPDATE jobs SET pictures = ?, losses = 0 WHERE id = ?",
                (json.dumps({str(at): one for at, one in pictures.items()}), id),
            )
            if name:
                change.tell(id, "picture", picture=name)

    def went_on(self, id: str) -> None:
        """Note that a job came nearer to its end, so that a death that comes now is a first one."""
        with self._changing() as change:
            change.execute("UPDATE jobs SET losses = 0 WHERE id = ?", (id,))

    def finish(self, id: str) -> None:
        with self._changing() as change:
            self._end(change, id, "done")

    def fail(self, id: str, error: JobError) -> None:
        with self._changing() as change:
            self._end(change, id, "failed", error)

    def cancel(self, id: str) -> bool:
        """End a job that has not ended; tells whether it was such."""
        with self._changing("FULL") as change:
            row = _rows(self._db, "WHERE id = ?", (id,))[0]
            if row.state in ENDED:
                return False
            self._end(change, id, "cancelled")
            return True

    def _end(self, change: "_Change", id: str, state: Ending, error: JobError | None = None) -> None:
        told = None if error is None else error.as_dict()
        change.execute(
            "UPDATE jobs SET state = ?, finished = ?, error = ? WHERE id = ?",
            (state, time.time(), told and json.dumps(told), id),
        )
        change.tell(id, state, **({} if told is None else {"error": told}))

    def put_back(self, id: str, *, half_done: bool = False) -> None:
        """Let a running job wait again, at its old place."""
        with self._changing() as change:
            change.execute(
                "UPDATE jobs SET state = 'queued', half_done = half_done + ? WHERE id = ?", (int(half_done), id)
            )
            change.tell(id, "queued")

    def lose(self, id: str, error: JobError) -> bool:
        """Let a job wait again whose worker or server died; after too many deaths it fails. Tells whether it waits."""
        with self._changing() as change:
            row = _rows(self._db, "WHERE id = ?", (id,))[0]
            change.execute("UPDATE jobs SET losses = losses + 1 WHERE id = ?", (id,))
            if row.losses + 1 >= self.limits.losses:
                times = f" ({row.losses + 1} times)" if row.losses else ""
                self._end(change, id, "failed", JobError(error.title, error.detail + times, error.field))
                return False
            change.execute("UPDATE jobs SET state = 'queued' WHERE id = ?", (id,))
            change.tell(id, "queued")
            return True

    def forget(self, now: float | None = None) -> "list[str]":
        """Drop ended jobs that are past their time; gives the temporary pictures that no job has any more."""
        now = time.time() if now is None else now
        limits = self.limits
        past = (
            "state IN ('done', 'failed', 'cancelled') AND (finished < ? OR (keep = 0 AND finished < ?) OR number <="
            " (SELECT number FROM jobs WHERE state IN ('done', 'failed', 'cancelled')"
            " ORDER BY number DESC LIMIT 1 OFFSET ?))"
        )
        values = (now - limits.kept_seconds, now - limits.temporary_seconds, limits.kept_jobs)
        with self._changing() as change:
            gone = _rows(self._db, f"WHERE {past}", values)
            if not gone:
                return []
            change.execute(f"DELETE FROM events WHERE job IN (SELECT id FROM jobs WHERE {past})", values)
            change.execute(f"DELETE FROM jobs WHERE {past}", values)
            orphans = {name for row in gone if not row.keep for name in row.pictures.values()}
            left = _rows(self._db, "WHERE keep = 0", ())
            return sorted(orphans - {name for row in left for name in row.pictures.values()})


class _Change:
    """What one transaction does."""

    def __init__(self, db: sqlite3.Connection, next_seq: Callable[[], int]) -> None:
        self.events: list[StoredEvent] = []
        self._db = db
        self._next_seq = next_seq

    def execute(self, text: str, values: Sequence[Any]) -> None:
        self._db.execute(text, values)

    def tell(self, job: str, kind: EventKind, **data: Any) -> None:
        owner = self._db.execute("SELECT owner FROM jobs WHERE id = ?", (job,)).fetchone()[0]
        event = StoredEvent(self._next_seq(), job, owner, kind, time.time(), data)
        self._db.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", (event.seq, job, owner, kind, event.time, json.dumps(data))
        )
        self.events.append(event)


def _rows(db: sqlite3.Connection, rest: str, values: Sequence[Any]) -> list[Row]:
    with closing(db.execute(f"SELECT {_NAMES} FROM jobs {rest}", values)) as found:
        return [_row(values) for values in found]


def _row(columns: Sequence[Any]) -> Row:
    values: dict[str, Any] = dict(zip(Row.__dataclass_fields__, columns, strict=True))
    values["priority"] = PRIORITIES[values["priority"]]
    values["keep"] = bool(values["keep"])
    values["request"] = json.loads(values["request"])
    values["plan"] = json.loads(values["plan"])
    values["seeds"] = tuple((seed, variation) for seed, variation in json.loads(values["seeds"]))
    values["pictures"] = {int(at): name for at, name in json.loads(values["pictures"]).items()}
    values["script"] = None if values["script"] is None else json.loads(values["script"])
    values["error"] = None if values["error"] is None else JobError(**json.loads(values["error"]))
    return Row(**values)


def _new_id() -> str:
    """Make an id that sorts by time and cannot be guessed."""
    return f"{int(time.time() * 1000):011x}{secrets.token_hex(8)}"
