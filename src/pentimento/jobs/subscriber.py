"""Somebody who listens to jobs from an event loop."""

import asyncio
import contextlib

from .job import PASSING, JobEvent

_BEHIND = 64


class Subscriber:
    """A queue of events for one listener.

    Notes
    -----
    Who falls behind misses steps and previews, nothing else.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, job: str | None, owner: str | None) -> None:
        self._loop = loop
        self._job = job
        self._owner = owner
        self._events: asyncio.Queue[JobEvent | None] = asyncio.Queue()

    def offer(self, event: JobEvent | None) -> None:
        """Give an event, from any thread; None ends the listening."""
        if event is None or (self._job in (None, event.job) and self._owner in (None, event.owner)):
            # A loop that was closed has nobody who listens.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: JobEvent | None) -> None:
        if event is None or event.kind not in PASSING or self._events.qsize() < _BEHIND:
            self._events.put_nowait(event)

    async def next(self) -> JobEvent | None:
        return await self._events.get()
