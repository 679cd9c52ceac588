"""What pydantic refuses, in our words."""

import reprlib
from collections.abc import Mapping

from pydantic import ValidationError

from .errors import RequestError

_BOUNDS = {
    "greater_than_equal": ("is too small; it must be at least", "ge"),
    "greater_than": ("is too small; it must be above", "gt"),
    "less_than_equal": ("is too large; it must be at most", "le"),
    "less_than": ("is too large; it must be below", "lt"),
}
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    "finite_number": "a finite number",
    "string_type": "text",
    "tuple_type": "a list",
    "literal_error": "{expected}",
}
_LONGEST = 80


def refusal(error: ValidationError) -> RequestError:
    """Turn pydantic's first complaint into our one sentence."""
    first = error.errors(include_url=False)[0]
    field, value = str(first["loc"][0]) if first["loc"] else "request", first["input"]
    kind, context = first["type"], first.get("ctx", {})
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return RequestError(field, value, f"{value} {words} {context[bound]}")
    if kind in _KINDS:
        return RequestError(field, value, f"{_shown(value)} must be {_KINDS[kind].format(**context)}")
    return RequestError(field, value, f"{_shown(value)} cannot be taken: {context.get('error', first['msg'])}")


def _shown(value: object) -> str:
    """Write a value that may be a whole picture."""
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}...")
    return reprlib.repr(value)
