"""Server-sent events: numbered, kept alive, ended when the server stops."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import Any, cast

from ..jobs import JobEvent

KEEP_ALIVE_SECONDS = 15.0
NO_BUFFERING = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def stream(
    events: AsyncIterator[JobEvent],
    stopping: asyncio.Event,
    told: Callable[[JobEvent], dict[str, Any]],
    keep_alive: float = KEEP_ALIVE_SECONDS,
) -> AsyncGenerator[str]:
    """Write events as `text/event-stream`; a comment line where nothing happens for a while."""
    yield ": open\n\n"
    async for event in with_pauses(events, stopping, keep_alive):
        yield ": still here\n\n" if event is None else written(event.kind, told(event), event.seq)


def written(kind: str, data: object, number: int | None = None) -> str:
    """Write one event."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def with_pauses(
    events: AsyncIterator[JobEvent], stopping: asyncio.Event, seconds: float
) -> AsyncGenerator[JobEvent | None]:
    """Give events as they come, None after so many seconds without one; end when the server stops."""
    iterator = aiter(events)
    stop = asyncio.ensure_future(stopping.wait())
    coming: asyncio.Future[JobEvent] | None = None
    try:
        while not stop.done():
            coming = coming or asyncio.ensure_future(anext(iterator))  # pyright: ignore[reportArgumentType]
            await asyncio.wait({coming, stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                if not stop.done():
                    yield None
                continue
            try:
                event = coming.result()
            except StopAsyncIteration:
                return
            coming = None
            yield event
    finally:
        for task in (coming, stop):
            if task is not None:
                task.cancel()
        if coming is not None:
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await coming
        await cast(AsyncGenerator[JobEvent], iterator).aclose()
