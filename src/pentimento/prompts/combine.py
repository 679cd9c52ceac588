"""AND: several prompts at once, each with its own weight."""

import re
from dataclasses import dataclass

from .notes import Note, Rules, add_note, shown

_AND = re.compile(r"\bAND\b")
_NUMBER = re.compile(r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+))")
_BRACKET = re.compile(r"\\.|[()\[\]]", re.DOTALL)


@dataclass(frozen=True)
class Part:
    """One of the prompts that AND joins, and its weight in the guidance."""

    text: str
    weight: float


def split_and(text: str, rules: Rules = "mended", notes: list[Note] | None = None) -> list[Part]:
    """Split at the whole word AND and take the `:weight` off the end of each part.

    Parameters
    ----------
    rules : `mended`: without AND there is no weight, and none behind an open bracket.
        `a1111`: the end of any prompt is looked at, so that "a cat:3" has weight 3.

    Examples
    --------
    >>> split_and("a cat :1.2 AND a dog:0.7")
    [Part(text='a cat', weight=1.2), Part(text=' a dog', weight=0.7)]
    >>> split_and("a cat:3")
    [Part(text='a cat:3', weight=1.0)]
    """
    texts = _AND.split(text)
    return [_part(part, alone=len(texts) == 1, mended=rules == "mended", notes=notes) for part in texts]


def _part(text: str, *, alone: bool, mended: bool, notes: list[Note] | None) -> Part:
    stripped = text.rstrip()
    before, colon, tail = stripped.rpartition(":")
    match = _NUMBER.fullmatch(tail) if colon else None
    if match is None:
        return Part(text if alone and mended else stripped, 1.0)
    number, before = match[1], before.rstrip()
    written = colon + tail
    if alone:
        effect = "is read as text" if mended else f"multiplies the guidance by {number}"
        message = f"{shown(written)} at the end of a prompt without AND {effect}; for emphasis write (text:{number})"
        add_note(notes, "prompt_weight_without_and", message, written)
        return Part(text, 1.0) if mended else Part(before, float(number))
    if mended and _is_open(before):
        message = f"{shown(written)} stands behind a bracket that is not closed and is read as text"
        add_note(notes, "prompt_weight_in_open_bracket", message, written)
        return Part(stripped, 1.0)
    return Part(before, float(number))


def _is_open(text: str) -> bool:
    """Whether a bracket of the text is still open at its end."""
    depth = {"(": 0, "[": 0}
    closers = {")": "(", "]": "["}
    for match in _BRACKET.finditer(text):
        if match[0] in depth:
            depth[match[0]] += 1
        elif match[0] in closers:
            depth[closers[match[0]]] = max(0, depth[closers[match[0]]] - 1)
    return any(depth.values())
