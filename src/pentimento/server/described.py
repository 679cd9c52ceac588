"""What the type of a field or an option says of its values: bounds and words, the same for every dialect."""

from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

_BOUNDS = {"Ge": ("ge", "minimum"), "Gt": ("gt", "above"), "Le": ("le", "maximum"), "Lt": ("lt", "below")}


def bounds_of(field: FieldInfo) -> dict[str, float]:
    """Give the bounds of a field's numbers, where it has some."""
    rows = [(*_BOUNDS[type(item).__name__], item) for item in field.metadata if type(item).__name__ in _BOUNDS]
    return {word: getattr(item, attribute) for attribute, word, item in rows}


def words_of(field: FieldInfo) -> tuple[str, ...]:
    """List the words that a field takes, or that each of a list takes; none where it takes others."""
    kind: Any = get_args(field.annotation)[0] if get_origin(field.annotation) is tuple else field.annotation
    return get_args(kind) if get_origin(kind) is Literal else ()
