"""A job that is sent again under its key is done once, whatever was lost between: answers, connections, the server."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

import pentimento as pm
from pentimento.client import RemoteJob, ServerError
from tests.server.conftest import Live, live

KEY = "Idempotency-Key"
TINY = {"width": 64, "height": 64, "steps": 1, "prompt": "a fox"}
LOOPS = {"name": "loopback", "options": {"loops": 2}}


def source(picture: bytes, url: str) -> dict[str, Any]:
    """Give a request with an uploaded picture."""
    sent = httpx.post(f"{url}/api/v1/uploads", content=picture, headers={"Content-Type": "application/octet-stream"})
    return {**TINY, "init_image": f"sha256:{sent.json()['sha256']}"}


def test_a_server_that_was_killed_knows_the_job_again(tmp_path: Path, picture: bytes) -> None:
    flags = ["--device", "cpu", "--dtype", "float32"]
    with live(tmp_path / "data", flags) as server:
        request = source(picture, server.url)
        bodies = {"plain": {"request": request, "priority": "batch"}, "script": {"request": request, "script": LOOPS}}
        first = {
            key: httpx.post(f"{server.url}/api/v1/jobs", json=body, headers={KEY: key}, timeout=60)
            for key, body in bodies.items()
        }
        assert [answer.status_code for answer in first.values()] == [202, 202]
        server.process.kill()
        server.process.wait()
    with live(tmp_path / "data", flags) as server, httpx.Client(base_url=server.url, timeout=60) as http:
        for key, body in bodies.items():
            reordered = json.dumps(dict(reversed(body.items())), indent=1)
            again = http.post("/api/v1/jobs", content=reordered, headers={KEY: key, "Content-Type": "application/json"})
            assert again.status_code == 202 and again.headers["location"] == first[key].headers["location"]
            assert again.json()["seeds"] == first[key].json()["seeds"]
        other = http.post("/api/v1/jobs", json={"request": {**request, "steps": 2}}, headers={KEY: "plain"})
        assert other.status_code == 422 and other.json()["field"] == KEY and "of its own" in other.json()["detail"]
        assert len(http.get("/api/v1/jobs").json()) == 2


def test_a_form_is_known_again_by_its_parts_and_a_bad_key_is_refused(http: httpx.Client, picture: bytes) -> None:
    def send(data: bytes, key: str) -> httpx.Response:
        files = {"job": (None, json.dumps({"request": TINY})), "init_image": ("a.png", data)}
        return http.post("/api/v1/jobs", files=files, headers={KEY: key})

    first, again = send(picture, "form"), send(picture, "form")
    assert first.status_code == 202 and first.json()["id"] == again.json()["id"]
    assert send(picture + b"\0", "form").json()["field"] == KEY
    refused = http.post("/api/v1/jobs", json={"request": TINY}, headers={KEY: "two words"})
    assert refused.status_code == 422 and "visible ASCII" in refused.json()["detail"]


class LosesAnswers(httpx.HTTPTransport):
    """A network that brings what is sent, and loses the first answers to it."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self.left = lost

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if self.left and request.method == "POST":
            self.left -= 1
            answer.close()
            raise httpx.ReadError("the connection was reset", request=request)
        return answer


class LosesAnswersAwaited(httpx.AsyncHTTPTransport):
    """The same, awaited."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self.left = lost

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if self.left and request.method == "POST":
            self.left -= 1
            await answer.aclose()
            raise httpx.ReadError("the connection was reset", request=request)
        return answer


def jobs_of(http: httpx.Client, prompt: str) -> list[str]:
    return [row["id"] for row in http.get("/api/v1/jobs").json() if row["request"].get("prompt") == prompt]


def test_the_client_sends_again_what_was_not_answered(server: Live, http: httpx.Client) -> None:
    request = pm.Request(**{**TINY, "prompt": "sent twice"})
    with pm.Client(server.url, transport=LosesAnswers(2)) as client:
        job = client.submit(request)
    assert jobs_of(http, "sent twice") == [job.id]

    async def awaited() -> RemoteJob:
        async with pm.AsyncClient(server.url, transport=LosesAnswersAwaited(1)) as client:
            return await client.submit(request)

    other = asyncio.run(awaited())
    assert set(jobs_of(http, "sent twice")) == {job.id, other.id}


def test_a_name_given_by_the_caller_holds_over_clients(server: Live) -> None:
    request = pm.Request(**TINY)
    with pm.Client(server.url) as one, pm.Client(server.url) as two:
        assert one.submit(request, key="frame-17").id == two.submit(request, key="frame-17").id
        with pytest.raises(pm.RequestError, match=KEY):
            two.submit(request.changed(steps=2), key="frame-17")


def test_what_may_be_done_twice_is_not_sent_again(server: Live) -> None:
    network = LosesAnswers(1)
    with pm.Client(server.url, transport=network) as client, pytest.raises(ServerError, match="reset"):
        client.plan(pm.Request(**TINY))
    assert network.left == 0
