"""One live server for all tests here: the built-in model, loopback, a free port."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from pentimento.server import native
from pentimento.studio import Studio

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
INPUTS = GOLDEN / "inputs"


@dataclass
class Live:
    """A server's process and where it is."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def said(self) -> str:
        return self.log.read_text()

    def stop(self) -> int:
        """Stop it as Ctrl-C does; give its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(60)


def start(data: Path, flags: Sequence[str] = ()) -> Live:
    """Start `pentimento serve` in a process of its own; what it says goes to a file, which never fills up."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "pentimento", "serve", "--data", str(data), *flags]
    log = data.with_name(f"{data.name}-{time.monotonic_ns()}.log")
    with log.open("wb") as file:
        return Live(subprocess.Popen(command, stderr=file, env=environment), log)


@contextmanager
def live(data: Path, flags: Sequence[str] = ()) -> Iterator[Live]:
    """Run a server while the context lasts."""
    server = start(data, ["--port", "0", *flags])
    try:
        while "listens at" not in server.said:
            assert server.process.poll() is None, f"the server ended: {server.said}"
            time.sleep(0.05)
        server.url = server.said.split("listens at ")[1].split("/ ")[0].replace("0.0.0.0", "127.0.0.1")
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server; what is asked of its engine before that is ready waits."""
    flags = ["--device", "cpu", "--dtype", "float32", "--models", str(GOLDEN / "model")]
    with live(tmp_path_factory.mktemp("data"), flags) as running:
        Studio(device="cpu").warm_up()  # here for comparisons, at the same time as there
        yield running


ANSWERS = [
    (re.compile(native.PREFIX + route.path_regex.pattern.lstrip("^")), route.methods, int(status), TypeAdapter(answer))
    for module in native.PARTS
    for route in module.router.routes
    if isinstance(route, APIRoute)
    for status, told in route.responses.items()
    if (answer := told.get("model")) is not None
]
"""Of the native API: path, methods and status of each answer that its document describes."""


def check_answer(response: httpx.Response) -> None:
    """See that an answer is as the document describes it, no key more and none less."""
    path, method = response.request.url.path, response.request.method
    for pattern, methods, status, described in ANSWERS:
        if pattern.fullmatch(path) and method in methods and status == response.status_code:
            described.validate_json(response.read(), strict=True)
            return


@pytest.fixture(scope="session")
def http(server: Live) -> Iterator[httpx.Client]:
    """A client; whatever a test asks of the native API with it, the answer is held against the document."""
    with httpx.Client(base_url=server.url, timeout=120, event_hooks={"response": [check_answer]}) as client:
        yield client


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A photograph, 128x128, RGB, PNG."""
    return (INPUTS / "astro_128.png").read_bytes()


@pytest.fixture(scope="session")
def mask() -> bytes:
    """An ellipse in it."""
    return (INPUTS / "m_ellipse_128.png").read_bytes()
