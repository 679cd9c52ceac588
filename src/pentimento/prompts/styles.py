"""Styles: texts with names, kept in a table and put around prompts."""

import csv
import io
from collections.abc import Iterable, Mapping
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
