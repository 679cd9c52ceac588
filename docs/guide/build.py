"""Build the guide: its pictures with the built-in model, and its pages as HTML into the package.

python docs/guide/build.py            # pictures and pages
python docs/guide/build.py --pages    # pages only
python docs/guide/build.py --check    # say whether the pages in the package are up to date
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "reference"
OUT = HERE.parents[1] / "src" / "pentimento" / "guide"
LANGUAGES = {"en": "Русский", "ru": "English"}
"""Every language, and what the link to the other one is called."""
PAGES = (
    "index",
    "img2img",
    "inpaint",
    "regions",
    "chain",
    "settings",
    "prompts",
    "command-line",
    "api",
    "python",
    "models",
)

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Pentimento</title>
<link rel="stylesheet" href="../guide.css">
</head>
<body>
<nav>{links}</nav>
<main>
{body}</main>
</body>
</html>
"""


def visible(text: str) -> str:
    """Return a text without the comments at its beginning."""
    return re.sub(r"^(?:<!--.*?-->\s*)+", "", text, flags=re.DOTALL)


def title_of(text: str) -> str:
    """Return the first heading of a page."""
    return text.partition("\n")[0].lstrip("# ").strip()


def to_html(text: str) -> str:
    """Render Markdown; links to other pages lead to their HTML, headings can be linked to."""
    html = MarkdownIt("commonmark").enable("table").render(text)
    html = re.sub(r'href="(?:\.\./)?(\.\./reference/)?([\w-]+)\.md(#[\w-]+)?"', r'href="\1\2.html\3"', html)
    return re.sub(r"<h2>(.*?)</h2>", lambda found: f'<h2 id="{anchor(found[1])}">{found[1]}</h2>', html)


def anchor(heading: str) -> str:
    """Return a heading's anchor, as it is on the pages of code hosts."""
    return re.sub(r"[^\w -]", "", re.sub(r"<[^>]+>", "", heading)).strip().lower().replace(" ", "-")


def navigation(texts: dict[str, str], current: str = "", folder: str = "") -> str:
    """Return links to all pages of a language."""
    return "".join(
        f'<a href="{folder}{page}.html"{" aria-current=page" if page == current else ""}>'
        f"{escape(title_of(texts[page]))}</a>"
        for page in PAGES
    )


def render(language: str, name: str, texts: dict[str, str]) -> str:
    """Return one page of the guide as HTML."""
    (other,) = (code for code in LANGUAGES if code != language)
    label = LANGUAGES[language]
    return PAGE.format(
        language=language,
        title=escape(title_of(texts[name])),
        links=navigation(texts, name)
        + f'<a class="other" hreflang="{other}" href="../{other}/{name}.html">{label}</a>',
        body=to_html(texts[name]),
    )


def pages() -> Iterator[tuple[Path, str]]:
    """Give every file of the guide but the pictures, as its place below the folder and its text."""
    guide = {
        language: {name: (HERE / language / f"{name}.md").read_text("utf-8") for name in PAGES}
        for language in LANGUAGES
    }
    for language, texts in guide.items():
        for name in PAGES:
            yield Path(language) / f"{name}.html", render(language, name, texts)
    for path in sorted(REFERENCE.glob("*.md")):
        text = path.read_text("utf-8")
        links = navigation(guide["en"], folder="../en/")
        page = PAGE.format(
            language="en", title=escape(title_of(visible(text))), links=links, body=to_html(visible(text))
        )
        yield Path("reference") / f"{path.stem}.html", page
    yield Path("guide.css"), (HERE / "guide.css").read_text("utf-8")


def out_of_date() -> list[str]:
    """List the files of the package's guide that are not as the sources say."""
    wanted = dict(pages())
    pictures = {Path("pictures") / path.name: path.read_bytes() for path in (HERE / "pictures").glob("*.webp")}
    there = {path.relative_to(OUT) for path in OUT.rglob("*") if path.is_file()}
    stale = [path for path, text in wanted.items() if path not in there or (OUT / path).read_text("utf-8") != text]
    stale += [path for path, data in pictures.items() if path not in there or (OUT / path).read_bytes() != data]
    return sorted(str(path) for path in {*stale, *(there - {*wanted, *pictures})})


def write() -> None:
    """Write the guide into the package."""
    shutil.rmtree(OUT, ignore_errors=True)
    for path, text in pages():
        (OUT / path).parent.mkdir(parents=True, exist_ok=True)
        (OUT / path).write_text(text, "utf-8")
    shutil.copytree(HERE / "pictures", OUT / "pictures")


def main() -> None:
    """Build, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", action="store_true", help="leave the pictures as they are")
    parser.add_argument("--check", action="store_true", help="write nothing")
    args = parser.parse_args()
    if args.check:
        if stale := out_of_date():
            sys.exit(f"not up to date, run 'make guide': {', '.join(stale)}")
        return
    if not args.pages:
        from pictures import Album

        for path in Album().write(HERE / "pictures"):
            print(path.name, flush=True)
    write()


if __name__ == "__main__":
    main()
