"""Models on the page: fetched from a hub on this machine, paused, used; and those of other programs."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pentimento.models.find import BUILTIN
from tests.hub import LocalHub, serving

from .acts import choose, generate, set_number
from .conftest import Server, opened_for_axe, start_server
from .test_for_everyone import violations

OFFER, HUB = "DreamShaper 8", "Lykon/dreamshaper-8"


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with serving() as running:
        running.put(HUB, BUILTIN)
        yield running


@pytest.fixture
def own_server(hub: LocalHub, tmp_path: Path) -> Iterator[Server]:
    """A server that asks this hub, on a machine with ComfyUI."""
    checkpoints = tmp_path / "home" / "programs" / "ComfyUI" / "models" / "checkpoints"
    shutil.copytree(BUILTIN, checkpoints / "theirs")
    environment = {
        "HF_ENDPOINT": hub.url,
        "HOME": str(tmp_path / "home"),
        "PENTIMENTO_DATA": str(tmp_path / "other"),
        "PENTIMENTO_CACHE": str(tmp_path / "cache"),
    }
    (tmp_path / "data").mkdir()
    running = start_server(tmp_path / "data", environment=environment)
    yield running
    running.end()


@pytest.fixture
def models(browser: Browser, own_server: Server) -> Iterator[Page]:
    """The sheet of models, open."""
    with opened_for_axe(browser, own_server.url, "light") as page:
        page.get_by_role("button", name="model Built-in").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        yield page


def test_a_model_is_fetched_with_a_pause_and_makes_a_picture(models: Page, own_server: Server, hub: LocalHub) -> None:
    hub.bytes_per_second = 4e6
    choose(models, "Catalogue")
    models.get_by_role("button", name=f"Fetch {OFFER}, 2.1 GB").click()
    bar = models.get_by_role("progressbar", name=f"{OFFER}: download")
    expect(bar).not_to_have_attribute("aria-valuenow", "0")
    models.get_by_role("button", name=f"Pause {OFFER}").click()
    row = models.get_by_role("listitem").filter(has=bar)
    expect(row).to_contain_text("paused at")
    assert own_server.get("downloads")[0]["state"] == "paused"
    hub.bytes_per_second = None
    models.get_by_role("button", name=f"Go on with {OFFER}").click()
    models.get_by_role("button", name=f"Use {OFFER}", exact=True).click()
    expect(models.get_by_role("status")).to_have_text("dreamshaper-8 has arrived.")
    choose(models, "Here (2)")
    chosen = models.get_by_role("radio", name="dreamshaper-8")
    expect(chosen).to_be_checked()
    expect(models.get_by_role("listitem").filter(has=chosen)).to_contain_text("CreativeML Open RAIL-M")
    models.keyboard.press("Escape")
    small = {"model": "dreamshaper-8", "steps": 1, "width": 64, "height": 64}
    own_server.post("jobs", {"request": small, "keep": False})
    while (job := own_server.get("jobs")[0])["state"] in ("queued", "running"):  # the first waits for the engine
        time.sleep(0.2)
    assert job["state"] == "done", job["error"]
    models.get_by_role("tab", name="Text").click()
    set_number(models, "steps", 2)
    assert own_server.get(f"pictures/{generate(models)}")["model"] == "dreamshaper-8"


def test_what_cannot_be_fetched_says_why_and_can_be_taken_away(models: Page, hub: LocalHub) -> None:
    hub.gated = {HUB}
    choose(models, "Catalogue")
    models.get_by_role("button", name=f"Fetch {OFFER}, 2.1 GB").click()
    expect(models.locator(".trouble")).to_contain_text("accept its terms")
    assert violations(models) == []
    models.get_by_role("button", name=f"Cancel {OFFER}").click()
    expect(models.locator(".trouble")).to_have_count(0)
    models.get_by_label("Another model").fill("nobody/nothing")
    models.keyboard.press("Enter")
    expect(models.locator(".trouble")).to_contain_text("the hub has no model 'nobody/nothing'")


def test_models_of_another_program_are_used_where_they_are(models: Page) -> None:
    choose(models, "Other programs")
    row = models.get_by_role("listitem").filter(has_text="ComfyUI ·")
    row.get_by_role("button", name="Use these").click()
    expect(row.get_by_role("button", name="Use no more")).to_be_visible()
    choose(models, "Here (2)")
    expect(models.get_by_role("radio", name="theirs")).to_be_visible()
