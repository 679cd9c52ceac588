"""The client that waits."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import httpx

from ..chain import Chain
from ..request import Picture, Request
from . import chains, flows
from .told import Priority, RemoteEvent, RemoteJob, RemotePicture, State

T = TypeVar("T")


class Client:
    """A client that waits.

    Parameters
    ----------
    url : of the server
    token : where it asks for one
    timeout : seconds for one HTTP request; jobs may take as long as they take

    Examples
    --------
    >>> with Client("http://127.0.0.1:7860") as client:  # doctest: +SKIP
    ...     client.run(Request(prompt="a red house"))[0].save("house.png")
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:7860",
        token: str | None = None,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(**flows.Opening(url, token, timeout, transport).arguments())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _do(self, flow: flows.Flow[T]) -> T:
        try:
            call = next(flow)
            while True:
                response = self._send(call)
                call = flow.send(flows.checked(response, call))
        except StopIteration as stop:
            return cast(T, stop.value)

    def _send(self, call: flows.Call) -> httpx.Response:
        repeating = flows.Repeating(call)
        while True:
            try:
                return self._http.request(**call.arguments())
            except httpx.HTTPError as error:
                if not repeating.is_wanted(error):
                    raise flows.unreachable(error, self._http.base_url) from error
            time.sleep(flows.SECONDS_TO_RECONNECT)

    def server(self) -> dict[str, Any]:
        """Ask what the server is."""
        return self._do(flows.plain("/api/v1/server"))

    def models(self) -> list[dict[str, Any]]:
        """List the models."""
        return self._do(flows.plain("/api/v1/models"))

    def scripts(self) -> list[dict[str, Any]]:
        """List the scripts with their options."""
        return self._do(flows.plain("/api/v1/scripts"))

    def plan(
        self, request: Request, script: str | None = None, options: flows.ScriptOptions | None = None
    ) -> dict[str, Any]:
        """Ask what a request, or a script with it, would do."""
        return self._do(flows.plan(request, script, options))

    def upload(self, picture: Picture) -> str:
        """Send a picture unless the server has it; gives `sha256:<hex>`."""
        return self._do(flows.upload(picture, "picture"))

    def submit(
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
        """Put a request, or a script with it, into the queue.

        Parameters
        ----------
        key : your name for this job: sent again with it, the same job is given, also by another client or after a
            restart; left out = a new one, under which the job is sent again where the connection is lost
        """
        return self._do(flows.submit(request, script, options, priority, format, keep, key))

    def run(
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
        """Make the pictures of a request and fetch them.

        Parameters
        ----------
        script : runs the request several times, such as "sheet"; its page, where it has one, is the last picture
        options : of the script, by name; pictures among them are sent like those of the request

        Raises
        ------
        JobFailed
            Where the job fails or is cancelled.
        """
        job = self.submit(request, script=script, options=options, priority=priority, format=format, keep=keep)
        for event in self.events(job.id):
            if on_event is not None:
                on_event(event)
        return self.fetch(flows.finished(self.job(job.id)).pictures)

    def job(self, job: str) -> RemoteJob:
        """Ask for a job."""
        return self._do(flows.get_job(job))

    def jobs(self, state: Sequence[State] = (), limit: int = 50, before: str | None = None) -> list[RemoteJob]:
        """List jobs, newest first."""
        return self._do(flows.list_jobs(state, limit, before))

    def cancel(self, job: str) -> RemoteJob:
        """Cancel a job."""
        return self._do(flows.cancel(job))

    def events(self, job: str, after: int = 0) -> Iterator[RemoteEvent]:
        """Give what happens to a job until it ends; a lost connection is taken up where it was lost."""
        reader = flows.Reader(after)
        for attempt in range(flows.MOST_RECONNECTS):
            try:
                headers = {"Last-Event-ID": str(reader.last)}
                with self._http.stream("GET", f"/api/v1/jobs/{job}/events", headers=headers, timeout=None) as response:
                    if not response.is_success:
                        response.read()
                    flows.checked(response, flows.Call("GET", ""))
                    for line in response.iter_lines():
                        if (event := reader.feed(line)) is not None:
                            yield event
            except httpx.HTTPError as error:
                if attempt == flows.MOST_RECONNECTS - 1:
                    raise flows.unreachable(error, self._http.base_url) from error
            if reader.ended:
                return
            time.sleep(flows.SECONDS_TO_RECONNECT)

    def fetch(self, pictures: Sequence[RemotePicture]) -> list[RemotePicture]:
        """Fetch the files of pictures."""
        return self._do(flows.fetch(pictures))

    def history(
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
        return self._do(flows.history(text, favourite, tag, trash, limit, before))

    def mark(self, picture: str, *, favourite: bool | None = None, tags: Sequence[str] | None = None) -> RemotePicture:
        """Make a picture a favourite or not, or give it other tags."""
        return self._do(flows.mark(picture, favourite, tags))

    def trash(self, picture: str) -> RemotePicture:
        """Move a picture to the trash."""
        return self._do(flows.trash(picture))

    def restore(self, picture: str) -> RemotePicture:
        """Bring a picture back from the trash."""
        return self._do(flows.restore(picture))

    # Chains: told as plain values, see `/api/v1/chains` in the reference

    def chain_of(self, picture: str) -> dict[str, Any]:
        """Give the chain that has led to a picture of the history: as it was left, or else made now."""
        return self._do(chains.of_picture(picture))

    def upload_chain(self, chain: Chain | str | Path) -> dict[str, Any]:
        """Send a chain, or the file of one."""
        return self._do(chains.upload(chain))

    def chain(self, chain: str) -> dict[str, Any]:
        """Ask for a chain."""
        return self._do(chains.get(chain))

    def chains(self) -> list[dict[str, Any]]:
        """List the chains that are kept."""
        return self._do(flows.plain("/api/v1/chains"))

    def chain_file(self, chain: str, format: str = "pentimento", upto: int | None = None) -> bytes:
        """Fetch a chain as project file (`Chain.from_bytes` reads it), as "ora", or what it shows as a picture."""
        return self._do(chains.file(chain, format, upto))

    def arrange_chain(self, chain: str, steps: Sequence[str | Mapping[str, Any]]) -> dict[str, Any]:
        """Put a chain's steps as they are to be, from below to above; one that is left out is taken away.

        Parameters
        ----------
        steps : ids, or `{"id", "muted", "label"}`
        """
        return self._do(chains.arrange(chain, steps))

    def add_step(self, chain: str, picture: str, label: str = "") -> dict[str, Any]:
        """Add a picture of the history that was made of the chain's picture."""
        return self._do(chains.add(chain, picture, label))

    def retake_step(self, chain: str, step: str, picture: str) -> dict[str, Any]:
        """Put a picture of the history in a step's place."""
        return self._do(chains.retake(chain, step, picture))

    def rerun_step(
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
        job = self._do(chains.submit(chain, step, changes, priority))
        for event in self.events(job.id):
            if on_event is not None:
                on_event(event)
        return self.retake_step(chain, step, flows.finished(self.job(job.id)).pictures[0].id)

    def refresh_chain(self, chain: str, on_event: Callable[[RemoteEvent], None] | None = None) -> dict[str, Any]:
        """Run every stale step again, from below to above; muted ones are passed over."""
        told = self.chain(chain)
        for place in range(len(told["steps"])):
            if chains.is_due(step := told["steps"][place]):
                told = self.rerun_step(chain, step["id"], on_event)
        return told

    def remove_chain(self, chain: str) -> None:
        """Delete a chain; the pictures of the history stay."""
        self._do(chains.remove(chain))
