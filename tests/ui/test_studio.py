"""The page does what the guide says, and loses nothing."""

import hashlib
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Error, Page, Playwright, expect

from .acts import (
    EXAMPLE,
    choose,
    generate,
    go_to,
    next_plan,
    on_canvas,
    open_example,
    opened,
    paint,
    set_number,
    write_prompt,
)
from .conftest import CHROMIUM, FLAGS, Server, start_server, watched


def test_the_five_steps_of_the_guide(page: Page, server: Server) -> None:
    write_prompt(page, "a red house on the grass by day")
    open_example(page)
    expect(page.get_by_role("textbox", name="Width")).to_have_attribute("placeholder", "128")
    set_number(page, "denoising_strength", 0.4)
    set_number(page, "steps", 4)
    made = server.get(f"pictures/{generate(page)}")
    assert (made["width"], made["height"]) == (128, 128)
    assert made["request"]["prompt"] == "a red house on the grass by day"
    assert made["request"]["denoising_strength"] == 0.4
    source = server.bytes("uploads/" + made["request"]["init_image"].removeprefix("sha256:"))
    assert source == EXAMPLE.read_bytes()


def test_strength_zero_gives_the_same_pixels(page: Page, server: Server) -> None:
    open_example(page)
    set_number(page, "denoising_strength", 0)
    expect(page.locator(".warnings")).to_contain_text("gives the picture back unchanged")
    assert np.array_equal(opened(server.bytes(f"pictures/{generate(page)}/file")), opened(EXAMPLE.read_bytes()))


def test_what_is_not_painted_stays(page: Page, server: Server) -> None:
    open_example(page)
    go_to(page, "Inpaint")
    write_prompt(page, "a yellow ball")
    choose(page, "Only masked")
    set_number(page, "steps", 4)
    request, plan = next_plan(page, lambda: paint(page, (0.15, 0.15), (0.3, 0.3)))
    left, top, right, bottom = plan["box"]
    assert 0 <= left < right <= 128 and 0 <= top < bottom <= 128
    expect(page.locator(".plan")).to_contain_text(f"masked part {right - left} × {bottom - top}")
    picture = generate(page)
    executed = server.get("jobs/" + server.get(f"pictures/{picture}")["job"])["plan"]
    for shown in ("box", "working_size", "steps", "latent_cells_repainted"):
        assert plan[shown] == executed[shown]
    made = opened(server.bytes(f"pictures/{picture}/file"))
    weight = opened(server.post("plan/pictures/mask", {"request": request}))
    differs = (made != opened(EXAMPLE.read_bytes())).any(axis=2)
    assert weight.max() > 200
    assert not differs[weight == 0].any()
    assert differs[weight > 200].any()


def test_every_tool_paints_the_mask(page: Page, server: Server) -> None:
    open_example(page)
    go_to(page, "Inpaint")

    def painted(tool: str, *points: tuple[float, float], closed_by: str | None = None) -> np.ndarray:
        page.get_by_role("button", name=tool, exact=True).click()

        def act() -> None:
            if closed_by:
                for point in points:
                    page.mouse.click(*on_canvas(page, *point))
                page.keyboard.press(closed_by)
            else:
                paint(page, *points)

        request, _ = next_plan(page, act)
        return opened(server.bytes("uploads/" + request["mask"].removeprefix("sha256:")))

    stroke = painted("Brush", (-0.2, -0.2), (-0.1, -0.2))
    assert 0 < (stroke > 0).mean() < 0.2
    erased = painted("Eraser", (-0.2, -0.2), (-0.15, -0.2))
    assert 0 < (erased > 0).sum() < (stroke > 0).sum()
    before = erased
    for tool, points, closed_by in (
        ("Rectangle", ((0.05, 0.05), (0.2, 0.15)), None),
        ("Ellipse", ((0.1, 0.2), (0.2, 0.3)), None),
        ("Lasso", ((-0.3, 0.1), (-0.2, 0.1), (-0.25, 0.2)), None),
        ("Polygon", ((-0.3, 0.25), (-0.15, 0.25), (-0.2, 0.3)), "Enter"),
        ("Magic wand", ((0.0, -0.25), (0.0, -0.25)), None),
    ):
        after = painted(tool, *points, closed_by=closed_by)
        assert (after >= before).all(), tool
        assert (after > 0).sum() > (before > 0).sum(), tool
        before = after
    for _ in range(7):
        page.keyboard.press("Control+Z")
    undone, _ = next_plan(page, lambda: set_number(page, "steps", 9))
    assert "mask" not in undone


def test_the_page_asks_for_what_the_library_makes(page: Page, server: Server, tmp_path: Path) -> None:
    open_example(page)
    go_to(page, "Inpaint")
    write_prompt(page, "a green tree")
    set_number(page, "steps", 3)
    set_number(page, "seed", 20)
    next_plan(page, lambda: paint(page, (-0.2, 0.2), (0, 0.1)))
    picture = generate(page)
    made, request = server.bytes(f"pictures/{picture}/file"), server.get(f"pictures/{picture}")["request"]
    for name in ("init_image", "mask"):
        (tmp_path / f"{name}.png").write_bytes(server.bytes("uploads/" + request[name].removeprefix("sha256:")))
    script = (
        "import pentimento as pm\n"
        f"request = pm.Request(**{ {**request, 'init_image': 'init_image.png', 'mask': 'mask.png'}!r})\n"
        "pm.Studio().run(request).save('out.png')\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert np.array_equal(opened(made), opened((tmp_path / "out.png").read_bytes()))


def test_a_reload_in_the_middle_loses_nothing(page: Page) -> None:
    open_example(page)
    go_to(page, "Inpaint")
    write_prompt(page, "a pine in the snow")
    set_number(page, "steps", 5)
    set_number(page, "mask_blur", 2)
    before, _ = next_plan(page, lambda: paint(page, (-0.1, -0.1), (0.1, 0.2)))
    generate(page)
    page.wait_for_timeout(400)
    after, _ = next_plan(page, page.reload)
    assert after == before
    expect(page.get_by_role("tab", name="Inpaint")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a pine in the snow")
    expect(page.locator(".strip button.tile")).to_have_count(1)


def test_a_killed_browser_loses_nothing(playwright: Playwright, server: Server, tmp_path: Path) -> None:
    def start() -> BrowserContext:
        return playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=FLAGS, viewport={"width": 1280, "height": 800}, locale="en-GB"
        )

    context = start()
    page = watched(context.pages[0])
    page.goto(server.url)
    open_example(page)
    go_to(page, "Inpaint")
    write_prompt(page, "a snowman")
    before, _ = next_plan(page, lambda: paint(page, (0.2, -0.2), (0.1, 0.1)))
    page.wait_for_timeout(400)
    for process in psutil.process_iter(["cmdline"]):
        if any(str(tmp_path) in word for word in process.info["cmdline"] or []):
            process.send_signal(signal.SIGKILL)
    with suppress(Error):  # there is nobody left to be closed
        context.close()

    context = start()
    page = watched(context.pages[0])
    after, _ = next_plan(page, lambda: page.goto(server.url))
    assert after == before
    context.close()


@pytest.mark.parametrize("locks", ["with locks", "without, as pages have it that came without TLS"])
def test_two_tabs_do_not_overwrite_each_other(context: BrowserContext, server: Server, locks: str) -> None:
    if locks != "with locks":
        context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })")
    page = watched(context.new_page())
    page.goto(server.url)
    write_prompt(page, "the first tab")
    page.wait_for_timeout(400)
    second = watched(context.new_page())
    second.goto(server.url)
    expect(second.locator(".notice")).to_contain_text("open in another tab")
    expect(second.get_by_label("Prompt", exact=True)).to_have_value("")
    write_prompt(second, "the second tab")
    second.wait_for_timeout(400)
    page.reload()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("the first tab")
    second.reload()
    expect(second.get_by_label("Prompt", exact=True)).to_have_value("the second tab")


def test_accepting_keeps_size_and_mask_and_can_be_undone(page: Page) -> None:
    open_example(page)
    go_to(page, "Inpaint")
    for field, value in (("width", 192), ("height", 160)):
        box = page.get_by_role("textbox", name=field.capitalize())
        box.fill(str(value))
        box.press("Enter")
    set_number(page, "steps", 3)
    choose(page, "Only masked")
    before, _ = next_plan(page, lambda: paint(page, (0.1, 0.1), (0.2, 0.25)))
    generate(page)
    after, _ = next_plan(page, lambda: page.get_by_role("button", name="Accept", exact=True).click())
    assert after["init_image"] != before["init_image"]
    assert {**after, "init_image": ""} == {**before, "init_image": ""}
    undone, _ = next_plan(page, lambda: page.locator(".notice").get_by_role("button", name="Undo").click())
    assert undone == before


def test_a_sketch_is_in_the_result_that_is_accepted_and_not_over_it(page: Page, server: Server) -> None:
    open_example(page)
    go_to(page, "Sketch")
    set_number(page, "steps", 3)
    sketched, _ = next_plan(page, lambda: paint(page, (-0.2, -0.1), (0.2, -0.1)))
    drawn = opened(server.bytes("uploads/" + sketched["init_image"].removeprefix("sha256:")))
    changed = (drawn != opened(EXAMPLE.read_bytes())).any(axis=2)
    assert 0 < changed.mean() < 0.5
    made = server.bytes(f"pictures/{generate(page)}/file")
    accepted, _ = next_plan(page, lambda: page.get_by_role("button", name="Accept", exact=True).click())
    assert accepted["init_image"] == "sha256:" + hashlib.sha256(made).hexdigest()


def test_cancel_ends_the_job(page: Page, server: Server) -> None:
    write_prompt(page, "a rocket")
    open_example(page)
    set_number(page, "steps", 1000)
    page.locator(".generate").click()
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible()
    cancel.click()
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()
    page.wait_for_function("async () => (await (await fetch('api/v1/jobs?limit=1')).json())[0].state === 'cancelled'")
    assert server.get("jobs?limit=1")[0]["pictures"] == []


def test_a_server_that_went_is_joined_again(context: BrowserContext, server: Server, tmp_path: Path) -> None:
    own = start_server(tmp_path)
    page = watched(context.new_page())
    page.goto(own.url)
    open_example(page)
    port = int(own.url.rstrip("/").rsplit(":", 1)[1])
    own.end(signal.SIGKILL)
    gone = page.get_by_role("alert")
    expect(gone).to_contain_text("The server does not answer")
    write_prompt(page, "written while it was away")
    own = start_server(tmp_path, port)
    try:
        expect(gone).to_have_count(0)
        request, _ = next_plan(page, lambda: set_number(page, "steps", 7))
        assert request["prompt"] == "written while it was away"
    finally:
        own.end()


def test_parameters_come_back_from_a_result(page: Page, server: Server, tmp_path: Path) -> None:
    open_example(page)
    write_prompt(page, "a blue cup, a (red:1.2) star")
    set_number(page, "steps", 3)
    set_number(page, "cfg_scale", 4.5)
    made = generate(page)
    file = tmp_path / "made.png"
    file.write_bytes(server.bytes(f"pictures/{made}/file"))
    write_prompt(page, "something else")
    set_number(page, "steps", 9)
    page.locator("#open-picture").set_input_files(file)
    page.get_by_role("button", name="Use them").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a blue cup, a (red:1.2) star")
    request, _ = next_plan(page, lambda: set_number(page, "denoising_strength", 0.3))
    assert (request["steps"], request["cfg_scale"]) == (3, 4.5)


def test_a_result_brings_back_all_that_made_it(page: Page, server: Server) -> None:
    open_example(page)
    go_to(page, "Inpaint")
    write_prompt(page, "a pink flower")
    set_number(page, "steps", 3)
    set_number(page, "seed", 77)
    request, _ = next_plan(page, lambda: paint(page, (-0.2, -0.1), (0.1, 0.2)))
    generate(page)
    page.get_by_role("button", name="Open, read, copy as").click()
    page.get_by_role("button", name="Start afresh").click()
    expect(page.locator(".invitation")).to_be_visible()
    page.get_by_role("button", name="History").click()
    page.locator(".gallery .tile").first.click()
    back, _ = next_plan(page, lambda: page.get_by_role("button", name="Set everything as it was for it").click())
    masks = [server.bytes("uploads/" + one.pop("mask").removeprefix("sha256:")) for one in (back, request)]
    assert np.array_equal(*map(opened, masks))
    assert {name: back[name] for name in request} == request


def test_every_field_of_the_request_is_there(page: Page, server: Server) -> None:
    fields = {field["name"] for field in server.get("options")["fields"] if field["type"] != "picture"}
    shown: set[str] = set()
    page.get_by_text("More", exact=True).click()
    for mode in ("Text", "Inpaint"):
        go_to(page, mode)
        if mode == "Inpaint":
            choose(page, "Only masked")
        page.get_by_label("Find a setting").fill(" ")
        page.evaluate("document.querySelectorAll('.parameters details').forEach((one) => { one.open = true; })")
        shown |= set(page.locator("[data-field]").evaluate_all("all => all.map((one) => one.dataset.field)"))
    # The model has its place at the top; width and height are one field, and so are they drawn.
    assert shown == fields - {"model", "height"}


def test_many_files_go_through_one_request(page: Page, server: Server, tmp_path: Path) -> None:
    go_to(page, "Batch")
    write_prompt(page, "a fish on the sea at night")
    set_number(page, "steps", 2)
    files = [tmp_path / f"{side}.png" for side in (64, 96)]
    for file in files:
        Image.open(EXAMPLE).resize((int(file.stem),) * 2).save(file)
    page.locator("#open-batch").set_input_files([*files, Path(__file__)])
    page.get_by_role("button", name="Generate all").click()
    tags = page.locator(".batch .tag")
    expect(tags.nth(0)).to_have_text("done")
    expect(tags.nth(1)).to_have_text("done")
    expect(tags.nth(2)).to_have_text("failed")
    expect(page.locator(".batch .trouble")).to_contain_text("no picture that can be read")
    made = server.get("pictures?limit=2")["pictures"]
    assert [(one["width"], one["prompt"]) for one in made] == [
        (96, "a fish on the sea at night"),
        (64, "a fish on the sea at night"),
    ]


def test_the_history_finds_marks_and_makes_again(page: Page, server: Server) -> None:
    open_example(page)
    write_prompt(page, "a turquoise umbrella")
    set_number(page, "steps", 2)
    made = generate(page)
    page.get_by_role("button", name="History").click()
    page.get_by_label("Words of the prompt").fill("turquoise umb")
    tiles = page.locator(".gallery .tile")
    expect(tiles).to_have_count(1)
    tiles.click()
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_role("button", name="Favourite", exact=True).click()
    expect(page.locator(".gallery .tag")).to_have_text("★")
    assert server.get(f"pictures/{made}")["favourite"] is True
    page.get_by_role("button", name="Move to the trash").click()
    expect(tiles).to_have_count(0)
    page.get_by_role("button", name="Trash", exact=True).click()
    tiles.click()
    page.get_by_role("button", name="Bring back").click()
    expect(tiles).to_have_count(0)
    page.get_by_role("button", name="Trash", exact=True).click()
    tiles.click()
    page.get_by_role("button", name="Make it again").click()
    expect(page.locator(".strip button.tile")).to_have_count(2)
    again = server.get("pictures?limit=1")["pictures"][0]["id"]
    assert again != made
    assert np.array_equal(*(opened(server.bytes(f"pictures/{one}/file")) for one in (again, made)))
