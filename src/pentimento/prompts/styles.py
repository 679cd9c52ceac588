"""Styles: texts with names, kept in a table and put around prompts."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import RequestError, unknown_name

_PLACE = "{prompt}"
_COLUMNS = ("name", "prompt", "negative_prompt")


@dataclass(frozen=True)
class Style:
    """A named text for the prompt and one for the negative prompt.

    `{prompt}` in a text stands for what the style is applied to; without it the text
    is appended with a comma.
    """

    name: str
    prompt: str = ""
    negative_prompt: str = ""


def read_styles(table: str) -> dict[str, Style]:
    """Read A1111's `styles.csv` (its text, with or without byte order mark).

    Raises
    ------
    RequestError
        Where the table has no column `name`, or is no CSV at all.
    """
    try:
        return _styles(table)
    except csv.Error as error:
        raise RequestError("styles", table[:60], f"the table is not CSV ({error}); save it as CSV, UTF-8") from error


def _styles(table: str) -> dict[str, Style]:
    rows = csv.DictReader(io.StringIO(table.removeprefix("\ufeff"), newline=""))
    if "name" not in (rows.fieldnames or ["name"]):
        columns = ", ".join(_COLUMNS)
        raise RequestError("styles", rows.fieldnames, f"the table has no column 'name'; its columns must be {columns}")
    styles = (Style(*(row.get(column) or "" for column in _COLUMNS)) for row in rows)
    return {style.name: style for style in styles if style.name}


def write_styles(styles: Iterable[Style]) -> str:
    """Write a table that `read_styles`, and A1111, read."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    writer.writerows((style.name, style.prompt, style.negative_prompt) for style in styles)
    return out.getvalue()


def find_styles(names: Iterable[str], styles: Mapping[str, Style]) -> list[Style]:
    """Look styles up by name, in the order asked for.

    Raises
    ------
    RequestError
        Where there is no style of a name; it lists the names.
    """
    found: list[Style] = []
    for name in names:
        if name not in styles:
            raise unknown_name("styles", name, list(styles))
        found.append(styles[name])
    return found


def apply_styles(text: str, texts: Iterable[str]) -> str:
    """Put style texts around a prompt, one after the other.

    Examples
    --------
    >>> apply_styles("a cat", ["oil painting of {prompt}", "warm light"])
    'oil painting of a cat, warm light'
    """
    for style in texts:
        if _PLACE in style:
            text = style.replace(_PLACE, text)
        else:
            text = ", ".join(part for part in (text.strip(), style.strip()) if part)
    return text


def recognise_styles(prompt: str, negative_prompt: str, styles: Sequence[Style]) -> tuple[str, str, tuple[str, ...]]:
    """Find the styles that a pair of prompts was made with, and take them off.

    Returns
    -------
    The prompts without the styles, and the names in the order in which they apply.
    """
    names: list[str] = []
    left = list(styles)
    while True:
        for style in left:
            bare = _without(prompt, style.prompt)
            bare_negative = _without(negative_prompt, style.negative_prompt)
            if (style.prompt or style.negative_prompt) and bare is not None and bare_negative is not None:
                prompt, negative_prompt = bare, bare_negative
                names.append(style.name)
                left.remove(style)
                break
        else:
            return prompt, negative_prompt, tuple(reversed(names))


def _without(text: str, style: str) -> str | None:
    """Undo `apply_styles` for one text; None where the text was not made with it."""
    if not style:
        return text
    if style.count(_PLACE) == 1:
        left, right = style.split(_PLACE)
        fits = len(text) >= len(left) + len(right) and text.startswith(left) and text.endswith(right)
        return text[len(left) : len(text) - len(right)] if fits else None
    bare = style.strip()
    if text.strip() == bare:
        return ""
    return text.removesuffix(f", {bare}") if text.endswith(f", {bare}") else None
