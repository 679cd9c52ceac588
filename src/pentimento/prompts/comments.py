"""Comments: from `#` to the end of the line."""

import re

from .notes import Rules

_COMMENT: dict[Rules, re.Pattern[str]] = {
    "a1111": re.compile(r"#[^\n]*"),
    # A colour such as #ff8000 is a word of the prompt, not a remark.
    "mended": re.compile(r"#(?![0-9a-fA-F]{6}\b)[^\n]*"),
}


def strip_comments(text: str, rules: Rules = "mended") -> str:
    """Take the comments out; `mended` keeps colours of six hex digits.

    Examples
    --------
    >>> strip_comments("a #ff8000 sky # too bright?")
    'a #ff8000 sky '
    """
    return _COMMENT[rules].sub("", text)
