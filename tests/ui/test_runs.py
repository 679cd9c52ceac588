"""What runs: live, in batches, a model that is loaded first; and how what came out is taken home."""

import urllib.request
import zipfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from .acts import EXAMPLE, go_to, next_plan, on_canvas, open_example, paint, set_number, write_prompt
from .conftest import Server, start_server, watched


def name_of(server: Server, picture: str) -> str:
    """Give the name under which the server offers a picture for saving."""
    with urllib.request.urlopen(f"{server.url}api/v1/pictures/{picture}/file?download=1") as answer:
        return answer.headers.get_filename()


def test_escape_drops_a_polygon_and_enter_closes_it(page: Page) -> None:
    open_example(page)
    go_to(page, "Inpaint")
    page.keyboard.press("P")

    def corners() -> None:
        for point in ((-0.2, -0.2), (0.2, -0.2), (0.0, 0.2)):
            page.mouse.click(*on_canvas(page, *point))

    undo = page.get_by_role("button", name="Undo", exact=True)
    corners()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(undo).to_be_disabled()
    corners()
    page.keyboard.press("Enter")
    expect(undo).to_be_enabled()


def test_live_repaints_at_each_stroke_and_keeps_one_picture(page: Page, server: Server) -> None:
    open_example(page)
    go_to(page, "Inpaint")
    set_number(page, "steps", 300)  # enough for a second stroke before the first is painted
    page.get_by_label("Live").check()
    before = {job["id"] for job in server.get("jobs?limit=500")}
    with page.expect_response(lambda answer: answer.url.endswith("/jobs") and answer.request.method == "POST"):
        paint(page, (-0.2, -0.2), (0.0, -0.2))
    with page.expect_response(lambda answer: answer.url.endswith("/jobs") and answer.request.method == "POST"):
        paint(page, (0.0, 0.1), (0.2, 0.2))
    page.get_by_label("Live").uncheck()
    tiles = page.locator(".strip button.tile")
    expect(tiles).to_have_count(1, timeout=120_000)
    expect(page.locator(".strip .tile")).to_have_count(1)
    mine = [job for job in server.get("jobs?limit=500") if job["id"] not in before]
    newest, first = (mine[0], mine[-1]) if mine[0]["created"] > mine[-1]["created"] else (mine[-1], mine[0])
    assert first["state"] == "cancelled"
    assert newest["state"] == "done"
    assert newest["request"]["seed"] == first["request"]["seed"]
    assert newest["request"]["mask"] != first["request"]["mask"]


def test_several_results_are_saved_as_one_zip(page: Page, server: Server, tmp_path: Path) -> None:
    open_example(page)
    write_prompt(page, "a wooden fence")
    set_number(page, "steps", 2)
    page.get_by_text("More", exact=True).click()
    set_number(page, "batch_count", 2)
    page.locator(".generate").click()
    expect(page.locator(".strip button.tile")).to_have_count(2)
    page.get_by_role("button", name="More with this result").click()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Download this job as zip (2)").click()
    made = {name_of(server, one["id"]): one["id"] for one in server.get("pictures?limit=2")["pictures"]}
    saving.value.save_as(tmp_path / "made.zip")
    with zipfile.ZipFile(tmp_path / "made.zip") as file:
        assert file.testzip() is None
        assert sorted(file.namelist()) == sorted(made)
        for name, picture in made.items():
            assert file.read(name) == server.bytes(f"pictures/{picture}/file")
    page.get_by_role("button", name="History").click()
    page.get_by_label("Words of the prompt").fill("wooden fence")
    expect(page.locator(".gallery .tile")).to_have_count(2)
    for box in page.locator(".gallery input").all():
        box.check()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Download 2 as zip").click()
    with zipfile.ZipFile(saving.value.path()) as file:
        assert sorted(file.namelist()) == sorted(made)


def test_a_batch_goes_on_over_a_reload(page: Page, server: Server, tmp_path: Path) -> None:
    go_to(page, "Batch")
    write_prompt(page, "a lamp")
    set_number(page, "steps", 3)
    files = [tmp_path / f"{side}.png" for side in (64, 72, 80)]
    for file in files:
        Image.open(EXAMPLE).resize((int(file.stem),) * 2).save(file)
    page.locator("#open-batch").set_input_files(files)
    names = page.locator(".batch .name")
    expect(names).to_have_text([file.name for file in files])
    page.wait_for_timeout(2000)
    page.reload()
    expect(names).to_have_text([file.name for file in files])
    page.get_by_role("button", name="Generate all").click()
    expect(page.locator(".batch .tag").first).not_to_have_text("not sent yet")
    page.wait_for_timeout(2000)
    page.reload()
    expect(page.locator(".batch")).to_contain_text("Done: 3 of 3")
    page.wait_for_timeout(2000)
    page.reload()
    expect(page.locator(".batch .tag")).to_have_text(["done"] * 3)
    # What was being sent when the page went may have been sent once more.
    widths = {one["width"] for one in server.get("pictures?q=lamp")["pictures"]}
    assert widths == {64, 72, 80}


# Loading may be over before anybody looks, so the page itself notes all that it says.
TOLD_IN_PASSING = """() => {
    window.told = [];
    new MutationObserver(() => told.push(document.querySelector('.plan').innerText))
        .observe(document.querySelector('.plan'), { subtree: true, childList: true, characterData: true });
}"""


def test_a_model_that_is_loaded_is_told_and_not_paid_again(context: BrowserContext, tmp_path: Path) -> None:
    own = start_server(tmp_path)
    try:
        page = watched(context.new_page())
        page.goto(own.url)
        open_example(page)
        set_number(page, "steps", 4)
        page.evaluate(TOLD_IN_PASSING)
        page.locator(".generate").click()
        expect(page.locator(".strip button.tile")).to_have_count(1, timeout=120_000)
        assert any("Loading the model Built-in" in text for text in page.evaluate("told"))
        _, plan = next_plan(page, lambda: set_number(page, "denoising_strength", 0.5))
        job = own.get("jobs")[0]
        assert 0 < plan["seconds"] < job["finished"] - job["started"]
    finally:
        own.end()


def test_a_script_runs_the_request_several_times(page: Page, server: Server) -> None:
    open_example(page)
    write_prompt(page, "a garden with a pond")
    set_number(page, "steps", 2)
    page.get_by_label("Script").select_option("sheet")
    across = page.locator("[data-field=x] input")
    across.fill("cfg_scale=3,oops")
    across.press("Tab")
    expect(page.locator(".plan .warnings")).to_contain_text("oops")
    across.fill("cfg_scale=3,7")
    across.press("Tab")
    expect(page.locator(".plan")).to_contain_text("pictures: 3, in 2 runs")
    page.locator(".generate").click()
    expect(page.locator(".strip button.tile")).to_have_count(3)
    job = server.get("jobs?limit=1")[0]
    assert job["script"] == {"name": "sheet", "options": {"x": "cfg_scale=3,7"}, "page": 2}
    expect(page.locator(".strip button.tile").nth(2)).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(2000)
    page.reload()
    expect(across).to_have_value("cfg_scale=3,7")
