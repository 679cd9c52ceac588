"""Takes the pictures and the film of the studio for the README, from a running server with the built-in model.

python docs/studio.py http://127.0.0.1:7860/
"""

import argparse
import io
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
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


class Film:
    """Screenshots one after the other, written as one animated picture."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[tuple[Image.Image, int]] = []

    def shoot(self, ms: int = 160) -> None:
        """Take what is seen now, to be shown for `ms` milliseconds."""
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        self.frames.append((shot.resize((960, 600), Image.Resampling.LANCZOS), ms))

    def save(self, path: Path) -> None:
        first, *rest = (frame for frame, _ in self.frames)
        durations = [ms for _, ms in self.frames]
        first.save(path, save_all=True, append_images=rest, duration=durations, loop=0, quality=72, method=4)


def set_up_the_sky(page: Page) -> None:
    choose(page, "fill")
    for field, value in (("denoising_strength", "1"), ("cfg_scale", "5"), ("mask_blur", "2")):
        set_number(page, field, value)


def select_the_sky(page: Page, size: int, seen: Callable[[], None] = lambda: None) -> None:
    page.keyboard.press("w")
    for x, y in ((0.5, 0.02), (0.9, 0.2), (0.9, 0.3), (0.9, 0.4), (0.9, 0.5), (0.9, 0.57), (0.15, 0.28), (0.2, 0.34)):
        page.mouse.click(*place(page, size, x, y))
        seen()
    page.keyboard.press("m")
    page.mouse.move(*place(page, size, 0.0, 0.0))
    page.mouse.down()
    for part in range(1, 6):
        page.mouse.move(*place(page, size, part / 5, 0.42))
        seen()
    page.mouse.up()


def film_the_sky(page: Page, out: Path, size: int) -> None:
    """Film a person who paints, writes, generates and compares."""
    film = Film(page)
    set_up_the_sky(page)
    set_number(page, "seed", "5")
    page.locator(".parameters").evaluate("panel => panel.scrollTo(0, 0)")
    film.shoot(900)
    select_the_sky(page, size, film.shoot)
    film.shoot(500)
    page.locator("#prompt").focus()
    for word in ("on ", "the ", "grass ", "at ", "sunset"):
        page.keyboard.type(word)
        film.shoot(220)
    expect(page.locator(".plan")).to_have_attribute("aria-busy", "false")
    film.shoot(900)
    page.keyboard.press("Control+Enter")
    while page.locator(".strip button.tile").count() == 0:
        film.shoot(200)
    film.shoot(1200)
    page.locator(".strip button.tile").first.click()
    page.keyboard.press("s")
    top = place(page, size, 0.5, 0.3)
    page.mouse.move(*top)
    page.mouse.down()
    for share in (0.6, 0.75, 0.9, 0.7, 0.5, 0.3, 0.1, 0.3, 0.5):
        page.mouse.move(*place(page, size, share, 0.3))
        film.shoot(220)
    page.mouse.up()
    film.shoot(1500)
    film.save(out / "studio.webp")


def repaint_the_sky(page: Page, out: Path, size: int) -> None:
    page.locator("#prompt").fill("on the grass at sunset")
    set_up_the_sky(page)
    select_the_sky(page, size)
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
        for task in (film_the_sky, repaint_the_sky):
            task(open_studio(browser, given.url, pictures[128], locale="en-GB", scheme="dark"), given.out, size=128)
        show_the_crop(
            open_studio(browser, given.url, pictures[512], locale="ru-RU", scheme="light"), given.out, size=512
        )
        browser.close()


if __name__ == "__main__":
    main()
