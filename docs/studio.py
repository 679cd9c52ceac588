"""Takes the pictures of the studio for the README, from a running server with the built-in model.

python docs/studio.py http://127.0.0.1:7860/
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def open_studio(browser: Browser, url: str, picture: Path, *, locale: str, scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale=locale, color_scheme="light" if scheme == "light" else "dark"
    )
    page = context.new_page()
    page.goto(url)
    page.locator("#open-picture").set_input_files(picture)
    expect(page.locator(".invitation")).to_have_count(0)
    page.locator("#mode-inpaint").click()
    return page


def set_number(page: Page, field: str, value: str) -> None:
    box = page.locator(f"[data-field={field}] .number input").first
    box.fill(value)
    box.press("Enter")
    page.keyboard.press("Escape")


def choose(page: Page, value: str) -> None:
    page.locator(f"input[value={value}]").check(force=True)


def place(page: Page, size: int, x: float, y: float) -> tuple[float, float]:
    """Give the screen's place of a point of the picture (shares of its sides), once it is shown whole."""
    area = page.locator(".host").bounding_box()
    zoom = page.locator(".tools .button").last.inner_text().removesuffix("%").strip()
    assert area
    side = size * float(zoom) / 100
    left, top = area["x"] + (area["width"] - side) / 2, area["y"] + (area["height"] - side) / 2
    return left + x * side, top + y * side


def take(page: Page, out: Path, name: str) -> None:
    page.locator(".parameters").evaluate("panel => panel.scrollTo(0, 0)")
    page.mouse.move(1, 1)
    expect(page.locator(".plan")).to_have_attribute("aria-busy", "false")
    page.wait_for_timeout(600)
    page.screenshot(path=out / f"studio-{name}.png")


def repaint_the_sky(page: Page, out: Path, size: int) -> None:
    page.locator("#prompt").fill("on the grass at sunset")
    choose(page, "fill")
    for field, value in (("denoising_strength", "1"), ("cfg_scale", "5"), ("mask_blur", "2")):
        set_number(page, field, value)
    page.keyboard.press("w")
    for x, y in ((0.5, 0.02), (0.9, 0.2), (0.9, 0.3), (0.9, 0.4), (0.9, 0.5), (0.9, 0.57), (0.15, 0.28), (0.2, 0.34)):
        page.mouse.click(*place(page, size, x, y))
    page.keyboard.press("m")
    page.mouse.move(*place(page, size, 0.0, 0.0))
    page.mouse.down()
    page.mouse.move(*place(page, size, 1.0, 0.42), steps=5)
    page.mouse.up()
    for seed in ("5", "12", "7", "21"):
        set_number(page, "seed", seed)
        count = page.locator(".strip button.tile").count()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".strip button.tile")).to_have_count(count + 1, timeout=60_000)
    page.keyboard.press("Escape")
    take(page, out, "inpaint")
    page.locator(".strip button.tile").first.click()
    page.keyboard.press("s")
    take(page, out, "compare")


def show_the_crop(page: Page, out: Path, size: int) -> None:
    page.locator("#prompt").fill("красный мяч на траве")
    choose(page, "only_masked")
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    page.mouse.move(*place(page, size, 0.6, 0.63))
    page.mouse.down()
    page.mouse.move(*place(page, size, 0.86, 0.91), steps=5)
    page.mouse.up()
    take(page, out, "crop")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/pictures")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pictures: dict[int, Path] = {}
        for size in (128, 512):
            into = Path(folder) / str(size)
            into.mkdir()
            draw = [sys.executable, str(ROOT / "training/example.py"), "--size", str(size), "--out", str(into)]
            subprocess.run(draw, check=True)
            pictures[size] = into / "garden.png"
        repaint_the_sky(
            open_studio(browser, given.url, pictures[128], locale="en-GB", scheme="dark"), given.out, size=128
        )
        show_the_crop(
            open_studio(browser, given.url, pictures[512], locale="ru-RU", scheme="light"), given.out, size=512
        )
        browser.close()


if __name__ == "__main__":
    main()
