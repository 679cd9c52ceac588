"""Layers: edits of a picture hidden, moved, taken away and run again, and kept as a project."""

import re
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import pentimento as pm

from .acts import EXAMPLE, generate, go_to, next_plan, open_example, opened, paint, set_number, write_prompt
from .conftest import Server
from .test_for_everyone import AXE, violations

LEFT, RIGHT = ((-0.35, -0.1), (-0.25, 0.1)), ((0.2, -0.1), (0.3, 0.1))
"""Two strokes that lie apart."""


@pytest.fixture(autouse=True)
def afresh(server: Server) -> None:
    """Leave no chain as another test has left it: the same edits of the same picture are the same result."""
    for kept in server.get("chains"):
        place = f"{server.url}api/v1/chains/{kept['id']}"
        urllib.request.urlopen(urllib.request.Request(place, method="DELETE")).close()


def edit(page: Page, prompt: str, stroke: tuple[tuple[float, float], ...], seed: int) -> str:
    """Repaint one place; give the id of the result."""
    write_prompt(page, prompt)
    set_number(page, "seed", seed)
    next_plan(page, lambda: paint(page, *stroke))
    return generate(page)


def two_edits(page: Page) -> tuple[str, str]:
    """Repaint the left, accept that, and repaint the right of it."""
    open_example(page)
    go_to(page, "Inpaint")
    set_number(page, "denoising_strength", 1)
    set_number(page, "steps", 2)
    first = edit(page, "a red ball", LEFT, 1)
    next_plan(page, lambda: page.get_by_role("button", name="Accept").click())
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Delete")
    return first, edit(page, "a green tree", RIGHT, 2)


def open_layers(page: Page) -> Locator:
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Shift+L")
    expect(page.locator(".layers figure img")).to_be_visible()
    return page.locator(".layers .list li")


def chain_of(page: Page, server: Server) -> dict[str, Any]:
    """Give the chain that is shown, once all changes have arrived."""
    expect(page.locator(".layers")).to_have_attribute("aria-busy", "false")
    source = page.locator(".layers figure img").get_attribute("src")
    assert source
    return server.get("chains/" + source.split("/chains/")[1].split("/")[0])


def prompts(chain: dict[str, Any]) -> list[str]:
    return [step["prompt"] for step in chain["steps"]]


def shown(chain: dict[str, Any], server: Server) -> np.ndarray:
    return opened(server.bytes(f"chains/{chain['id']}/file?format=png"))[..., :3]


def changed(page: Page, act: Any) -> None:
    """Do something that changes the chain."""

    def is_change(answer: Any) -> bool:
        return "/api/v1/chains/" in answer.url and answer.request.method in ("PATCH", "PUT") and answer.ok

    with page.expect_response(is_change):
        act()
    expect(page.locator(".layers")).to_have_attribute("aria-busy", "false")


def test_a_hidden_layer_is_out_of_the_picture_and_what_saw_it_is_run_again(page: Page, server: Server) -> None:
    first, second = two_edits(page)
    rows = open_layers(page)
    expect(rows).to_have_count(3)
    source = opened(EXAMPLE.read_bytes())[..., :3]
    red, both = (opened(server.bytes(f"pictures/{id}/file")) for id in (first, second))
    chain = chain_of(page, server)
    assert prompts(chain) == ["a red ball", "a green tree"]
    assert (shown(chain, server) == both).all()
    page.get_by_role("button", name="Show a red ball").focus()
    changed(page, lambda: page.keyboard.press("Enter"))
    expect(page.get_by_role("button", name="Show a red ball")).to_have_attribute("aria-pressed", "false")
    chain = chain_of(page, server)
    now = shown(chain, server)
    only_first = (red != source).any(axis=2) & (both == red).all(axis=2)
    assert only_first.sum() > 100
    assert (now[only_first] == source[only_first]).all()
    assert (now[(both != red).any(axis=2)] != source[(both != red).any(axis=2)]).any()
    assert [step["stale"] for step in chain["steps"]] == [False, True]
    expect(rows.first).to_contain_text("Something below it is other now.")
    changed(page, page.get_by_role("button", name="Run again", exact=True).click)
    expect(page.get_by_role("button", name="Run again", exact=True)).to_have_count(0)
    fresh = chain_of(page, server)
    assert [step["stale"] for step in fresh["steps"]] == [False, False]
    assert fresh["steps"][0] == chain["steps"][0] and fresh["steps"][1]["id"] != chain["steps"][1]["id"]
    again = shown(fresh, server)
    assert (again != now).any() and (again[only_first] == source[only_first]).all()
    taken, _ = next_plan(page, page.get_by_role("button", name="Take to the canvas").click)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert (opened(server.bytes("uploads/" + taken["init_image"].removeprefix("sha256:")))[..., :3] == again).all()
    onward = opened(server.bytes(f"pictures/{edit(page, 'a boat', LEFT, 3)}/file"))
    rows = open_layers(page)
    expect(rows).to_have_count(4)
    chain = chain_of(page, server)
    assert prompts(chain) == ["a red ball", "a green tree", "a boat"]
    assert [step["muted"] for step in chain["steps"]] == [True, False, False]
    assert (shown(chain, server) == onward).all()


def test_layers_are_moved_named_and_taken_away_by_keyboard(page: Page, server: Server) -> None:
    two_edits(page)
    rows = open_layers(page)
    before = chain_of(page, server)
    page.get_by_label("Name of the layer").last.focus()
    changed(page, lambda: page.keyboard.press("Alt+ArrowUp"))
    moved = chain_of(page, server)
    assert prompts(moved) == ["a green tree", "a red ball"]
    expect(page.get_by_label("Name of the layer").first).to_be_focused()
    page.keyboard.type("ball")
    changed(page, lambda: page.keyboard.press("Enter"))
    assert [step["label"] for step in chain_of(page, server)["steps"]] == ["", "ball"]
    changed(page, page.get_by_role("button", name="Move a green tree up").click)
    expect(page.get_by_label("Name of the layer").first).to_be_focused()
    back = chain_of(page, server)
    assert [step["id"] for step in back["steps"]] == [step["id"] for step in before["steps"]]
    assert not any(step["stale"] for step in back["steps"])
    changed(page, page.get_by_role("button", name="Remove a green tree").click)
    expect(rows).to_have_count(2)
    assert prompts(chain_of(page, server)) == ["a red ball"]
    notice = page.get_by_role("dialog").locator(".notice").filter(has_text="The layer was taken away.")
    changed(page, notice.get_by_role("button", name="Undo").click)
    expect(rows).to_have_count(3)
    assert chain_of(page, server) == back


def test_all_that_saw_a_change_is_run_again_from_below(page: Page, server: Server) -> None:
    two_edits(page)
    open_layers(page)
    before = chain_of(page, server)
    changed(page, page.get_by_role("button", name="Move a red ball up").click)
    assert [step["stale"] for step in chain_of(page, server)["steps"]] == [True, True]
    page.get_by_role("button", name="Run all again (2)").click()
    expect(page.locator(".layers li .row")).to_have_count(0)  # neither due nor running
    after = chain_of(page, server)
    assert prompts(after) == ["a green tree", "a red ball"]
    assert not any(step["stale"] for step in after["steps"])
    assert {step["id"] for step in after["steps"]}.isdisjoint(step["id"] for step in before["steps"])


def test_a_project_is_saved_and_opened_again(page: Page, server: Server, tmp_path: Path) -> None:
    _, second = two_edits(page)
    open_layers(page)
    chain = chain_of(page, server)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save the project").click()
    project = tmp_path / saving.value.suggested_filename
    assert project.name == f"{second}.pentimento"
    saving.value.save_as(project)
    own = pm.Chain.from_bytes(project.read_bytes())
    assert (np.asarray(own.picture()) == shown(chain, server)).all()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as .ora").click()
    assert saving.value.path().read_bytes() == own.encode("ora")
    page.keyboard.press("Escape")
    page.locator("#open-project").set_input_files(project)
    expect(page.locator(".layers .list li")).to_have_count(3)
    again = chain_of(page, server)
    assert again["id"] != chain["id"]
    assert [step["id"] for step in again["steps"]] == [step["id"] for step in chain["steps"]]
    page.keyboard.press("Escape")
    dropped = page.evaluate_handle(
        """([data, name]) => {
            const all = new DataTransfer();
            all.items.add(new File([Uint8Array.from(data)], name));
            return all;
        }""",
        [list(b"no project"), "broken.pentimento"],
    )
    page.locator(".surface").dispatch_event("drop", {"dataTransfer": dropped})
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(re.compile("project|zip", re.IGNORECASE))


def test_a_picture_that_was_made_of_none_says_so(page: Page, server: Server) -> None:
    write_prompt(page, "words alone")
    go_to(page, "Text")
    set_number(page, "steps", 1)
    generate(page)
    page.get_by_role("button", name="History").click()
    page.locator(".gallery").get_by_role("button", name="words alone").first.click()
    page.locator(".detail").get_by_role("button", name="Layers").click()
    expect(page.locator(".layers")).to_contain_text("It has no layers")
    expect(page.locator(".layers .list li")).to_have_count(1)


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not there: npm ci in studio-ui")
def test_layers_for_everyone(page_for_axe: Page) -> None:
    page = page_for_axe
    two_edits(page)
    open_layers(page)
    changed(page, page.get_by_role("button", name="Show a red ball").click)
    expect(page.locator(".layers .stale")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="ru", exact=True).click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Shift+L")
    sheet = page.get_by_role("dialog", name="Слои")
    expect(sheet.get_by_role("button", name="Выполнить заново", exact=True)).to_be_visible()
    own = sheet.locator("header, .layers")  # notices that are older speak as they did
    words = "\n".join(own.all_inner_texts()).splitlines() + own.locator("[aria-label], [title]").evaluate_all(
        "all => all.flatMap((one) => [one.getAttribute('aria-label'), one.title]).filter(Boolean)"
    )
    known = ("a red ball", "a green tree")
    foreign = [text for text in words if text not in known and not re.search(r"[а-яё]|^[\d\s×]*$", text.lower())]
    assert foreign == [], foreign
    assert violations(page) == []
