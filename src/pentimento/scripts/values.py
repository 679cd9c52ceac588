"""Values of an axis as text: lists, ranges, and search and replace in prompts."""

import csv
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from ..errors import RequestError, unknown_name
from ..request import Request

_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_RANGE = re.compile(rf"{_NUMBER}\s*-\s*{_NUMBER}(?:\s*:\s*{_NUMBER}|\s*\(\s*{_NUMBER}\s*\)|\s*\[\s*(\d+)\s*\])?")
LARGEST_RANGE = 1000

Change = Callable[[Request], Request]


@dataclass(frozen=True)
class Value:
    """One value of an axis: what is written beside it, and what it does to a request."""

    label: str
    change: Change


@dataclass(frozen=True)
class Axis:
    """What varies along one side of a sheet."""

    name: str
    values: tuple[Value, ...]


def read_field(name: str, text: str) -> object:
    """Read one value of a field from text, as the field wants it.

    Examples
    --------
    >>> read_field("mask_blur", "4x8"), read_field("styles", "ink, night"), read_field("eta", "none")
    (('4', '8'), ('ink', 'night'), None)

    Raises
    ------
    RequestError
        Where there is no such field; it names the nearest.
    """
    field = Request.model_fields.get(name)
    if field is None:
        raise unknown_name(name, name, list(Request.model_fields))
    kinds = get_args(field.annotation)
    if type(None) in kinds and text.strip().lower() == "none":
        return None
    if field.annotation == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if field.annotation == tuple[float, float] or tuple[int, int] in kinds:
        parts = tuple(re.split(r"[x×,\s]+", text.strip()))
        return parts * 2 if len(parts) == 1 else parts
    return text


def read_values(text: str) -> list[str]:
    """Split a list by commas; quotes hold a value with a comma together.

    Examples
    --------
    >>> read_values('red house, "a house, red"')
    ['red house', 'a house, red']
    """
    # A newline in a prompt is a value's own; it does not end the list.
    rows = csv.reader([text.replace("\n", " ")], skipinitialspace=True)
    return [value.strip() for value in itertools.chain.from_iterable(rows) if value.strip()]


def expand(text: str, *, whole: bool) -> list[str]:
    """Write a range of numbers out; any other text is one value.

    Parameters
    ----------
    whole : only whole numbers make sense

    Notes
    -----
    `5-9` counts by one, `5-9:2` and `5-9(+2)` by two, `5-9[3]` gives three numbers from end
    to end; a count of whole numbers is cut down to them.

    Examples
    --------
    >>> expand("5-9:2", whole=True), expand("5-9[3]", whole=True), expand("0.2-0.4:0.1", whole=False)
    (['5', '7', '9'], ['5', '7', '9'], ['0.2', '0.3', '0.4'])
    >>> expand("9-5(-2)", whole=True), expand("1-10[5]", whole=True), expand("-1", whole=True)
    (['9', '7', '5'], ['1', '3', '5', '7', '10'], ['-1'])
    """
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        return [text]
    start, end = Decimal(found[1]), Decimal(found[2])
    if found[5] is not None:
        numbers = list(_between(start, end, min(int(found[5]), LARGEST_RANGE + 1)))
    else:
        step = Decimal(found[3] or found[4] or (1 if end >= start else -1))
        if not step or (end - start) / step < 0:
            raise RequestError(
                "range", text, f"'{text}' never reaches its end; its step must lead from {start} to {end}"
            )
        numbers = [start + step * index for index in range(min(int((end - start) / step), LARGEST_RANGE) + 1)]
    if len(numbers) > LARGEST_RANGE:
        raise RequestError("range", text, f"'{text}' has more than {LARGEST_RANGE} values; take a larger step")
    return [str(int(number)) if whole else _plain(number) for number in numbers]


def _between(start: Decimal, end: Decimal, count: int) -> Iterator[Decimal]:
    for index in range(count):
        yield start + (end - start) * index / max(1, count - 1)


def _plain(number: Decimal) -> str:
    # Thirds have no end in decimals; six digits are more than any field can show.
    return f"{round(number, 6).normalize():f}"


def read_axis(text: str) -> Axis:
    """Read `field=values`.

    Raises
    ------
    RequestError
        Where there is no such field or no value.

    Examples
    --------
    >>> [value.label for value in read_axis("cfg-scale=3,5-9:2").values]
    ['3', '5', '7', '9']
    """
    name, equals, listed = text.partition("=")
    name = name.strip().lower().replace("-", "_").replace(" ", "_")
    if name not in AXES and name not in Request.model_fields:
        raise unknown_name("axis", name, [*AXES, *Request.model_fields])
    values = read_values(listed)
    if not equals or not values:
        raise RequestError("axis", text, f"'{text}' has no values; write them as in steps=10,20 or cfg_scale=5-9:2")
    return Axis(name, AXES.get(name, _plain_values)(name, values))


def _plain_values(name: str, values: list[str]) -> tuple[Value, ...]:
    annotation = Request.model_fields[name].annotation
    kinds: set[Any] = {annotation, *get_args(annotation)}
    if kinds & {int, float}:
        values = [one for value in values for one in expand(value, whole=int in kinds)]
    return tuple(Value(value, _setting(name, read_field(name, value))) for value in values)


def _setting(name: str, value: object) -> Change:
    return lambda request: request.changed(**{name: value})


def _search_and_replace(name: str, values: list[str]) -> tuple[Value, ...]:
    """Replace the first value, which stands in a prompt, by each of the values in turn."""
    sought = values[0]

    def replacing(new: str) -> Change:
        def change(request: Request) -> Request:
            texts = {field: getattr(request, field) for field in ("prompt", "negative_prompt")}
            if not any(sought in text for text in texts.values()):
                raise RequestError(
                    name, sought, f"'{sought}' stands in neither prompt; the first value is what is replaced"
                )
            return request.changed(**{field: text.replace(sought, new) for field, text in texts.items()})

        return change

    return tuple(Value(value, replacing(value)) for value in values)


def _order(name: str, values: list[str]) -> tuple[Value, ...]:
    """Let words of the prompt change places in every way."""

    def ordering(order: tuple[str, ...]) -> Change:
        def change(request: Request) -> Request:
            if missing := [word for word in values if word not in request.prompt]:
                raise RequestError(name, missing[0], f"'{missing[0]}' does not stand in the prompt")
            pieces = re.split("|".join(re.escape(word) for word in values), request.prompt, maxsplit=len(values))
            words = itertools.chain(order, itertools.repeat(""))
            return request.changed(prompt="".join(a + b for a, b in zip(pieces, words, strict=False)))

        return change

    return tuple(Value(", ".join(order), ordering(order)) for order in itertools.permutations(values))


def _size(name: str, values: list[str]) -> tuple[Value, ...]:
    """Set width and height together."""

    def sizing(text: str) -> Change:
        width, found, height = text.lower().replace("×", "x").partition("x")
        if not found:
            raise RequestError(name, text, f"'{text}' is not a size; write it as in 512x768")
        return lambda request: request.changed(width=width.strip(), height=height.strip())

    return tuple(Value(value, sizing(value)) for value in values)


AXES: Mapping[str, Callable[[str, list[str]], tuple[Value, ...]]] = {
    "prompt_replace": _search_and_replace,
    "prompt_order": _order,
    "size": _size,
}
"""Axes that are not a field of the request: what they are called, and their values from a list."""
