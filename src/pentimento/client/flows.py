"""What the methods of the clients do: generators that yield HTTP requests and are sent their answers."""

import hashlib
import json
import secrets
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import httpx

from ..errors import RequestError
from ..recipe import picture_bytes
from ..request import PICTURE_FIELDS, Picture, Request
from ..scripts import Options, find_script
from .told import ENDED, JobFailed, Priority, RemoteEvent, RemoteJob, RemotePicture, ServerError, State

T = TypeVar("T")
SECONDS_TO_RECONNECT = 0.5
MOST_RECONNECTS = 20
KEY = "Idempotency-Key"


@dataclass(frozen=True)
class Call:
    """One HTTP request that a method wants sent."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: object = None
    content: bytes | None = None
    accept: tuple[int, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def can_be_repeated(self) -> bool:
        """Whether the server does nothing twice where it is sent twice."""
        return self.method in ("GET", "HEAD", "PUT", "DELETE") or KEY in self.headers

    def arguments(self) -> dict[str, Any]:
        """Give the arguments of httpx's `request`."""
        return {
            "method": self.method,
            "url": self.path,
            "params": self.params,
            "json": self.body,
            "content": self.content,
            "headers": self.headers,
        }


class Repeating:
    """Decides whether a call is sent again whose answer was lost.

    A server that was never there is told at once; one that goes away is waited for.
    """

    def __init__(self, call: Call) -> None:
        self._left = MOST_RECONNECTS if call.can_be_repeated else 0
        self._was_there = False

    def is_wanted(self, error: httpx.HTTPError) -> bool:
        self._was_there |= isinstance(error, _LOST)
        self._left -= 1
        return self._left >= 0 and self._was_there and isinstance(error, (*_LOST, httpx.ConnectError))


_LOST = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)

Flow = Generator[Call, httpx.Response, T]


def plain(path: str, **params: Any) -> Flow[Any]:
    given = {name: value for name, value in params.items() if value is not None}
    response = yield Call("GET", path, given)
    return response.json()


def upload(picture: Picture, name: str) -> Flow[str]:
    """Send a picture unless it is there; gives the reference to it."""
    data = picture_bytes(picture, name)
    digest = hashlib.sha256(data).hexdigest()
    there = yield Call("HEAD", f"/api/v1/uploads/{digest}", accept=(404,))
    if there.status_code == 404:
        yield Call("PUT", f"/api/v1/uploads/{digest}", content=data)
    return f"sha256:{digest}"


def written(request: Request) -> Flow[dict[str, Any]]:
    """Write a request as the server takes it, its pictures uploaded."""
    fields: dict[str, Any] = json.loads(request.changed(**dict.fromkeys(PICTURE_FIELDS)).to_json())
    for name in PICTURE_FIELDS:
        fields.pop(name, None)
        picture = getattr(request, name)
        if picture is not None:
            fields[name] = yield from upload(picture, name)
    return fields


ScriptOptions = Mapping[str, Any] | Options


def script_written(name: str | None, options: ScriptOptions | None) -> Flow[dict[str, Any]]:
    """Write a script as the server takes it, the pictures of its options uploaded; nothing where there is none."""
    if name is None:
        return {}
    if not isinstance(options, Options):
        options = find_script(name).options(**(options or {}))
    pictures: dict[str, Picture] = {}

    def note(picture: Picture) -> str:
        name = f"sha256:{hashlib.sha256(picture_bytes(picture, 'options')).hexdigest()}"
        pictures[name] = picture
        return name

    told = options.told(note)
    for picture in pictures.values():
        yield from upload(picture, "options")
    return {"script": {"name": name, "options": told}}


def submit(
    request: Request,
    script: str | None,
    options: ScriptOptions | None,
    priority: Priority,
    format: str,
    keep: bool,
    key: str | None,
) -> Flow[RemoteJob]:
    fields = yield from written(request)
    called = yield from script_written(script, options)
    body = {"request": fields, **called, "priority": priority, "format": format, "keep": keep}
    response = yield Call("POST", "/api/v1/jobs", body=body, headers={KEY: key or secrets.token_urlsafe()})
    return job_of(response.json())


def plan(request: Request, script: str | None, options: ScriptOptions | None) -> Flow[dict[str, Any]]:
    fields = yield from written(request)
    called = yield from script_written(script, options)
    response = yield Call("POST", "/api/v1/plan", body={"request": fields, **called})
    return response.json()


def get_job(job: str) -> Flow[RemoteJob]:
    told = yield from plain(f"/api/v1/jobs/{job}")
    return job_of(told)


def list_jobs(state: Sequence[State], limit: int, before: str | None) -> Flow[list[RemoteJob]]:
    told = yield from plain("/api/v1/jobs", state=list(state) or None, limit=limit, before=before)
    return [job_of(row) for row in told]


def cancel(job: str) -> Flow[RemoteJob]:
    response = yield Call("DELETE", f"/api/v1/jobs/{job}")
    return job_of(response.json())


def fetch(pictures: Sequence[RemotePicture]) -> Flow[list[RemotePicture]]:
    fetched: list[RemotePicture] = []
    for picture in pictures:
        response = yield Call("GET", f"/api/v1/pictures/{picture.id}/file")
        fetched.append(replace(picture, data=response.content))
    return fetched


def history(
    text: str, favourite: bool | None, tag: str | None, trash: bool, limit: int, before: str | None
) -> Flow[tuple[list[RemotePicture], str | None]]:
    told = yield from plain(
        "/api/v1/pictures", q=text, favourite=favourite, tag=tag, trash=trash, limit=limit, before=before
    )
    return [_picture(row) for row in told["pictures"]], told["next"]


def mark(picture: str, favourite: bool | None, tags: Sequence[str] | None) -> Flow[RemotePicture]:
    body: dict[str, Any] = {} if favourite is None else {"favourite": favourite}
    if tags is not None:
        body["tags"] = list(tags)
    response = yield Call("PATCH", f"/api/v1/pictures/{picture}", body=body)
    return _picture(response.json())


def trash(picture: str) -> Flow[RemotePicture]:
    response = yield Call("DELETE", f"/api/v1/pictures/{picture}")
    return _picture(response.json())


def restore(picture: str) -> Flow[RemotePicture]:
    response = yield Call("POST", f"/api/v1/pictures/{picture}/restore", body={})
    return _picture(response.json())


def _picture(told: Mapping[str, Any]) -> RemotePicture:
    names = ("id", "job", "index", "width", "height", "format", "seed", "prompt", "favourite", "label")
    return RemotePicture(**{name: told[name] for name in names}, tags=tuple(told["tags"]), told=told)


def job_of(told: Mapping[str, Any]) -> RemoteJob:
    return RemoteJob(
        id=told["id"],
        state=told["state"],
        position=told["position"],
        fraction=told["progress"]["fraction"],
        seeds=tuple(told["seeds"]),
        pictures=tuple(_picture(row) for row in told["pictures"]),
        error=told["error"] and told["error"]["detail"],
        told=told,
    )


def finished(job: RemoteJob) -> RemoteJob:
    if job.state != "done":
        raise JobFailed(job.error or f"job {job.id} was {job.state}")
    return job


def checked(response: httpx.Response, call: Call) -> httpx.Response:
    """Turn a refusal into the error that the library would raise."""
    if response.is_success or response.status_code in call.accept:
        return response
    try:
        told: dict[str, Any] = response.json()
    except ValueError:
        told = {}
    detail = str(told.get("detail") or f"the server answers {response.status_code}")
    named = told.get("field")
    if response.status_code == 422 and isinstance(named, str):
        raise RequestError(named, told.get("value"), detail.removeprefix(f"{named}: "), told.get("choices") or ())
    raise ServerError(response.status_code, detail, str(told.get("request_id") or ""))


def unreachable(error: httpx.HTTPError, base: object) -> ServerError:
    return ServerError(0, f"no server can be reached at {base} ({error}); start one with 'pentimento serve'")


class Reader:
    """Puts events together from the lines of a stream."""

    def __init__(self, after: int) -> None:
        self.last = after
        self.ended = False
        self._lines: dict[str, str] = {}

    def feed(self, line: str) -> RemoteEvent | None:
        name, _, value = line.partition(": ")
        if line and name:
            self._lines[name] = value
        if line or "event" not in self._lines:
            return None
        found, self._lines = self._lines, {}
        event = RemoteEvent(found["event"], int(found.get("id", self.last)), json.loads(found["data"]))
        self.last = event.seq
        self.ended = event.kind in ENDED
        return event


@dataclass(frozen=True)
class Opening:
    """How a client reaches its server."""

    url: str
    token: str | None
    timeout: float
    transport: Any

    def arguments(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"base_url": self.url, "headers": headers, "timeout": self.timeout, "transport": self.transport}
