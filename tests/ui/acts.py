"""What a person does on the page, in their words."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, Response, expect

EXAMPLE = Path(__file__).parents[2] / "examples/garden.png"


def opened(data: bytes) -> np.ndarray:
    """Give the pixels of a file."""
    return np.asarray(Image.open(io.BytesIO(data)))


def open_example(page: Page) -> None:
    page.get_by_role("button", name="Try it with an example picture").click()
    expect(page.locator(".invitation")).to_have_count(0)


def go_to(page: Page, mode: str) -> None:
    page.get_by_role("tab", name=mode).click()


def choose(page: Page, name: str) -> None:
    """Press one of several choices that lie beside each other; its radio button is drawn by its label."""
    radio = page.get_by_role("radio", name=name, exact=True)
    page.locator("label").filter(has=radio).click()
    expect(radio).to_be_checked()


def write_prompt(page: Page, text: str) -> None:
    page.get_by_label("Prompt", exact=True).fill(text)


def set_number(page: Page, field: str, value: float) -> None:
    box = page.locator(f"[data-field={field}] .number input").first
    box.fill(str(value))
    box.press("Enter")


def on_canvas(page: Page, x: float, y: float) -> tuple[float, float]:
    """Give a place on the screen for shares of the canvas, counted from its middle."""
    area = page.locator(".host:visible").bounding_box()
    assert area
    side = min(area["width"], area["height"])
    return area["x"] + area["width"] / 2 + x * side, area["y"] + area["height"] / 2 + y * side


def paint(page: Page, *points: tuple[float, float]) -> None:
    """Draw a stroke with the mouse."""
    places = [on_canvas(page, *point) for point in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def next_plan(page: Page, act: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Do something; give the request that was planned after it, and its plan."""

    plans: list[Response] = []

    def is_plan(response: Response) -> bool:
        return response.url.endswith("/api/v1/plan") and response.ok

    def note(response: Response) -> None:
        if is_plan(response):
            plans.append(response)

    page.on("response", note)
    with page.expect_response(is_plan):
        act()
    expect(page.locator(".plan")).to_have_attribute("aria-busy", "false")
    page.remove_listener("response", note)
    return plans[-1].request.post_data_json["request"], plans[-1].json()


def generate(page: Page) -> str:
    """Press Generate, wait for the first picture, and give its id."""
    tiles = page.locator(".strip button.tile")
    before = tiles.count()
    page.locator(".generate").click()
    expect(tiles).to_have_count(before + 1)
    source = tiles.nth(before).locator("img").get_attribute("src")
    assert source
    return source.split("/pictures/")[1].split("/")[0]
