"""The guide tells the truth: its pictures exist, its languages say the same, its commands run."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from pentimento.cli.main import main
from pentimento.cli.options import NAMES

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
LANGUAGES = ("en", "ru")
PAGES = sorted(path.name for path in (GUIDE / "en").glob("*.md"))
_PICTURE = re.compile(r"!\[[^\]]*\]\(\.\./pictures/([\w-]+)\.webp\)")
_LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(#[\w-]+)?\)")
_SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
MAKES_A_PICTURE = ("txt2img", "img2img", "inpaint", "regions", "detail")


def text(language: str, page: str) -> str:
    return (GUIDE / language / page).read_text("utf-8")


def commands() -> Iterator[str]:
    lines = {line for page in PAGES for block in _SHELL.findall(text("en", page)) for line in block.splitlines()}
    yield from sorted(line for line in lines if line.startswith("pentimento "))


def test_both_languages_have_the_same_pages_pictures_and_commands() -> None:
    assert sorted(path.name for path in (GUIDE / "ru").glob("*.md")) == PAGES
    for page in PAGES:
        english, russian = (text(language, page) for language in LANGUAGES)
        assert _PICTURE.findall(english) == _PICTURE.findall(russian), page
        assert _SHELL.findall(english) == _SHELL.findall(russian), page


def test_every_picture_is_shown_and_every_shown_picture_is_there() -> None:
    shown = {name for page in PAGES for name in _PICTURE.findall(text("en", page))}
    assert shown == {path.stem for path in (GUIDE / "pictures").glob("*.webp")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_lead_somewhere(language: str) -> None:
    for page in PAGES:
        for target, _ in _LINK.findall(text(language, page)):
            if not target.startswith(("http://", "https://")):
                assert (GUIDE / language / target).exists(), f"{language}/{page}: {target}"


@pytest.mark.parametrize("line", [line for line in commands() if line.split()[1] in MAKES_A_PICTURE])
def test_commands_are_planned(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert main([*shlex.split(line)[1:], *([] if "--plan" in line else ["--plan"])]) == 0
    assert capsys.readouterr().out


def test_the_page_of_the_chain_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in _SHELL.findall(text("en", "chain.md")) for line in block.splitlines()]
    for line in lines:
        words = shlex.split(line)[1:]
        quick = ["--steps", "2"] if words[1] == "add" else []
        assert main([*words, *quick]) == 0, line
        assert capsys.readouterr().out, line
    assert {path.name for path in tmp_path.iterdir()} == {
        "examples",
        "garden.pentimento",
        "garden.png",
        "before-the-ball.png",
        "garden.ora",
    }


def test_the_page_of_inpaint_names_every_choice() -> None:
    page = text("en", "inpaint.md")
    for field in ("mask_mode", "masked_content", "inpaint_area"):
        for name in NAMES[field]:
            assert name.replace("_", " ").lower() in page.lower().replace("-", " "), name
