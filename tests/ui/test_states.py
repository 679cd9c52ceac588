"""States that a person runs into: many results, warnings that come and go, options of every kind, what failed."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, Request, expect

from .acts import EXAMPLE, choose, go_to, next_plan, open_example, paint, set_number
from .conftest import Server, watched


def box_of(page: Page, selector: str) -> FloatRect:
    box = page.locator(selector).first.bounding_box()
    assert box
    return box


def more(page: Page) -> None:
    page.get_by_text("More", exact=True).click()


def test_the_picture_stays_in_its_place_when_warnings_come(page: Page) -> None:
    open_example(page)
    go_to(page, "Inpaint")
    next_plan(page, lambda: paint(page, (-0.02, 0.0), (0.02, 0.0)))
    before = box_of(page, ".host")
    set_number(page, "mask_blur", 20)
    next_plan(page, lambda: choose(page, "latent noise"))
    expect(page.locator(".warnings li")).to_have_count(2)
    assert box_of(page, ".host") == before
    plan, canvas = box_of(page, ".plan"), box_of(page, ".surface")
    assert plan["y"] < canvas["y"] + canvas["height"]


def test_many_results_lie_beside_each_other(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 560})
    go_to(page, "Text")
    set_number(page, "steps", 1)
    for place in (0, 1):
        box = page.locator("[data-field=width] .number input").nth(place)
        box.fill("64")
        box.press("Enter")
    more(page)
    set_number(page, "batch_size", 8)
    set_number(page, "batch_count", 2)
    page.locator(".generate").click()
    tiles = page.locator(".strip button.tile")
    expect(tiles).to_have_count(16)
    boxes = [tile.bounding_box() for tile in tiles.all()]
    rows = sorted({box["y"] for box in boxes if box})
    assert len(rows) == 8
    height = box_of(page, ".strip button.tile")["height"]
    assert all(lower - upper > height for upper, lower in zip(rows, rows[1:], strict=False))


def test_lists_and_lengths_of_a_script_are_written(page: Page) -> None:
    asked: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        body = request.post_data_json if request.url.endswith("/plan") else None
        if body and body.get("script"):
            asked.append(body["script"])

    page.on("request", note)
    open_example(page)
    script = page.get_by_label("Script")
    script.select_option("detail")
    boxes = page.get_by_role("textbox", name="Boxes", exact=True)
    boxes.fill("10% 20% 64 64\n\n 0 0 32 32")
    with page.expect_request(lambda request: "0 0 32 32" in (request.post_data or "")):
        page.keyboard.press("Tab")
    assert asked[-1]["options"] == {"boxes": ["10% 20% 64 64", "0 0 32 32"]}
    assert "regions" not in script.locator("option").evaluate_all("rows => rows.map(row => row.value)")
    script.select_option("outpaint_in_steps")
    page.get_by_role("button", name="Extend the picture (outpaint)").click()
    set_number(page, "extend", 64)
    step = page.get_by_label("Grow at once by")
    expect(step).to_have_value("128")
    step.fill("25%")
    page.keyboard.press("Tab")
    expect(page.locator(".facts")).to_contain_text("in 2 runs")
    assert asked[-1]["options"] == {"step_size": "25%"}


def test_a_refusal_names_its_field_as_the_page_does(page: Page) -> None:
    open_example(page)
    page.get_by_label("Script").select_option("sheet")
    line = page.locator(".warnings li")
    expect(line).to_contain_text("Across: name at least one axis")
    expect(page.locator("[data-field=x] .trouble")).to_have_text("name at least one axis, as in steps=10,20")


def test_a_file_of_a_batch_that_cannot_be_read_says_why(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    go_to(page, "Batch")
    page.locator("#open-batch").set_input_files([EXAMPLE, broken])
    expect(page.locator(".plan")).to_contain_text("Pictures: 2")
    set_number(page, "steps", 1)
    page.get_by_role("button", name="Generate all").click()
    failed = page.locator(".batch li").filter(has_text="broken.png")
    expect(failed.locator(".tag")).to_have_text("failed")
    expect(failed.locator(".trouble")).to_contain_text("no picture that can be read")
    expect(failed.locator("img")).to_be_hidden()
    expect(page.get_by_text("Done: 1 of 2")).to_be_visible()


def test_cancel_in_a_batch_ends_all_of_it(page: Page, tmp_path: Path) -> None:
    go_to(page, "Batch")
    copies = [tmp_path / f"{number}.png" for number in range(3)]
    for number, copy in enumerate(copies):
        copy.write_bytes(EXAMPLE.read_bytes() + bytes(number))
    page.locator("#open-batch").set_input_files(copies)
    expect(page.locator(".batch li")).to_have_count(3)
    set_number(page, "steps", 400)
    page.get_by_role("button", name="Generate all").click()
    cancel = page.locator(".generate.running")
    expect(cancel).to_contain_text("Cancel all")
    page.keyboard.press("Escape")
    expect(cancel).to_have_count(0)
    ended = page.locator(".batch li .tag").filter(has_text=re.compile("cancelled|not sent yet"))
    expect(ended).to_have_count(3)
    expect(page.locator(".top .count")).to_have_count(0)


def test_a_server_that_is_gone_is_told_once_and_in_words(page: Page, context: BrowserContext) -> None:
    context.set_offline(True)
    page.locator(".model-button").click()
    page.keyboard.press("Escape")
    expect(page.locator(".notice")).to_have_count(1)
    expect(page.locator(".notice")).to_contain_text("The server does not answer.")
    context.set_offline(False)
    expect(page.locator(".notice")).to_have_text("The server is back.")


@pytest.mark.parametrize(("width", "height"), [(834, 1112), (420, 860)])
def test_a_small_window_keeps_the_canvas_in_sight(browser: Browser, server: Server, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="ru-RU", has_touch=True)
    page = watched(context.new_page())
    page.goto(server.url)
    page.locator("#open-picture").set_input_files(EXAMPLE)
    page.locator("#mode-inpaint").click()
    for opener in page.locator(".tools .anchor > .icon").all():
        opener.click()
        popover = box_of(page, ".popover")
        assert popover["x"] >= 0
        assert popover["x"] + popover["width"] <= width
        page.keyboard.press("Escape")
    top = [button.bounding_box() for button in page.locator(".top > *:visible").all()]
    shown = [box for box in top if box and box["width"] and box["height"]]
    for number, one in enumerate(shown):
        for other in shown[number + 1 :]:
            apart = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
            below = one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1
            assert apart or below
    context.close()
