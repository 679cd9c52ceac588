"""What the clients' methods for chains do: flows, see `flows`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..chain import Chain
from .flows import Call, Flow, job_of, plain
from .told import Priority, RemoteJob

Told = dict[str, Any]


def of_picture(picture: str) -> Flow[Told]:
    response = yield Call("POST", "/api/v1/chains", body={"picture": picture})
    return response.json()


def upload(chain: Chain | str | Path) -> Flow[Told]:
    data = chain.to_bytes() if isinstance(chain, Chain) else Path(chain).expanduser().read_bytes()
    response = yield Call("POST", "/api/v1/chains/files", content=data)
    return response.json()


def get(chain: str) -> Flow[Told]:
    return (yield from plain(f"/api/v1/chains/{chain}"))


def file(chain: str, format: str, upto: int | None) -> Flow[bytes]:
    params = {"format": format, **({} if upto is None else {"upto": upto})}
    response = yield Call("GET", f"/api/v1/chains/{chain}/file", params)
    return response.content


def arrange(chain: str, steps: Sequence[str | Mapping[str, Any]]) -> Flow[Told]:
    places = [{"id": step} if isinstance(step, str) else dict(step) for step in steps]
    response = yield Call("PATCH", f"/api/v1/chains/{chain}", body={"steps": places})
    return response.json()


def add(chain: str, picture: str, label: str) -> Flow[Told]:
    response = yield Call("POST", f"/api/v1/chains/{chain}/steps", body={"picture": picture, "label": label})
    return response.json()


def retake(chain: str, step: str, picture: str) -> Flow[Told]:
    response = yield Call("PUT", f"/api/v1/chains/{chain}/steps/{step}", body={"picture": picture})
    return response.json()


def submit(chain: str, step: str, changes: Mapping[str, Any], priority: Priority) -> Flow[RemoteJob]:
    body = {"request": dict(changes), "priority": priority}
    response = yield Call("POST", f"/api/v1/chains/{chain}/steps/{step}/runs", body=body)
    return job_of(response.json())


def remove(chain: str) -> Flow[None]:
    yield Call("DELETE", f"/api/v1/chains/{chain}")


def is_due(step: Told) -> bool:
    """Say whether a step is to be run again; muted ones are passed over."""
    return step["stale"] and not step["muted"]
