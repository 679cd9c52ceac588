"""Weights: `(more)`, `[less]`, `(this:1.3)` and the marker BREAK."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from .notes import Note, Rules, add_note, shown

ROUND_FACTOR = 1.1
SQUARE_FACTOR = 1 / 1.1
_FACTORS = {"(": ROUND_FACTOR, "[": SQUARE_FACTOR}
_CLOSERS = {")": "(", "]": "["}

_TOKEN = re.compile(r"\\[()\[\]\\]|[\\()\[\]]|:\s*(?P<number>[+-]?[.\d]+)\s*\)|[^\\()\[\]:]+|:")
_BREAK = re.compile(r"\bBREAK\b")
_NOTEWORTHY = re.compile(r"\bBREAK\b|:\s*[+-]?\d*\.(?:\d*\.|\s*\))")
_SPECIAL = re.compile(r"[\\()\[\]]")


@dataclass(frozen=True)
class Weighted:
    """A piece of text and how strongly it counts (1 = as it is)."""

    text: str
    weight: float


@dataclass(frozen=True)
class Break:
    """The word BREAK: what follows starts a new chunk of tokens."""


BREAK = Break()
Piece = Weighted | Break


def parse_emphasis(
    text: str, mode: str = "original", *, rules: Rules = "mended", notes: list[Note] | None = None
) -> list[Piece]:
    """Cut a text into pieces of one weight.

    Parameters
    ----------
    mode : a name of `choices.EMPHASIS`; `none` does not parse at all, `ignore` parses
        and gives every piece weight 1.
    rules : `mended`: BREAK always breaks. `a1111`: a weighted bracket around BREAK
        makes it a word with negative weight.

    Returns
    -------
    At least one piece. Neighbours of one weight are one piece.

    Notes
    -----
    Brackets nest by product, the innermost first. Round and square brackets are matched
    apart from each other; what is not closed reaches to the end; `\\` takes a bracket literally.

    Examples
    --------
    >>> parse_emphasis("a (red:1.5) cat")
    [Weighted(text='a ', weight=1.0), Weighted(text='red', weight=1.5), Weighted(text=' cat', weight=1.0)]
    """
    if mode == "none":
        return [Weighted(text, 1.0)]
    reader = _Reader(notes)
    reader.read(text)
    pieces = _PIECES[rules](reader) or [Weighted("", 1.0)]
    for piece in pieces:
        if isinstance(piece, Weighted) and piece.text == "BREAK" and piece.weight < 0:
            message = f"BREAK inside a weighted bracket is read as the word BREAK with weight {piece.weight:g}"
            add_note(notes, "prompt_break_in_brackets", message + "; close the bracket before it", "BREAK")
    if mode == "ignore":
        return [piece if isinstance(piece, Break) else Weighted(piece.text, 1.0) for piece in pieces]
    return pieces


def note_emphasis(text: str, rules: Rules, notes: list[Note]) -> None:
    """Note what is odd about a text's weights, without parsing a text that cannot have it."""
    if _NOTEWORTHY.search(text):
        parse_emphasis(text, rules=rules, notes=notes)


def escape(text: str) -> str:
    """Put a backslash before every character that would be read as emphasis.

    Examples
    --------
    >>> parse_emphasis(escape("a (b) [c]"))
    [Weighted(text='a (b) [c]', weight=1.0)]
    """
    return _SPECIAL.sub(r"\\\g<0>", text)


class _Reader:
    """One reading of one text: pieces with their weights, and the brackets that are open."""

    def __init__(self, notes: list[Note] | None) -> None:
        self.notes = notes
        self.texts: list[str] = []
        self.weights: list[float] = []
        self.markers: set[int] = set()
        self.open: dict[str, list[int]] = {"(": [], "[": []}

    def read(self, text: str) -> None:
        for match in _TOKEN.finditer(text):
            token, number = match[0], match["number"]
            if token in self.open:
                self.open[token].append(len(self.texts))
            elif number is not None and self.open["("]:
                self._close("(", self._factor(token, number))
            elif token in _CLOSERS and self.open[_CLOSERS[token]]:
                self._close(_CLOSERS[token], _FACTORS[_CLOSERS[token]])
            elif token[0] == "\\":
                self._add(token[1:])
            else:
                self._add_broken(token)
        for bracket, starts in self.open.items():
            for start in starts:
                self._multiply(start, _FACTORS[bracket])

    def _add(self, text: str, weight: float = 1.0) -> None:
        self.texts.append(text)
        self.weights.append(weight)

    def _add_broken(self, text: str) -> None:
        """Add a text with a marker for each word BREAK in it; the spaces around the word go."""
        first, *others = _BREAK.split(text)
        self._add(first.rstrip() if others else first)
        for index, part in enumerate(others, 1):
            self.markers.add(len(self.texts))
            self._add("BREAK", -1.0)
            self._add(part.strip() if index < len(others) else part.lstrip())

    def _close(self, bracket: str, factor: float) -> None:
        self._multiply(self.open[bracket].pop(), factor)

    def _multiply(self, start: int, factor: float) -> None:
        self.weights[start:] = [weight * factor for weight in self.weights[start:]]

    def _factor(self, token: str, number: str) -> float:
        """Read the number of `:number)`; where it is none, the token is text before a plain bracket."""
        try:
            return float(number)
        except ValueError:
            message = f"the weight {shown(number)} is not a number; {ROUND_FACTOR} is taken"
            add_note(self.notes, "prompt_weight_unreadable", message, token)
            self._add(token[:-1])
            return ROUND_FACTOR


def _pieces_by_marker(reader: _Reader) -> list[Piece]:
    """Join neighbours of one weight; every marker is a break."""
    pieces: list[Piece] = []
    for (weight, is_break), run in groupby(
        range(len(reader.texts)), key=lambda index: (reader.weights[index], index in reader.markers)
    ):
        pieces.append(BREAK if is_break else Weighted("".join(reader.texts[index] for index in run), weight))
    return pieces


def _pieces_by_word(reader: _Reader) -> list[Piece]:
    """Join neighbours of one weight; a break is the word BREAK with weight -1, as in A1111."""
    pieces: list[Piece] = []
    for weight, run in groupby(range(len(reader.texts)), key=reader.weights.__getitem__):
        text = "".join(reader.texts[index] for index in run)
        pieces.append(BREAK if text == "BREAK" and weight == -1 else Weighted(text, weight))
    return pieces


_PIECES: dict[Rules, Callable[[_Reader], list[Piece]]] = {"mended": _pieces_by_marker, "a1111": _pieces_by_word}
