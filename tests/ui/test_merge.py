"""The best parts of several variants, brushed into one picture."""

import numpy as np
from playwright.sync_api import Page, Route, expect

from .acts import EXAMPLE, choose, generate, go_to, next_plan, open_example, opened, paint, set_number, write_prompt
from .conftest import Server


def made_of(server: Server, request: dict[str, str]) -> np.ndarray:
    """Give the pixels of a request's picture."""
    return opened(server.bytes("uploads/" + request["init_image"].removeprefix("sha256:")))


def two_variants(page: Page, server: Server) -> tuple[np.ndarray, np.ndarray]:
    open_example(page)
    go_to(page, "Inpaint")
    write_prompt(page, "a yellow ball")
    set_number(page, "denoising_strength", 1)
    set_number(page, "steps", 3)
    next_plan(page, lambda: paint(page, (-0.3, -0.2), (0.3, 0.2)))
    first, second = (opened(server.bytes(f"pictures/{generate(page)}/file")) for _ in range(2))
    assert (first != second).any()
    return first, second


def test_one_variant_is_brushed_into_another(page: Page, server: Server) -> None:
    first, second = two_variants(page, server)
    page.get_by_role("button", name="Brush in another").click()
    expect(page.locator(".inks input")).to_have_count(2)
    expect(page.get_by_role("radio", name="Result 1")).to_be_checked()
    apply = page.get_by_role("button", name="Apply")
    paint(page, (-0.25, -0.15), (0.0, 0.0))
    page.keyboard.press("Control+Z")
    expect(apply).to_be_disabled()
    page.keyboard.press("[")
    paint(page, (-0.25, -0.15), (0.0, 0.0))
    merged, _ = next_plan(page, apply.click)
    pixels = made_of(server, merged)
    taken = (pixels != second).any(axis=2)
    assert 0 < taken.mean() < 0.3
    inside = taken & (pixels == first).all(axis=2)
    assert inside.sum() > taken.sum() / 2
    # Elsewhere every pixel is a mean of the two, or the very pixel of the second.
    low, high = np.minimum(first, second).astype(int) - 1, np.maximum(first, second).astype(int) + 1
    assert ((pixels >= low) & (pixels <= high)).all()
    assert "mask" in merged
    undone, _ = next_plan(page, lambda: page.locator(".notice").get_by_role("button", name="Undo").click())
    assert undone["init_image"] != merged["init_image"]
    expect(apply).to_be_enabled()


def test_the_picture_is_brushed_back_and_a_reload_keeps_the_strokes(page: Page, server: Server) -> None:
    _, second = two_variants(page, server)
    page.keyboard.press("J")
    choose(page, "Picture")
    expect(page.locator(".inks")).to_have_attribute("aria-busy", "false")
    paint(page, (0.1, 0.0), (0.2, 0.15))
    page.wait_for_timeout(2000)
    page.reload()
    expect(page.get_by_role("radio", name="Picture", exact=True)).to_be_checked()
    apply = page.get_by_role("button", name="Apply")
    expect(apply).to_be_enabled()
    merged, _ = next_plan(page, lambda: page.keyboard.press("Control+Enter"))
    pixels = made_of(server, merged)
    back = (pixels != second).any(axis=2)
    assert 0 < back.mean() < 0.2
    assert (back & (pixels == opened(EXAMPLE.read_bytes())).all(axis=2)).any()


def test_nothing_is_painted_before_the_brush_has_its_picture(page: Page, server: Server) -> None:
    first, second = two_variants(page, server)
    ink = page.locator(".strip button.tile img").first.get_attribute("src")
    assert ink
    held: list[Route] = []
    page.route(f"**/pictures/{ink.split('/pictures/')[1].split('/')[0]}/file", lambda route: held.append(route))
    page.keyboard.press("J")
    told = page.get_by_text("The picture of the brush is on its way")
    expect(told).to_be_visible()
    while not held:
        page.wait_for_timeout(100)
    apply = page.get_by_role("button", name="Apply")
    paint(page, (0.1, 0.0), (0.2, 0.15))
    expect(apply).to_be_disabled()
    for route in held:
        route.continue_()
    expect(told).to_have_count(0)
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    paint(page, (0.1, 0.0), (0.2, 0.15))
    merged, _ = next_plan(page, apply.click)
    taken = (made_of(server, merged) != second).any(axis=2)
    assert 0 < taken.mean() < 0.2
    assert (taken & (made_of(server, merged) == first).all(axis=2)).any()


def test_leaving_takes_nothing_and_can_be_undone(page: Page, server: Server) -> None:
    two_variants(page, server)
    before, _ = next_plan(page, lambda: set_number(page, "steps", 4))
    page.keyboard.press("Escape")
    page.keyboard.press("J")
    expect(page.locator(".merge-bar")).to_be_visible()
    paint(page, (0.1, 0.0), (0.2, 0.15))
    expect(page.get_by_role("button", name="Apply")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.locator(".merge-bar")).to_have_count(0)
    after, _ = next_plan(page, lambda: set_number(page, "cfg_scale", 3))
    assert {**after, "cfg_scale": 0} == {**before, "cfg_scale": 0}
    page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Apply")).to_be_enabled()
