"""Prompts that change while the picture is made: `[before:after:when]` and `[a|b]`.

The text is read once, left to right, with a stack of open brackets. A bracket that
closes becomes a switch, turns, or plain text; the nodes it held stay what they are.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, groupby

from .notes import Note, Rules, add_note, shown

_TOKEN = re.compile(r"(?:[^\\\[\]():|]+|\\.)+|[\\\[\]():|]")
_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*")
_CLOSERS = {")": "(", "]": "["}


@dataclass(frozen=True)
class Segment:
    """A text and the last step (1-based) that uses it."""

    until: int
    text: str


@dataclass(frozen=True)
class Timeline:
    """How the numbers in switches are counted.

    Attributes
    ----------
    steps : steps of this pass.
    base_steps : steps of the pass before, where this is the second pass of a hires fix:
        its fractions go from 1.0 to 2.0 and its whole numbers go on from `base_steps`.
    last : the last step that will really run, for the notes; left out = `steps`.
    """

    steps: int
    base_steps: int = 0
    last: int | None = None

    def step(self, number: str) -> int:
        """Give the last step before the switch: at most `steps`, below 1 for none."""
        value = float(number)
        second_pass = self.base_steps > 0
        if "." in number:
            value = (value - second_pass) * self.steps
        elif second_pass:
            value -= self.base_steps
        return int(max(-1.0, min(self.steps, value)))


@dataclass(frozen=True, slots=True)
class _Switch:
    before: "list[_Node]"
    after: "list[_Node]"
    when: int

    def at(self, step: int) -> "list[_Node]":
        return self.before if step <= self.when else self.after


@dataclass(frozen=True, slots=True)
class _Turns:
    members: "list[list[_Node]]"

    def at(self, step: int) -> "list[_Node]":
        return self.members[(step - 1) % len(self.members)]


_Node = str | _Switch | _Turns


@dataclass(slots=True)
class _Frame:
    """A bracket that is open: what it holds, cut at its own colons and bars."""

    opener: str
    start: int
    fields: list[list[_Node]] = field(default_factory=lambda: [[]])
    separators: list[str] = field(default_factory=lambda: [])

    def add(self, nodes: Iterable[_Node]) -> None:
        self.fields[-1].extend(nodes)

    def cut(self, separator: str) -> None:
        self.separators.append(separator)
        self.fields.append([])

    def absorb(self, other: "_Frame") -> None:
        """Take in a bracket that never closes: its separators become this one's."""
        self.add([other.opener, *other.fields[0]])
        for separator, nodes in zip(other.separators, other.fields[1:], strict=True):
            self.cut(separator)
            self.add(nodes)

    def flat(self) -> list[_Node]:
        """All nodes in a row, separators as text."""
        cuts = zip(self.separators, self.fields[1:], strict=True)
        return [*self.fields[0], *chain.from_iterable([separator, *nodes] for separator, nodes in cuts)]


class _Reader:
    """One reading of one text.

    `strict` is A1111's grammar: what is wrong with one bracket also undoes all the
    brackets around it, and a stray bar or a backslash at the end undoes the whole prompt.
    """

    def __init__(self, text: str, timeline: Timeline, *, strict: bool, notes: list[Note] | None) -> None:
        self.text = text
        self.timeline = timeline
        self.strict = strict
        self.notes = notes
        self.open: list[_Frame] = [_Frame("", 0)]
        self.squares = 0
        self.changes: set[int] = set()
        self.takes_turns = False

    def read(self) -> list[_Node] | None:
        """Give the nodes; None where `strict` and the text does not parse."""
        for match in _TOKEN.finditer(self.text):
            token = match[0]
            if token in "([":
                self.open.append(_Frame(token, match.start()))
                self.squares += token == "["
            elif token in ")]":
                self._close(token, match.end())
            elif token in ":|":
                self.open[-1].cut(token)
            elif token == "\\" and self.strict:
                return None
            else:
                self.open[-1].add([token])
        self._dissolve(1, unclosed=True)
        return None if self.strict and "|" in self.open[0].separators else self.open[0].flat()

    def _close(self, closer: str, end: int) -> None:
        if self.open[-1].opener != _CLOSERS[closer]:
            if self.strict:
                self._dissolve(1)
            elif closer == "]" and self.squares:
                nearest = next(i for i in range(len(self.open) - 1, 0, -1) if self.open[i].opener == "[")
                self._dissolve(nearest + 1, unclosed=True)
        frame = self.open[-1]
        if frame.opener != _CLOSERS[closer]:
            message = f"{closer!r} has no opening bracket and is read as text"
            add_note(self.notes, "prompt_bracket_not_opened", message, closer)
            frame.add([closer])
            return
        nodes = self._node(frame, self.text[frame.start : end])
        if nodes is None and self.strict:
            self._dissolve(1)
            self.open[0].add([closer])
            return
        self.open.pop()
        self.squares -= frame.opener == "["
        self.open[-1].add([frame.opener, *frame.flat(), closer] if nodes is None else nodes)

    def _dissolve(self, depth: int, *, unclosed: bool = False) -> None:
        """Take the open brackets from `depth` on as text."""
        for frame in self.open[depth:]:
            self.squares -= frame.opener == "["
            self.open[depth - 1].absorb(frame)
            if unclosed:
                fragment = self.text[frame.start : frame.start + 30]
                message = f"the bracket at {shown(fragment)} is not closed and reaches to the end"
                add_note(self.notes, "prompt_bracket_not_closed", message, fragment)
        del self.open[depth:]

    def _node(self, frame: _Frame, fragment: str) -> list[_Node] | None:
        """What a closed bracket means; None where it means nothing."""
        separators = "".join(frame.separators)
        if frame.opener == "(":
            return None if self.strict and separators not in ("", ":") else _packed(["(", *frame.flat(), ")"])
        if not separators:
            return _packed(["[", *frame.fields[0], "]"])
        if separators == "|" * len(separators):
            self.takes_turns = True
            return [_Turns([_packed(nodes) for nodes in frame.fields])]
        number = _NUMBER.fullmatch("".join(n if isinstance(n, str) else "[" for n in frame.fields[-1]))
        if separators in (":", "::") and number:
            *before, after = frame.fields[:-1]
            when = self.timeline.step(number[1])
            self._remark(before[0] if before else [], after, when, fragment)
            if when >= 1:
                self.changes.add(when)
            return [_Switch(_packed(before[0]) if before else [], _packed(after), when)]
        message = f"{shown(fragment)} is neither [before:after:when] nor [a|b] and is read as text"
        add_note(self.notes, "prompt_part_not_parsed", message, fragment)
        return None

    def _remark(self, before: list[_Node], after: list[_Node], when: int, fragment: str) -> None:
        """Note a switch of which only one side is ever used."""
        last = self.timeline.steps if self.timeline.last is None else self.timeline.last
        # A second pass is meant to have such switches, and where nothing runs there is nothing to say.
        if self.timeline.base_steps or min(last + 1, self.timeline.steps) < 1:
            return
        if when >= last and (before or after):
            message = f"{shown(fragment)} never switches: the picture is done by step {when} (1.0 = all steps)"
            add_note(self.notes, "prompt_switch_never", message, fragment)
        elif when < 1 and before:
            message = f"{shown(fragment)} switches before the first step; its first text is never used"
            add_note(self.notes, "prompt_switch_at_start", message, fragment)


def parse_schedule(
    text: str, timeline: Timeline | int, *, rules: Rules = "mended", notes: list[Note] | None = None
) -> tuple[Segment, ...]:
    """List the texts that a prompt goes through.

    Parameters
    ----------
    timeline : number of steps, or more about how to count.
    rules : `mended`: a bracket that is no switch stays as text alone. `a1111`: it undoes
        the brackets around it, and a stray `|` every switch of the prompt.

    Returns
    -------
    At least one segment; `until` ascends and the last one is `steps`. Step `s` (1-based)
    uses the first segment with `s <= until`. With `a1111` neighbours may have one text.

    Notes
    -----
    `when` with a point is a fraction of the steps, without one a step: step `s` uses
    `before` if `s <= when`. `[a|b]` takes turns with every step.

    Examples
    --------
    >>> parse_schedule("a [red:blue:0.5] cat", 10)
    (Segment(until=5, text='a red cat'), Segment(until=10, text='a blue cat'))
    """
    timeline = Timeline(timeline) if isinstance(timeline, int) else timeline
    reader = _Reader(text, timeline, strict=rules == "a1111", notes=notes)
    nodes = reader.read()
    if nodes is None:
        if "[" in text:
            message = f"{shown(text)} holds a '|' or '\\' where none may be: all of its switches are read as text"
            add_note(notes, "prompt_not_parsed", message, text)
        return (Segment(timeline.steps, text),)
    row = _packed(nodes)
    changes = reader.changes.union(range(1, timeline.steps) if reader.takes_turns else (), [timeline.steps])
    segments = [Segment(step, _text(row, step)) for step in sorted(changes)]
    if rules == "mended":
        runs = (list(run) for _, run in groupby(segments, key=lambda segment: segment.text))
        segments = [run[-1] for run in runs]
    return tuple(segments)


def _packed(nodes: list[_Node]) -> list[_Node]:
    """Join neighbouring strings."""
    packed: list[_Node] = []
    texts: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            texts.append(node)
            continue
        packed.extend(["".join(texts), node] if texts else [node])
        texts.clear()
    return [*packed, "".join(texts)] if texts else packed


def _text(nodes: list[_Node], step: int) -> str:
    """Write the text of one step (with a stack of its own: brackets may nest deeply)."""
    out: list[str] = []
    stack = nodes[::-1]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            out.append(node)
        else:
            stack.extend(reversed(node.at(step)))
    return "".join(out)
