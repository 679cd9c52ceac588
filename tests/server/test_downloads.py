"""The native API of the catalogue, downloads and folders, against a hub on this machine."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from pentimento.models.find import BUILTIN
from tests.hub import TOKEN, LocalHub, serving

from .conftest import live
from .test_security import ANNA, bearer, opened

OFFER, HUB = "dreamshaper-8", "Lykon/dreamshaper-8"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalHub]:
    with serving() as running:
        running.put(HUB, BUILTIN)
        (tmp_path / "home").mkdir()
        for name, value in {
            "HF_ENDPOINT": running.url,
            "HOME": str(tmp_path / "home"),
            "PENTIMENTO_DATA": str(tmp_path / "own"),
            "PENTIMENTO_CACHE": str(tmp_path / "cache"),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield running


def until(ask: Callable[[], dict[str, Any]], *states: str) -> dict[str, Any]:
    for _ in range(3000):
        if (told := ask())["state"] in states:
            return told
        time.sleep(0.01)
    raise AssertionError(f"still {told['state']}: {told}")


def download(client: TestClient | httpx.Client, **wanted: str) -> Callable[[], dict[str, Any]]:
    answer = client.post("/api/v1/downloads", json=wanted)
    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]
    return lambda: client.get(place).json()


def offer(client: TestClient, name: str = OFFER) -> dict[str, Any]:
    return next(row for row in client.get("/api/v1/catalogue").json() if row["name"] == name)


def test_a_model_of_the_catalogue_arrives_and_can_be_named_at_once(hub: LocalHub, tmp_path: Path) -> None:
    with opened(tmp_path / "data") as client:
        assert offer(client)["installed"] is None
        told = until(download(client, source=OFFER), "done", "failed")
        assert told["error"] is None and told["model"] == OFFER
        found = {row["name"]: row for row in client.get("/api/v1/models").json()}
        assert found[OFFER]["licence"] == offer(client)["licence"]
        assert found[OFFER]["folder"] == str(tmp_path / "data" / "models")
        assert offer(client)["installed"] == OFFER
        assert client.post("/api/v1/plan", json={"request": {"model": OFFER}}).json()["model"] == OFFER
        assert client.delete(f"/api/v1/downloads/{told['id']}").status_code == 204
        assert client.get("/api/v1/downloads").json() == []
        assert OFFER in {row["name"] for row in client.get("/api/v1/models").json()}


def test_pause_resume_and_cancel(hub: LocalHub, tmp_path: Path) -> None:
    hub.bytes_per_second = 10e6
    with opened(tmp_path / "data") as client:
        ask = download(client, source=HUB)
        here = f"/api/v1/downloads/{ask()['id']}"
        while ask()["received"] < 2e6:
            time.sleep(0.01)
        client.post(f"{here}/pause")
        paused = until(ask, "paused")
        assert 2e6 <= paused["received"] < paused["total"]
        assert paused["error"] is None
        client.post(f"{here}/resume")
        running = until(ask, "running")
        assert running["received"] >= paused["received"]
        client.post(f"{here}/pause")
        client.post(f"{here}/resume")  # before the pause has taken place
        until(ask, "running")
        assert client.delete(here).status_code == 204
        assert client.get(here).status_code == 404
        for _ in range(500):
            if not list((tmp_path / "data" / "models" / ".downloads").iterdir()):
                break
            time.sleep(0.01)
        assert list((tmp_path / "data" / "models" / ".downloads").iterdir()) == []
        for path, method in ((here, "GET"), (f"{here}/pause", "POST"), (f"{here}/resume", "POST"), (here, "DELETE")):
            assert client.request(method, path).status_code == 404


def test_a_download_outlives_a_server_that_is_killed(hub: LocalHub, tmp_path: Path) -> None:
    data = tmp_path / "data"
    hub.bytes_per_second = 4e6
    with live(data) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        ask = download(client, source=HUB)
        while ask()["received"] < 5e6:
            time.sleep(0.02)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    assert not (data / "models" / HUB).exists()
    hub.bytes_per_second = None
    hub.asked.clear()
    with live(data) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        (told,) = client.get("/api/v1/downloads").json()
        assert told["received"] >= 5e6 or told["state"] == "done"
        told = until(lambda: client.get(f"/api/v1/downloads/{told['id']}").json(), "done", "failed")
        assert told["error"] is None
        assert "small" not in told["model"] and "dreamshaper-8" in {
            row["name"] for row in client.get("/api/v1/models").json()
        }
    assert sum(asked is not None for _, asked, _ in hub.asked) == 1


def test_what_cannot_be_fetched_says_so(hub: LocalHub, tmp_path: Path) -> None:
    with opened(tmp_path / "data") as client:
        for source in ("no such thing", "../../etc", "ftp://a.example/x.safetensors", ""):
            refused = client.post("/api/v1/downloads", json={"source": source})
            assert refused.status_code == 422, source
            assert refused.json()["title"] == "The model cannot be fetched"
        failed = until(download(client, source="nobody/nothing"), "failed")
        assert "the hub has no model 'nobody/nothing'" in failed["error"]
        local = until(download(client, source=f"{hub.url}/secret/x.safetensors?token={TOKEN}"), "failed")
        assert "not on the public internet" in local["error"]
        assert TOKEN not in str(client.get("/api/v1/downloads").json())
        assert hub.asked == []


def test_users_see_downloads_but_only_who_runs_the_server_begins_them(hub: LocalHub, tmp_path: Path) -> None:
    owner = "the-one-who-runs-the-server"
    with opened(tmp_path / "data", users={ANNA: "anna"}, token=owner) as client:
        changes = (
            ("POST", "/api/v1/downloads", {"source": HUB}),
            ("POST", "/api/v1/downloads/x/pause", None),
            ("POST", "/api/v1/downloads/x/resume", None),
            ("DELETE", "/api/v1/downloads/x", None),
            ("GET", "/api/v1/folders", None),
            ("POST", "/api/v1/folders", {"path": "/"}),
            ("DELETE", "/api/v1/folders?path=/", None),
        )
        for method, path, body in changes:
            assert client.request(method, path, json=body, headers=bearer(ANNA)).status_code == 403, path
        assert client.get("/api/v1/downloads", headers=bearer(ANNA)).json() == []
        begun = client.post("/api/v1/downloads", json={"source": HUB}, headers=bearer(owner))
        assert begun.status_code == 202
        foreign = {**bearer(owner), "Origin": "http://evil.example"}
        assert client.post("/api/v1/downloads", json={"source": HUB}, headers=foreign).status_code == 403
        here = begun.headers["location"]
        until(lambda: client.get(here, headers=bearer(ANNA)).json(), "done")


def test_folders_of_other_programs_are_found_used_and_left(hub: LocalHub, tmp_path: Path) -> None:
    theirs = tmp_path / "home" / "stable-diffusion-webui"
    shutil.copytree(BUILTIN, theirs / "models" / "Stable-diffusion" / "theirs")
    with opened(tmp_path / "data") as client:
        names = lambda: {row["name"] for row in client.get("/api/v1/models").json()}  # noqa: E731
        found = {row["path"]: row for row in client.get("/api/v1/folders").json()}
        told = {"path": str(theirs), "application": "A1111", "models": 1, "used": False, "added": False}
        assert found[str(theirs)] == told
        assert client.post("/api/v1/folders", json={"path": str(tmp_path)}).status_code == 422
        assert "theirs" not in names()
        assert client.post("/api/v1/folders", json={"path": str(theirs)}).status_code == 204
        assert "theirs" in names()
        assert client.delete("/api/v1/folders", params={"path": str(theirs)}).status_code == 204
        assert "theirs" not in names()
    assert os.listdir(theirs / "models" / "Stable-diffusion") == ["theirs"]
