"""The text form of a mask: `rect 10% 20% 30% 30%; subtract ellipse 40 40 20 20; grow 8; feather 4`.

Steps are parted by semicolons. Lengths are pixels, or percent: of the width for x and
widths, of the height for y and heights, of the shorter side for all others.
"""

import re
from dataclasses import dataclass
from typing import get_args

import numpy as np

from ..errors import RequestError, unknown_name
from .shapes import OPERATIONS, SHAPES, Combine, Drawing, Length, Step

PREFIX = "mask:"
"""Marks a text as a mask, where it could also be the name of a file."""


@dataclass(frozen=True)
class Usage:
    """What stands after a word.

    Attributes
    ----------
    form : as a person writes it
    says : what it does
    least : lengths that are needed
    most : lengths that are taken; None = any further pairs
    """

    form: str
    says: str
    least: int
    most: int | None
    color: bool = False

    def takes(self, count: int) -> bool:
        return count == self.least or (self.most is None and count > self.least and (count - self.least) % 2 == 0)


USAGES: dict[str, Usage] = {
    "rect": Usage("rect X Y WIDTH HEIGHT", "a rectangle from its left top corner", 4, 4),
    "ellipse": Usage("ellipse X Y WIDTH HEIGHT", "the ellipse in such a rectangle", 4, 4),
    "polygon": Usage("polygon X Y X Y X Y ...", "an area with these corners", 6, None),
    "stroke": Usage("stroke WIDTH X Y X Y ...", "a brush stroke through these points; one point is a dot", 3, None),
    "all": Usage("all", "everything", 0, 0),
    "transparent": Usage("transparent", "where the picture is transparent", 0, 0),
    "color": Usage(
        "color #RRGGBB TOLERANCE", "where no channel of the picture is farther from the colour", 1, 1, color=True
    ),
    "difference": Usage(
        "difference TOLERANCE",
        "where a second picture differs by more (0 to 255, or percent), see `pentimento mask`",
        1,
        1,
    ),
    "grow": Usage("grow BY", "widen what is masked", 1, 1),
    "shrink": Usage("shrink BY", "narrow what is masked", 1, 1),
    "feather": Usage("feather SIGMA", "soften the edge by a Gaussian", 1, 1),
    "fill-holes": Usage("fill-holes", "mask what is enclosed", 0, 0),
    "threshold": Usage("threshold LEVEL", "wholly masked from this level (0 to 255, or percent) on, else not", 1, 1),
    "invert": Usage("invert", "mask the rest", 0, 0),
}
_COMBINES: tuple[str, ...] = get_args(Combine)
_LENGTH = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(px|%)?")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LARGEST = 100_000


@dataclass(frozen=True)
class _Word:
    text: str
    position: int


def is_mask_text(text: str) -> bool:
    """Whether a string means a mask and not a file: by the prefix `mask:`, or by its first word.

    A file that is called like a mask's first word is given as `./rect ...`.

    Examples
    --------
    >>> is_mask_text("rect 0 0 8 8"), is_mask_text("mask:invert"), is_mask_text("rect.png")
    (True, True, False)
    """
    if text.startswith(PREFIX):
        return True
    first = re.split(r"[\s;]", text.strip(), maxsplit=1)[0]
    return first in USAGES or (first in _COMBINES and len(text.split()) > 1)


def read_drawing(text: str) -> Drawing:
    """Read a mask from its text.

    Raises
    ------
    RequestError
        Names the word and its position, counted from 1.

    Examples
    --------
    >>> read_drawing("rect 0 0 50% 8px; grow 2")
    Drawing(steps=(Step(word='rect', lengths=(Length(value=0.0, percent=False), Length(value=0.0, percent=False), \
Length(value=50.0, percent=True), Length(value=8.0, percent=False)), color=None, combine='add', hardness=1.0), \
Step(word='grow', lengths=(Length(value=2.0, percent=False),), color=None, combine='add', hardness=1.0)))
    >>> read_drawing("rect 0 0 8 8; grwo 2")
    Traceback (most recent call last):
    pentimento.errors.RequestError: mask: 'grwo' at position 15 is not known; did you mean 'grow'? Choices: rect, \
ellipse, polygon, stroke, all, transparent, color, difference, grow, shrink, feather, fill-holes, threshold, invert
    """
    start = len(PREFIX) if text.startswith(PREFIX) else 0
    steps: list[Step] = []
    for part in re.finditer(r"[^;]+", text[start:]):
        words = [_Word(m.group(), start + part.start() + m.start() + 1) for m in re.finditer(r"\S+", part.group())]
        if words:
            steps.append(_read_step(words, text))
    if not steps:
        raise RequestError("mask", text, f"'{text}' draws nothing; give steps such as 'rect 10% 20% 30% 30%; grow 8'")
    return Drawing(tuple(steps))


def write_drawing(drawing: Drawing) -> str:
    """Write a mask as text, with its prefix; `read_drawing` gives it back equal."""
    return f"{PREFIX} " + "; ".join(_write_step(step) for step in drawing.steps)


def _read_step(words: list[_Word], text: str) -> Step:
    combine: Combine = "add"
    rest = list(words)
    if rest[0].text in _COMBINES:
        mode = rest.pop(0)
        combine = next(known for known in get_args(Combine) if known == mode.text)
        if not rest or rest[0].text in OPERATIONS:
            raise _refused(mode, text, f"wants a shape after it, such as '{mode.text} rect 10 10 50% 50%'")
    name = rest.pop(0)
    usage = USAGES.get(name.text)
    if usage is None:
        raise _unknown(name)
    hardness, rest = _read_hardness(name, rest, text)
    color = None
    if usage.color:
        if not rest or not _COLOR.fullmatch(rest[0].text):
            raise _refused(rest[0] if rest else name, text, f"is not a colour; write '{usage.form}'")
        color = rest.pop(0).text.lower()
    lengths = tuple(_read_length(word, text) for word in rest)
    if not usage.takes(len(lengths)):
        raise _refused(name, text, f"has {len(lengths)} numbers; write '{usage.form}'")
    if name.text == "stroke" and lengths[0].value <= 0:
        raise _refused(rest[0], text, "is no width; it must be above 0")
    if name.text in ("grow", "shrink", "feather") and lengths[0].value < 0:
        raise _refused(rest[0], text, "is below 0; 'grow' and 'shrink' undo each other")
    return Step(name.text, lengths, color, combine, hardness)


def _read_hardness(name: _Word, words: list[_Word], text: str) -> tuple[float, list[_Word]]:
    if len(words) < 2 or words[-2].text != "hardness":
        return 1.0, words
    if name.text not in SHAPES:
        raise _refused(words[-2], text, f"belongs to a shape ({', '.join(SHAPES)}), not to '{name.text}'")
    length = _read_length(words[-1], text)
    value = length.value / 100 if length.percent else length.value
    if not 0 <= value <= 1:
        raise _refused(words[-1], text, "is no hardness; it lies between 0 and 1, or 0% and 100%")
    return value, words[:-2]


def _read_length(word: _Word, text: str) -> Length:
    found = _LENGTH.fullmatch(word.text)
    if found is None or abs(float(found.group(1))) > _LARGEST:
        raise _refused(word, text, "is not a length; write px or percent, such as 12 or 12.5%")
    return Length(float(found.group(1)), found.group(2) == "%")


def _refused(word: _Word, text: str, reason: str) -> RequestError:
    return RequestError("mask", text, f"'{word.text}' at position {word.position} {reason}")


def _unknown(word: _Word) -> RequestError:
    error = unknown_name("mask", word.text, list(USAGES))
    told = error.message.replace(f"'{word.text}' is", f"'{word.text}' at position {word.position} is", 1)
    return RequestError("mask", word.text, told, error.choices)


def _write_step(step: Step) -> str:
    mode = [] if step.combine == "add" else [step.combine]
    color = [step.color] if step.color else []
    lengths = [f"{_number(length.value)}{'%' if length.percent else ''}" for length in step.lengths]
    hardness = [] if step.hardness == 1 else ["hardness", _number(step.hardness)]
    return " ".join([*mode, step.word, *color, *lengths, *hardness])


def _number(value: float) -> str:
    return np.format_float_positional(value, trim="-")
