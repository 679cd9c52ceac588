"""A region: a mask, and the fields of the request that are other there. Its text is for command line and infotext."""

import shlex
from collections.abc import Mapping
from typing import Any, Self, cast

from PIL import Image
from pydantic import ConfigDict, SerializerFunctionWrapHandler, model_serializer, model_validator

from ..errors import RequestError, unknown_name
from ..labels import group_of
from ..pictures.mask_text import PREFIX, write_drawing
from ..pictures.shapes import Drawing
from ..request import Request
from .values import read_field

_SHARED = frozenset({"init_image", "model", "vae", "batch_size", "batch_count", "tiling", "profile"}) | {
    name for name, group in group_of().items() if group.name in ("outpaint", "second_pass", "refiner")
}
"""Fields that are the same in all regions of a picture."""
OWN = tuple(name for name in Request.model_fields if name not in _SHARED)
"""Fields that a region may have of its own."""

_MASK_FIRST = sorted(OWN, key=lambda name: name != "mask")


def _only_own(schema: dict[str, Any]) -> None:
    schema["properties"] = {name: told for name, told in schema["properties"].items() if name in OWN}
    schema["required"] = ["mask"]


class Region(Request):
    """A part of a picture with fields of its own: those that are set; all others are the request's.

    Raises
    ------
    RequestError
        As `Request` does, and where there is no mask, or a field is the same for all regions.

    Examples
    --------
    >>> Region(mask="rect 0 0 50% 50%", prompt="a red ball").own["prompt"]
    'a red ball'
    >>> Region(mask="all", model="other")
    Traceback (most recent call last):
    pentimento.errors.RequestError: model: it is the same for all regions; set it in the request
    """

    model_config = ConfigDict(json_schema_extra=_only_own)

    @property
    def own(self) -> dict[str, Any]:
        """The fields that were set, the mask first."""
        return {name: getattr(self, name) for name in _MASK_FIRST if name in self.model_fields_set}

    @model_validator(mode="before")
    @classmethod
    def _names_that_tables_know(cls, values: Any) -> Any:
        for name, value in cast(dict[str, Any], values if isinstance(values, dict) else {}).items():
            if name in _SHARED:
                raise RequestError(name, value, "it is the same for all regions; set it in the request")
            if name not in OWN:
                raise unknown_name(name, name, OWN)
        return cast(Any, values)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.mask is None:
            raise RequestError("mask", None, "it is missing; give a region's picture or drawing, as 'rect 0 0 50% 50%'")
        checked = Request(init_image=Image.new("RGB", (1, 1)), **self.own)
        for name in self.own:
            object.__setattr__(self, name, getattr(checked, name))
        return self

    @model_serializer(mode="wrap")
    def _only_what_is_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # What is left out is the request's, and must be left out when it is read again.
        return {name: value for name, value in handler(self).items() if name in self.model_fields_set}


def read_region(text: str, option: str = "region") -> dict[str, Any]:
    """Read a region's fields from `name=value` pairs parted by spaces; quotes hold a value together.

    Raises
    ------
    RequestError
        Names what cannot be read.

    Examples
    --------
    >>> read_region("mask='rect 0 0 50% 50%; feather 4' denoising-strength=0.4")
    {'mask': 'rect 0 0 50% 50%; feather 4', 'denoising_strength': '0.4'}
    """
    pairs = [(name.replace("-", "_"), value) for name, value in read_pairs(option, text)]
    return {field: value if field == "mask" else read_field(field, value) for field, value in pairs}


def read_pairs(option: str, text: str) -> list[tuple[str, str]]:
    """Read `name=value` pairs parted by spaces; quotes hold a value together.

    Raises
    ------
    RequestError
        Of the option, where it cannot be read.
    """
    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters, words.escape = True, "", ""
    try:
        pairs = [word.partition("=") for word in words]
    except ValueError as error:
        raise RequestError(option, text, f"{text!r} cannot be read: {error}") from error
    for name, equals, _ in pairs:
        message = f"{name!r} is not name=value; put quotes around a value with spaces, as in prompt='a red ball'"
        if not equals:
            raise RequestError(option, name, message)
    return [(name, value) for name, _, value in pairs]


def write_region(fields: Mapping[str, Any]) -> str:
    """Write a region's fields as `read_region` takes them, but for pictures, of which it only says that they are there.

    Examples
    --------
    >>> write_region({"mask": Image.new("L", (8, 8)), "prompt": "a red ball", "mask_blur": (4.0, 8.0), "eta": None})
    "mask=picture prompt='a red ball' mask_blur=4,8 eta=none"
    """
    return " ".join(f"{name}={_quoted(_written(value))}" for name, value in fields.items())


def _written(value: object) -> str:
    if isinstance(value, Drawing):
        return write_drawing(value).removeprefix(PREFIX).strip()
    if isinstance(value, bytes | Image.Image):
        return "picture"
    if isinstance(value, tuple):
        return ",".join(_written(part) for part in cast(tuple[object, ...], value))
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text and '"' not in text else shlex.quote(text)
