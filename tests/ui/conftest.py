"""A real server with the built-in model, and a real browser on its page."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

PAGE = Path(__file__).parents[2] / "src/pentimento/web/index.html"
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run a test of the page once more when it fails: a browser on a busy machine is late at times.

    The summary names every test that needed it.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@dataclass
class Server:
    """A running `pentimento serve`."""

    process: subprocess.Popen[bytes]
    url: str

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + "api/v1/" + path) as answer:
            return json.load(answer)

    def bytes(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + "api/v1/" + path) as answer:
            return answer.read()

    def post(self, path: str, body: dict[str, Any]) -> bytes:
        request = urllib.request.Request(
            self.url + "api/v1/" + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def end(self, with_signal: int = signal.SIGTERM) -> None:
        self.process.send_signal(with_signal)
        self.process.wait(20)


def start_server(data: Path, port: int = 0, environment: Mapping[str, str] | None = None) -> Server:
    """Start a server and wait until it says where it listens."""
    said = data / "said"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pentimento", "serve", "--port", str(port), "--data", str(data)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
        )
    while process.poll() is None:
        if found := re.search(r"listens at (https?://\S+/)", said.read_text()):
            return Server(process, found[1])
        time.sleep(0.1)
    raise AssertionError(f"the server ended at once: {said.read_text()}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not PAGE.is_file():
        pytest.skip("the page is not built: npm run build in studio-ui")
    if CHROMIUM is None:
        pytest.skip("no Chromium: install the Debian package 'chromium'")
    running = start_server(tmp_path_factory.mktemp("server"))
    running.post("jobs", {"request": {"steps": 1, "width": 64, "height": 64}, "keep": False})
    while running.get("jobs")[0]["state"] in ("queued", "running"):  # the first loads the model
        time.sleep(0.2)
    yield running
    running.end()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright, server: Server) -> Iterator[Browser]:
    with playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as started:
        yield started


WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)


def watched(page: Page) -> Page:
    """Give a page whose script errors end the test."""
    page.set_default_timeout(WAIT_MS)

    def failed(error: Exception) -> None:
        raise AssertionError(f"the page's script failed: {error}")

    page.on("pageerror", failed)
    return page


@contextmanager
def opened_for_axe(browser: Browser, url: str, scheme: Literal["dark", "light"]) -> Iterator[Page]:
    """Open a page that lets axe in."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-GB", color_scheme=scheme, bypass_csp=True
    )
    page = watched(context.new_page())
    page.goto(url)
    yield page
    context.close()


@pytest.fixture(params=["dark", "light"])
def page_for_axe(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened_for_axe(browser, server.url, request.param) as page:
        yield page


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", color_scheme="dark")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Page:
    opened = watched(context.new_page())
    opened.goto(server.url)
    return opened
