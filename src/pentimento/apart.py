"""The values of a request, or of a script's options, as JSON with their pictures apart."""

import secrets
from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel

from .request import TELL_PICTURE, Picture


def taken_apart(values: BaseModel) -> tuple[dict[str, Any], dict[str, Picture]]:
    """Give a model's values as JSON with None for each picture, and the pictures by their place.

    Examples
    --------
    >>> from pentimento import Request
    >>> fields, pictures = taken_apart(Request(init_image="in.png"))
    >>> fields["init_image"], pictures
    (None, {'init_image': 'in.png'})
    """
    mark, given = secrets.token_hex(16), list[Picture]()  # no text of a person is this mark

    def keep(picture: Picture) -> str:
        given.append(picture)
        return f"{mark}{len(given) - 1}"

    pictures: dict[str, Picture] = {}

    def take(place: str, value: Any) -> Any:
        if not (isinstance(value, str) and value.startswith(mark)):
            return value
        pictures[place] = given[int(value.removeprefix(mark))]
        return None

    return mapped(values.model_dump(mode="json", context={TELL_PICTURE: keep}), take), pictures


def mapped(value: Any, change: Callable[[str, Any], Any], place: str = "") -> Any:
    """Change every leaf of plain values; it is told its place, such as "masks.0"."""
    dot = f"{place}." if place else ""
    if isinstance(value, dict):
        items = cast(dict[str, Any], value).items()
        return {name: mapped(each, change, f"{dot}{name}") for name, each in items}
    if isinstance(value, list):
        return [mapped(each, change, f"{dot}{i}") for i, each in enumerate(cast(list[Any], value))]
    return change(place, value)
