"""A picture is drawn larger by its edges."""

import numpy as np
from playwright.sync_api import Page, expect

from .acts import EXAMPLE, generate, next_plan, open_example, opened, set_number, write_prompt
from .conftest import Server


def draw_out(page: Page, side: str, by: float) -> None:
    """Draw an edge outward by so many pixels of the screen."""
    area = page.get_by_role("slider", name=f"Margin, {side}").bounding_box()
    assert area
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    dx, dy = {"left": (-by, 0), "top": (0, -by), "right": (by, 0), "bottom": (0, by)}[side]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2, steps=3)
    page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()


def test_an_edge_is_drawn_outward_and_the_margin_is_painted(page: Page, server: Server) -> None:
    open_example(page)
    write_prompt(page, "a garden")
    set_number(page, "steps", 3)
    page.get_by_role("button", name="Extend the picture (outpaint)").first.click()
    request, plan = next_plan(page, lambda: draw_out(page, "right", 90))
    left, top, right, bottom = request["extend"]
    assert (left, top, bottom) == (0, 0, 0)
    assert right > 0 and right % 8 == 0
    assert plan["place"] == [0, 0, 128, 128]
    assert plan["output_size"] == [128 + right, 128]
    expect(page.locator("[data-field=extend] input").nth(2)).to_have_value(str(right))
    request, _ = next_plan(page, lambda: set_number(page, "denoising_strength", 1))
    made = server.get(f"pictures/{generate(page)}")
    assert (made["width"], made["height"]) == (128 + right, 128)
    pixels = opened(server.bytes(f"pictures/{made['id']}/file"))
    kept = (pixels[:, :128] == opened(EXAMPLE.read_bytes())).all(axis=2)
    assert kept[:, :64].all()
    accepted, _ = next_plan(page, lambda: page.get_by_role("button", name="Accept", exact=True).click())
    assert "extend" not in accepted
    taken = opened(server.bytes("uploads/" + accepted["init_image"].removeprefix("sha256:")))
    assert np.array_equal(taken, pixels)


def test_the_margin_by_keyboard_and_escape_takes_it_back(page: Page) -> None:
    open_example(page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("T")
    page.get_by_role("slider", name="Margin, top").focus()
    request, _ = next_plan(page, lambda: (page.keyboard.press("ArrowUp"), page.keyboard.press("Shift+ArrowUp")))
    assert request["extend"] == [0, 72, 0, 0]
    back, plan = next_plan(page, lambda: page.keyboard.press("Escape"))
    assert "extend" not in back
    assert plan["output_size"] == [128, 128]
    expect(page.get_by_role("slider", name="Margin, top")).to_have_count(0)
