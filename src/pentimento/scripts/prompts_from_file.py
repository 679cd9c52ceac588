"""Prompts from a file: every line is a picture, with fields of its own where it says so."""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from ..errors import RequestError
from ..plan import Plan
from ..request import Request
from .base import Ask, Asking, Gathered, Options, ScriptPicture, check
from .values import read_field


class PromptsOptions(Options):
    LOCAL: ClassVar[frozenset[str]] = frozenset({"file"})
    file: str | None = Field(None, description="a text file, one picture a line; # begins a comment")
    text: str = Field("", description="the lines themselves, instead of a file")
    next_seeds: bool = Field(False, description="give every line the next seed")
    place: Literal["start", "end"] = Field(
        "start", description="where a line's prompt stands, where the request has one too"
    )


def read_lines(text: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Read lines of `a prompt` or of `--prompt "a prompt" --steps 30`.

    Examples
    --------
    >>> [fields for _, fields in read_lines('a house\\n--prompt "a red house" --steps 30')]
    [{'prompt': 'a house'}, {'prompt': 'a red house', 'steps': '30'}]

    Raises
    ------
    RequestError
        Names the line.
    """
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield line, _fields(line, number) if line.startswith("--") else {"prompt": line}


def _fields(line: str, number: int) -> dict[str, object]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise RequestError("text", line, f"line {number} cannot be read: {error}") from error
    fields: dict[str, list[str]] = {}
    name = ""
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].replace("-", "_").partition("=")
            fields[name] = [value] if equals else []
        else:
            fields[name].append(word)
    return {name: read_field(name, " ".join(words) or "true") for name, words in fields.items()}


def prompts_from_file(request: Request, options: PromptsOptions, plan: Callable[[Request], Plan]) -> Asking:
    """Paint every line; what it does not say is the request's."""
    del plan
    lines = list(read_lines(_text(options)))
    check(bool(lines), "text", "", "there is no line in it; write one prompt a line")
    given: list[ScriptPicture] = []
    for index, (line, fields) in enumerate(lines):
        told = dict(fields)
        for name in ("prompt", "negative_prompt"):
            if name in told:
                told[name] = _placed(str(told[name]), getattr(request, name), options.place)
        seed = {"seed": (request.seed + index) % 2**64} if options.next_seeds else {}
        given.extend((yield Ask(request.changed(**{**seed, **told}), line)))
    return Gathered(given)


def _text(options: PromptsOptions) -> str:
    if options.file is None:
        return options.text
    try:
        return Path(options.file).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError("file", options.file, f"{options.file} cannot be read: {error}") from error


def _placed(own: str, common: str, place: str) -> str:
    if not common:
        return own
    return f"{own} {common}" if place == "start" else f"{common} {own}"
