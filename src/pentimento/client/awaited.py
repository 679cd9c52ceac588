"""The client that is awaited."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import httpx

from ..chain import Chain
from ..request import Picture, Request
from . import chains, flows
from .told import Priority, RemoteEvent, RemoteJob, RemotePicture, State

T = TypeVar("T")


class AsyncClient:
    """`Client`, awaited."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:7860",
        token: str | None = None,
        *,
        timeout: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(**flows.Opening(url, token, timeout, transport).arguments())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def _do(self, flow: flows.Flow[T]) -> T:
        try:
            call = next(flow)
            while True:
                response = await self._send(call)
                call = flow.send(flows.checked(response, call))
        except StopIteration as stop:
            return cast(T, stop.value)

    async def _send(self, call: flows.Call) -> httpx.Response:
        repeating = flows.Repeating(call)
        while True:
            try:
                return await self._http.request(**call.arguments())
            except httpx.HTTPError as error:
                if not repeating.is_wanted(error):
                    raise flows.unreachable(error, self._http.base_url) from error
            await asyncio.sleep(flows.SECONDS_TO_RECONNECT)

    async def server(self) -> dict[str, Any]:
        """Ask what the server is."""
        return await self._do(flows.plain("/api/v1/server"))

    async def models(self) -> list[dict[str, Any]]:
        """List the models."""
        return await self._do(flows.plain("/api/v1/models"))

    async def scripts(self) -> list[dict[str, Any]]:
        """List the scripts with their options."""
        return await self._do(flows.plain("/api/v1/scripts"))

    async def plan(
        self, request: Request, script: str | None = None, options: flows.ScriptOptions | None = None
    ) -> dict[str, Any]:
        """Ask what a request, or a script with it, would do."""
        return await self._do(flows.plan(request, script, options))

    async def upload(self, picture: Picture) -> str:
        """Send a picture unless the server has it; gives `sha256:<hex>`."""
        return await self._do(flows.upload(picture, "picture"))

    async def submit(
        self,
        request: Request,
        *,
        script: str | None = None,
        options: flows.ScriptOptions | None = None,
        priority: Priority = "interactive",
        format: str = "png",
        keep: bool = True,
        key: str | None = None,
    ) -> RemoteJob:
        """Put a request, or a script with it, into the queue; see `Client.submit`."""
        return await self._do(flows.submit(request, script, options, priority, format, keep, key))

    async def run(
        self,
        request: Request,
        on_event: Callable[[RemoteEvent], None] | None = None,
        *,
        script: str | None = None,
        options: flows.ScriptOptions | None = None,
        priority: Priority = "interactive",
        format: str = "png",
        keep: bool = True,
    ) -> list[RemotePicture]:
        """Make the pictures of a request and fetch them; see `Client.run`."""
        job = await self.submit(request, script=script, options=options, priority=priority, format=format, keep=keep)
        async for event in self.events(job.id):
            if on_event is not None:
                on_event(event)
        return await self.fetch(flows.finished(await self.job(job.id)).pictures)

    async def job(self, job: str) -> RemoteJob:
        """Ask for a job."""
        return await self._do(flows.get_job(job))

    async def jobs(self, state: Sequence[State] = (), limit: int = 50, before: str | None = None) -> list[RemoteJob]:
        """List jobs, newest first."""
        return await self._do(flows.list_jobs(state, limit, before))

    async def cancel(self, job: str) -> RemoteJob:
        """Cancel a job."""
        return await self._do(flows.cancel(job))

    async def events(self, job: str, after: int = 0) -> AsyncGenerator[RemoteEvent]:
        """Give what happens to a job until it ends; a lost connection is taken up where it was lost."""
        reader = flows.Reader(after)
        for attempt in range(flows.MOST_RECONNECTS):
            try:
                headers = {"Last-Event-ID": str(reader.last)}
                path = f"/api/v1/jobs/{job}/events"
                async with self._http.stream("GET", path, headers=headers, timeout=None) as response:
                    if not response.is_success:
                        await response.aread()
                    flows.checked(response, flows.Call("GET", ""))
                    async for line in response.aiter_lines():
                        if (event := reader.feed(line)) is not None:
                            yield event
            except httpx.HTTPError as error:
                if attempt == flows.MOST_RECONNECTS - 1:
                    raise flows.unreachable(error, self._http.base_url) from error
            if reader.ended:
                return
            await asyncio.sleep(flows.SECONDS_TO_RECONNECT)

    async def fetch(self, pictures: Sequence[RemotePicture]) -> list[RemotePicture]:
        """Fetch the files of pictures."""
        return await self._do(flows.fetch(pictures))

    async def history(
        self,
        text: str = "",
        *,
        favourite: bool | None = None,
        tag: str | None = None,
        trash: bool = False,
        limit: int = 50,
        before: str | None = None,
    ) -> tuple[list[RemotePicture], str | None]:
        """Find pictures, newest first; gives them and where the next page begins."""
        return await self._do(flows.history(text, favourite, tag, trash, limit, before))

    async def mark(
        self, picture: str, *, favourite: bool | None = None, tags: Sequence[str] | None = None
    ) -> RemotePicture:
        """Make a picture a favourite or not, or give it other tags."""
        return await self._do(flows.mark(picture, favourite, tags))

    async def trash(self, picture: str) -> RemotePicture:
        """Move a picture to the trash."""
        return await self._do(flows.trash(picture))

    async def restore(self, picture: str) -> RemotePicture:
        """Bring a picture back from the trash."""
        return await self._do(flows.restore(picture))

    # Chains: told as plain values, see `/api/v1/chains` in the reference

    async def chain_of(self, picture: str) -> dict[str, Any]:
        """Give the chain that has led to a picture of the history: as it was left, or else made now."""
        return await self._do(chains.of_picture(picture))

    async def upload_chain(self, chain: Chain | str | Path) -> dict[str, Any]:
        """Send a chain, or the file of one."""
        return await self._do(chains.upload(chain))

    async def chain(self, chain: str) -> dict[str, Any]:
        """Ask for a chain."""
        return await self._do(chains.get(chain))

    async def chains(self) -> list[dict[str, Any]]:
        """List the chains that are kept."""
        return await self._do(flows.plain("/api/v1/chains"))

    async def chain_file(self, chain: str, format: str = "pentimento", upto: int | None = None) -> bytes:
        """Fetch a chain as project file (`Chain.from_bytes` reads it), as "ora", or what it shows as a picture."""
        return await self._do(chains.file(chain, format, upto))

    async def arrange_chain(self, chain: str, steps: Sequence[str | Mapping[str, Any]]) -> dict[str, Any]:
        """Put a chain's steps as they are to be, from below to above; one that is left out is taken away.

        Parameters
        ----------
        steps : ids, or `{"id", "muted", "label"}`
        """
        return await self._do(chains.arrange(chain, steps))

    async def add_step(self, chain: str, picture: str, label: str = "") -> dict[str, Any]:
        """Add a picture of the history that was made of the chain's picture."""
        return await self._do(chains.add(chain, picture, label))

    async def retake_step(self, chain: str, step: str, picture: str) -> dict[str, Any]:
        """Put a picture of the history in a step's place."""
        return await self._do(chains.retake(chain, step, picture))

    async def rerun_step(
        self,
        chain: str,
        step: str,
        on_event: Callable[[RemoteEvent], None] | None = None,
        *,
        priority: Priority = "interactive",
        **changes: Any,
    ) -> dict[str, Any]:
        """Run a step again over what lies below it now, and put the result in its place.

        Parameters
        ----------
        changes : fields of its request that are to be other, such as `seed=7`

        Raises
        ------
        JobFailed
            Where the job fails or is cancelled.
        """
        job = await self._do(chains.submit(chain, step, changes, priority))
        async for event in self.events(job.id):
            if on_event is not None:
                on_event(event)
        return await self.retake_step(chain, step, flows.finished(await self.job(job.id)).pictures[0].id)

    async def refresh_chain(self, chain: str, on_event: Callable[[RemoteEvent], None] | None = None) -> dict[str, Any]:
        """Run every stale step again, from below to above; muted ones are passed over."""
        told = await self.chain(chain)
        for place in range(len(told["steps"])):
            if chains.is_due(step := told["steps"][place]):
                told = await self.rerun_step(chain, step["id"], on_event)
        return told

    async def remove_chain(self, chain: str) -> None:
        """Delete a chain; the pictures of the history stay."""
        await self._do(chains.remove(chain))
