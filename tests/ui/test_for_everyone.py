"""The page by keyboard, in Russian, and for assistive technology."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .acts import generate, go_to, next_plan, open_example, paint, set_number, write_prompt
from .conftest import Server, watched

AXE = Path(__file__).parents[2] / "studio-ui/node_modules/axe-core/axe.min.js"


def violations(page: Page) -> list[str]:
    """Ask axe; give each violation with its first element."""
    page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html']}" for one in found]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the button has the focus."""
    wanted = page.get_by_role("button", name=name)
    for _ in range(60):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"'{name}' is not reached by Tab")


def test_an_inpaint_by_keyboard_alone(page: Page) -> None:
    expect(page.locator(".invitation")).to_be_visible()
    tab_to(page, "Try it with an example picture")
    page.keyboard.press("Enter")
    expect(page.locator(".invitation")).to_have_count(0)
    page.keyboard.press("Alt+4")
    page.keyboard.press("/")
    page.keyboard.type("a red balloon")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+M")
    expect(page.get_by_role("dialog")).to_be_visible()
    request, plan = next_plan(page, lambda: (tab_to(page, "Paint it"), page.keyboard.press("Enter")))
    assert request["prompt"] == "a red balloon"
    assert 0 < plan["latent_cells_repainted"] < plan["latent_cells"]
    page.keyboard.press("Control+Enter")
    expect(page.locator(".strip button.tile")).to_have_count(1)
    page.evaluate("document.activeElement.blur()")
    accepted, _ = next_plan(page, lambda: page.keyboard.press("A"))
    assert accepted["init_image"] != request["init_image"]
    assert accepted["mask"] == request["mask"]


def test_every_shortcut_is_in_the_sheet_and_none_is_there_twice(page: Page) -> None:
    page.keyboard.press("F1")
    keys = page.locator(".shortcuts kbd").all_inner_texts()
    assert len(keys) > 20
    assert sorted(keys) == sorted(set(keys))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


# Names, keys and signs that are the same in both languages.
NOT_WORDS = re.compile(
    r"Pentimento|English|builtin|VAE|DPM\+\+.*|Euler.*|px|en|ru|[\d\s.,×:/%~·+−⚠]*"
    r"|((Ctrl|Alt|Shift)[ +])*(Esc|Space|Enter|Delete|Backspace|F1|[A-Z\d]|[^\w\s])"
)


def test_russian_is_complete(browser: Browser, server: Server) -> None:
    context = browser.new_context(locale="ru-RU", viewport={"width": 1280, "height": 800})
    page = watched(context.new_page())
    page.goto(server.url)
    page.get_by_role("button", name="Попробовать на готовой картинке").click()
    page.get_by_role("tab", name="Инпейнт").click()
    paint(page, (0.1, 0.1), (0.2, 0.2))
    expect(page.locator(".plan .facts")).to_contain_text("шагов")
    seen = page.locator("body").inner_text().splitlines()
    page.keyboard.press("F1")
    seen += page.get_by_role("dialog").inner_text().splitlines()
    names = page.locator("[aria-label], [title]").evaluate_all(
        "all => all.flatMap((one) => [one.getAttribute('aria-label'), one.title]).filter(Boolean)"
    )
    foreign = [
        text
        for text in (*seen, *names)
        if not re.search("[а-яё]", text.lower()) and not NOT_WORDS.fullmatch(text.strip())
    ]
    assert foreign == [], foreign
    assert page.evaluate("document.documentElement.lang") == "ru"
    context.close()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not there: npm ci in studio-ui")
def test_axe_finds_nothing(page_for_axe: Page) -> None:
    page = page_for_axe
    expect(page.locator(".invitation")).to_be_visible()
    assert violations(page) == []
    open_example(page)
    go_to(page, "Inpaint")
    write_prompt(page, "a cat")
    set_number(page, "steps", 2)
    next_plan(page, lambda: paint(page, (0.1, 0.1), (0.2, 0.2)))
    generate(page)
    page.get_by_text("More", exact=True).click()
    assert violations(page) == []
    for name in ("History", "Queue", "Keyboard shortcuts"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        if name == "History":
            page.locator(".gallery .tile").first.click()
            expect(page.locator(".detail")).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")


@pytest.mark.parametrize("size", [(1440, 900), (1280, 800), (1024, 768), (820, 1180)])
def test_nothing_is_cut_off(browser: Browser, server: Server, size: tuple[int, int]) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="ru-RU")
    page = watched(context.new_page())
    page.goto(server.url)
    page.locator(".invitation .link").click()
    page.locator("#mode-inpaint").click()
    expect(page.locator(".tools button").first).to_be_enabled()
    cut = page.evaluate(
        """() => [...document.querySelectorAll('button, input, .segments, .field')]
            .filter((one) => one.checkVisibility() && one.type !== 'radio')
            .filter((one) => one.getBoundingClientRect().left < 0 || one.getBoundingClientRect().right > innerWidth)
            .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert cut == []
    wide = page.evaluate(
        """() => [...document.querySelectorAll('.parameters, .modes, .tools, .right')]
            .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className)"""
    )
    assert wide == []
    context.close()
