"""`pentimento serve` as a process: its token, its logs, a second one on the same folder, and its end."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

import pentimento as pm
from pentimento.client import ServerError
from pentimento.jobs import Order, Report
from pentimento.jobs.perform import Control, perform
from tests.server.conftest import GOLDEN, live, start


def refusal(data: Path, flags: Sequence[str]) -> str:
    """Start a server that cannot run; give what it says."""
    server = start(data, flags)
    assert server.process.wait(60) == 1
    return server.said


def test_serve_on_another_address_makes_a_token_and_stops_when_asked(tmp_path: Path) -> None:
    with live(tmp_path, ["--host", "0.0.0.0", "--log-format", "json"]) as running:
        token = (tmp_path / "token").read_text().strip()
        assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
        with pm.Client(running.url) as stranger, pytest.raises(ServerError, match="a token is needed"):
            stranger.server()
        with pm.Client(running.url, token) as client:
            assert client.server()["users"] is False
            job = client.submit(pm.Request(prompt="x", steps=500, width=64, height=64, batch_count=99))
        assert "process" in refusal(tmp_path, ["--port", "0"])
        assert "cannot be listened" in refusal(tmp_path / "b", ["--host", "0.0.0.0", "--port", str(running.port)])
        assert running.stop() == 0
        said = running.said
        assert '"request_id"' in said and '"status": 401' in said and said.count(token) == 2
    with live(tmp_path, ["--host", "0.0.0.0"]) as again:
        assert token not in again.said
        with pm.Client(again.url, token) as client:
            assert client.job(job.id).state in ("queued", "running")
            assert client.cancel(job.id).state in ("cancelled", "running")


def test_a_model_that_was_added_later_is_found_by_who_accepts_and_by_who_works(tmp_path: Path) -> None:
    studio = pm.Studio(models=[tmp_path], dtype="float32", device="cpu")
    assert [info.name for info in studio.models()] == ["builtin"]
    shutil.copytree(GOLDEN / "model" / "tiny_sd15", tmp_path / "late")
    request = pm.Request(prompt="x", model="late", width=64, height=64, steps=1, seed=1)
    order = Order("job", 1, "", request.to_json(), {}, ((1, 1),), (0,), "png")
    told: list[Report] = []
    perform(studio, order, Control(), told.append)
    assert [report.kind for report in told][-1] == "done"
