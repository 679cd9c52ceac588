"""Prompt matrix: parts of a prompt between `|`, switched on and off in every combination."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from pydantic import Field

from ..plan import Plan
from ..request import Request
from .base import Ask, Asking, Gathered, Options, ScriptPicture, check
from .page import Grid, draw_grid


class MatrixOptions(Options):
    of: Literal["prompt", "negative_prompt"] = Field("prompt", description="which prompt holds the parts")
    at_start: bool = Field(False, description="put the parts before what is always there")
    different_seeds: bool = Field(False, description="give every picture the next seed")
    delimiter: Literal["comma", "space"] = Field("comma", description="what stands between the parts")
    margin: int = Field(0, ge=0, le=500, description="px between the pictures of the page")


DELIMITERS = {"comma": ", ", "space": " "}
LARGEST = 10
"""Parts that can be switched; 2 to the power of it pictures are made."""


def combinations(prompt: str, at_start: bool, delimiter: str) -> list[tuple[str, tuple[str, ...]]]:
    """List the prompts, each with the parts that are on.

    Examples
    --------
    >>> [text for text, _ in combinations("a house|red|at night", False, ", ")]
    ['a house', 'a house, red', 'a house, at night', 'a house, red, at night']
    """
    always, *parts = prompt.split("|")
    found: list[tuple[str, tuple[str, ...]]] = []
    for number in range(2 ** len(parts)):
        on = tuple(part.strip().strip(",") for bit, part in enumerate(parts) if number >> bit & 1)
        words = (*on, always) if at_start else (always, *on)
        found.append((delimiter.join(words), on))
    return found


def prompt_matrix(request: Request, options: MatrixOptions, plan: Callable[[Request], Plan]) -> Asking:
    """Paint every combination; the page has half of the parts across and half of them down."""
    del plan
    prompt = getattr(request, options.of)
    parts = prompt.count("|")
    check(
        0 < parts <= LARGEST,
        options.of,
        prompt,
        f"it has {parts} parts after '|', and 1 to {LARGEST} can be switched, as in 'a house|red|at night'",
    )
    given: list[ScriptPicture] = []
    firsts: list[ScriptPicture] = []
    for index, (text, on) in enumerate(combinations(prompt, options.at_start, DELIMITERS[options.delimiter])):
        seed = (request.seed + index * options.different_seeds) % 2**64
        made = yield Ask(request.changed(**{options.of: text, "seed": seed}), " + ".join(on) or "none of them")
        given.extend(made)
        firsts.append(made[0])
    names = [part.strip().strip(",") for part in prompt.split("|")[1:]]
    across = (len(names) + 1) // 2
    grid = Grid(_sides(names[:across]), _sides(names[across:]), tuple(one.image for one in firsts))
    return Gathered(given, partial(draw_grid, [grid], options.margin, legend=True))


def _sides(names: list[str]) -> tuple[str, ...]:
    """Label the columns or the rows: what is on in each."""
    return tuple(
        " + ".join(name for bit, name in enumerate(names) if number >> bit & 1) or "-"
        for number in range(2 ** len(names))
    )
