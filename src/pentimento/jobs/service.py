"""What a server holds: jobs go in, are done one after the other, and tell of themselves."""

import asyncio
import base64
import contextlib
import json
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..errors import PentimentoError
from ..plan import Plan
from ..request import Request
from ..scripts import ScriptPlan
from ..store import Store
from .job import (
    ENDED,
    PASSING,
    EventKind,
    Job,
    JobError,
    JobEvent,
    JobNotFound,
    Limits,
    Priority,
    State,
    Stopping,
)
from .key import Key
from .orders import Executor, Order, Report, ReportKind, ScriptOrder
from .perform import describe
from .queue import Queue, Row, StoredEvent
from .runs import Runs
from .submission import make_submission, read_option_pictures, read_pictures
from .subscriber import Subscriber
from .telling import job_of

T = TypeVar("T")

_SECONDS_BETWEEN_FORGETTING = 60.0
_REPLAYED = 2000

_log = logging.getLogger(__name__)


class Jobs:
    """The jobs of one data folder.

    Parameters
    ----------
    folder : of the queue; that of the store
    executor : does the work; started and stopped with this

    Notes
    -----
    One thread does all that changes something, in order; what is asked and what executors
    report goes to it through an inbox. So the event loop never waits for a disk.
    """

    def __init__(self, folder: str | Path, executor: Executor, store: Store, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.executor = executor
        self.store = store
        self._path = Path(folder).expanduser() / "jobs.sqlite"
        self._runs = Runs(Path(folder).expanduser() / "runs")
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._running: dict[str, Row] = {}
        self._giving_way: set[str] = set()
        self._passing: dict[str, dict[EventKind, JobEvent]] = {}
        self._subscribers: tuple[Subscriber, ...] = ()
        self._forgotten = float("-inf")
        self._stopping = False
        self._reports: Mapping[ReportKind, Callable[[Row, Mapping[str, Any]], None]] = {
            "loading": self._loading,
            "started": self._started,
            "step": self._step,
            "preview": self._preview,
            "run": self._run,
            "picture": self._picture,
            "skipped": self._skipped,
            "done": self._finished,
            "failed": self._failed,
            "cancelled": self._cancelled,
            "gave_way": self._gave_way,
            "lost": self._lost,
        }

    async def start(self) -> None:
        """Take up what was left, and begin."""
        self._queue = await asyncio.to_thread(Queue, self._path, self.limits, self._tell_stored)
        await asyncio.to_thread(self._recover)
        self._thread.start()
        self.executor.start(lambda report: self._inbox.put(partial(self._heed, report)))

    async def stop(self) -> None:
        """End the work; what is under way is begun again after the next start."""
        if self._stopping:
            return
        self._stopping = True
        await asyncio.to_thread(self.executor.stop)
        self._inbox.put(self._put_all_back)
        self._inbox.put(None)
        await asyncio.to_thread(self._thread.join)
        for subscriber in self._subscribers:
            subscriber.offer(None)
        self._queue.close()

    # Asked from the event loop

    async def submit(
        self,
        request: Request,
        plan: Plan | ScriptPlan,
        *,
        owner: str = "",
        origin: str = "native",
        priority: Priority = "interactive",
        format: str = "png",
        keep: bool = True,
        key: Key | None = None,
    ) -> Job:
        """Accept a job; it is on disk when this returns.

        Parameters
        ----------
        plan : of this request, or of a script with it; its seeds are the job's
        keep : its pictures go into the history; else they are there as long as the job is remembered
        key : sent again with it, the same job is given, as long as it is remembered

        Raises
        ------
        QueueFull
            Where no more jobs are taken.
        RequestError
            Where something else was sent with the key.
        Stopping
            Where `stop` was called.

        Notes
        -----
        A request with a fixed seed that was done for the same owner is answered from its result.
        """
        submission = await asyncio.to_thread(
            make_submission,
            request,
            plan,
            self.store.inputs,
            owner=owner,
            origin=origin,
            priority=priority,
            format=format,
            keep=keep,
            key=key,
        )

        def accept() -> Row:
            row = self._queue.add(submission, self.store.shows)
            self._dispatch()
            return row

        return self._job(self._queue.get((await self._done(accept)).id))

    def get(self, job_id: str, *, owner: str | None = None) -> Job:
        """Find a job.

        Raises
        ------
        JobNotFound
            Where there is none, or it is another owner's.
        """
        return self._job(self._queue.get(job_id, owner))

    def sent_before(self, key: Key, *, owner: str = "") -> Job | None:
        """Find the job that was accepted with a key; raises as `submit` does."""
        row = self._queue.sent_before(owner, key)
        return None if row is None else self._job(row)

    def list(
        self,
        *,
        owner: str | None = None,
        states: Collection[State] = (),
        limit: int = 50,
        before: str | None = None,
    ) -> "list[Job]":
        """Give jobs, newest first, older than the one called `before`."""
        return [self._job(row) for row in self._queue.list(owner, states, limit, before)]

    def counts(self) -> Mapping[State, int]:
        """Count the remembered jobs in each state."""
        return self._queue.counts()

    async def cancel(self, job_id: str, *, owner: str | None = None) -> Job:
        """End a job that has not ended; its finished pictures stay."""
        self._queue.get(job_id, owner)
        await self._done(lambda: self._cancel(job_id))
        return self.get(job_id, owner=owner)

    async def skip(self, job_id: str, *, owner: str | None = None) -> Job:
        """Leave out the picture that a job is working on, and go on with its next one.

        Notes
        -----
        A script's next picture may be made from this one, so a script is cancelled.
        """
        if self._queue.get(job_id, owner).script:
            return await self.cancel(job_id, owner=owner)
        self.executor.skip(job_id)
        return self.get(job_id, owner=owner)

    async def events(
        self, *, job_id: str | None = None, owner: str | None = None, after: int | None = 0
    ) -> AsyncGenerator[JobEvent]:
        """Give what happened since, then what happens; those of one job end when it has ended.

        Parameters
        ----------
        after : sequence number of the last event that was seen; None = only what is to come

        Notes
        -----
        Of steps and previews in the past only a running job's last are given, and of all events the
        newest two thousand.
        """
        if job_id is not None:
            self._queue.get(job_id, owner)
        subscriber = Subscriber(asyncio.get_running_loop(), job_id, owner)
        self._subscribers = (*self._subscribers, subscriber)
        try:
            ended = job_id is not None and self._queue.get(job_id).state in ENDED
            last = after or 0
            if after is not None:
                for event in await asyncio.to_thread(self._past, job_id, owner, after):
                    last = event.seq
                    yield event
                    if job_id is not None and event.kind in ENDED:
                        return
            if ended:
                return
            while (event := await subscriber.next()) is not None:
                if event.seq > last:
                    yield event
                if job_id is not None and event.kind in ENDED:
                    return
        finally:
            self._subscribers = tuple(one for one in self._subscribers if one is not subscriber)

    def preview(self, job_id: str) -> JobEvent | None:
        """Give the last preview of a job that runs."""
        return self._passing.get(job_id, {}).get("preview")

    async def wait(self, job_id: str) -> Job:
        """Give a job when it has ended."""
        async with contextlib.aclosing(self.events(job_id=job_id, after=None)) as events:
            async for _ in events:
                pass
        return self.get(job_id)

    async def _done(self, change: Callable[[], T]) -> T:
        """Have the thread do something, and wait for it."""
        if self._stopping:
            raise Stopping("the server is about to stop and takes no more jobs; try again when it is back")
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return  # who asked is gone
            try:
                future.set_result(change())
            except Exception as error:
                future.set_exception(error)

        self._inbox.put(run)
        return await asyncio.wrap_future(future)

    # In the thread

    def _work(self) -> None:
        while (task := self._next_task()) is not None:
            try:
                task()
            except Exception:
                _log.exception("a task of the queue failed")

    def _next_task(self) -> Callable[[], None] | None:
        if time.monotonic() - self._forgotten > _SECONDS_BETWEEN_FORGETTING:
            return self._forget
        try:
            return self._inbox.get(timeout=_SECONDS_BETWEEN_FORGETTING)
        except queue.Empty:
            return self._forget

    def _forget(self) -> None:
        self._forgotten = time.monotonic()
        self.store.remove(self._queue.forget())

    def _recover(self) -> None:
        """Take up what the former server left, with the pictures that it had finished."""
        died = JobError("The server died", "the server ended while it worked on this job")
        rows = self._queue.list(states=("running", "queued"), limit=1_000_000)
        self._runs.keep_only([row.id for row in rows])
        for row in rows:
            for picture in self.store.of_job(row.id):
                self._queue.picture(row.id, picture.index, picture.id)
            if row.state == "running" or not self._queue.get(row.id).wanted:
                self._take_up(row.id, died)

    def _take_up(self, job: str, error: JobError) -> None:
        """Have a job go on that was left in the middle, if it was not left at its very end."""
        if self._queue.get(job).wanted:
            self._queue.lose(job, error)
        else:
            self._queue.finish(job)

    def _put_all_back(self) -> None:
        for row in self._running.values():
            self._queue.put_back(row.id)
        self._running.clear()

    def _dispatch(self) -> None:
        """Give the next jobs to vacant places, or have batch jobs make way for interactive ones."""
        while self._queue.waiting():
            vacant = self.executor.vacant()
            if not vacant:
                self._make_way()
                return
            row = self._queue.claim(vacant[0])
            if row is not None:
                self._begin(row)

    def _begin(self, row: Row) -> None:
        pictures = read_pictures(row.request, self.store.inputs)
        script = self._script(row) if row.script else None
        for missing in (pictures, script):
            if isinstance(missing, str):
                self._queue.fail(row.id, JobError("A picture is missing", missing, missing.partition(":")[0]))
                return
        assert not isinstance(pictures, str) and not isinstance(script, str)
        self._running[row.id] = row
        self.executor.submit(
            Order(
                job=row.id,
                attempt=row.attempts,
                group=row.group,
                request=json.dumps(row.request),
                pictures=pictures,
                seeds=row.seeds,
                wanted=row.wanted,
                format=row.format,
                may_stop_half_done=row.half_done < self.limits.half_done,
                script=script,
            )
        )

    def _script(self, row: Row) -> ScriptOrder | str:
        told = dict(row.script or {})
        options = told.pop("options")
        pictures = read_option_pictures(options, self.store.inputs)
        if isinstance(pictures, str):
            return pictures
        return ScriptOrder(**told, options=json.dumps(options), pictures=pictures, made=self._runs.of(row.id))

    def _make_way(self) -> None:
        missing = self._queue.waiting("interactive") - len(self._giving_way)
        batch = [row.id for row in self._running.values() if row.priority == "batch"]
        for job in [job for job in batch if job not in self._giving_way][: max(0, missing)]:
            self._giving_way.add(job)
            self.executor.give_way(job)

    def _cancel(self, job: str) -> None:
        if self._queue.cancel(job) and job in self._running:
            self._leave(job)
            self.executor.cancel(job)

    def _leave(self, job: str) -> None:
        """Forget what is only known of running jobs."""
        self._running.pop(job, None)
        self._passing.pop(job, None)
        self._giving_way.discard(job)

    def _heed(self, report: Report) -> None:
        row = self._running.get(report.job)
        # Reports of a job that was cancelled, or of a former attempt, have no meaning any more.
        if row is not None and row.attempts == report.attempt:
            try:
                self._reports[report.kind](row, report.data)
            except (OSError, sqlite3.Error, PentimentoError) as error:
                self._leave(row.id)
                self.executor.cancel(row.id)
                told = describe(error)
                self._queue.fail(row.id, JobError("The result cannot be kept", told["detail"], told["field"]))
        if report.kind not in PASSING:
            self._dispatch()

    def _started(self, row: Row, data: Mapping[str, Any]) -> None:
        self._queue.started(row.id)

    def _loading(self, row: Row, data: Mapping[str, Any]) -> None:
        self._tell_passing(row, "loading", data)

    def _step(self, row: Row, data: Mapping[str, Any]) -> None:
        self._tell_passing(row, "step", data)

    def _preview(self, row: Row, data: Mapping[str, Any]) -> None:
        uri = "data:image/jpeg;base64," + base64.b64encode(data["jpeg"]).decode()
        self._tell_passing(row, "preview", {**data, "jpeg": uri})

    def _run(self, row: Row, data: Mapping[str, Any]) -> None:
        self._runs.put(row.id, data["run"], data["files"])
        self._queue.went_on(row.id)

    def _picture(self, row: Row, data: Mapping[str, Any]) -> None:
        for given in data["inputs"]:
            self.store.inputs.put(given)
        facts = {name: data[name] for name in ("footprint", "label")}
        picture = self.store.add(data["file"], job=row.id, index=data["index"], owner=row.owner, keep=row.keep, **facts)
        self._queue.picture(row.id, picture.index, picture.id)

    def _skipped(self, row: Row, data: Mapping[str, Any]) -> None:
        self._queue.picture(row.id, data["index"], "")

    def _finished(self, row: Row, data: Mapping[str, Any]) -> None:
        self._leave(row.id)
        self._take_up(row.id, JobError("A picture is missing", "the worker ended the job without all its pictures"))

    def _failed(self, row: Row, data: Mapping[str, Any]) -> None:
        self._leave(row.id)
        self._queue.fail(row.id, JobError(**data))

    def _cancelled(self, row: Row, data: Mapping[str, Any]) -> None:
        self._leave(row.id)
        self._queue.cancel(row.id)

    def _gave_way(self, row: Row, data: Mapping[str, Any]) -> None:
        self._leave(row.id)
        self._queue.put_back(row.id, half_done=data["half_done"])

    def _lost(self, row: Row, data: Mapping[str, Any]) -> None:
        self._leave(row.id)
        self._take_up(row.id, JobError("The worker died", data["detail"]))

    # Telling

    def _tell_passing(self, row: Row, kind: EventKind, data: Mapping[str, Any]) -> None:
        event = JobEvent(self._queue.next_seq(), row.id, row.owner, kind, time.time(), data)
        self._passing.setdefault(row.id, {})[kind] = event
        self._publish(event)

    def _tell_stored(self, stored: StoredEvent) -> None:
        if stored.kind in ENDED:
            self._runs.drop(stored.job)
        if self._subscribers and (event := self._event(stored)) is not None:
            self._publish(event)

    def _publish(self, event: JobEvent) -> None:
        for subscriber in self._subscribers:
            subscriber.offer(event)

    def _past(self, job: str | None, owner: str | None, after: int) -> "list[JobEvent]":
        """Give the events behind a sequence number, in order."""
        # The passing ones first: what was stored before them is then surely seen.
        passing = [event for kinds in list(self._passing.values()) for event in list(kinds.values())]
        stored = (self._event(one) for one in self._queue.events(after, job, owner, _REPLAYED))
        events = [event for event in stored if event is not None]
        events += [
            event
            for event in passing
            if event.seq > after and job in (None, event.job) and owner in (None, event.owner)
        ]
        return sorted(events, key=lambda event: event.seq)

    def _event(self, stored: StoredEvent) -> JobEvent | None:
        """Fill an event as it was stored with what it is about; None where that is gone."""
        data, picture = stored.data, None
        if stored.kind == "picture":
            picture = self.store.find(stored.data["picture"])
            if picture is None:
                return None
            data = {}
        elif stored.kind == "started":
            try:
                data = {"plan": dict(self._queue.get(stored.job).plan)}
            except JobNotFound:
                return None
        return JobEvent(stored.seq, stored.job, stored.owner, stored.kind, stored.time, data, picture)

    def _job(self, row: Row) -> Job:
        found = (self.store.find(name) for name in row.pictures.values())
        pictures = (picture for picture in found if picture is not None)
        step = self._passing.get(row.id, {}).get("step")
        runs = self._runs.count(row.id) if row.script and row.state not in ENDED and step is None else 0
        return job_of(row, pictures, self._queue.position(row), step, runs)
