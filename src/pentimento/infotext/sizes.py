"""Keys of an infotext whose value is several numbers: text of a request, and fields of a text."""

from typing import Any

from ..geometry import Size
from ..request import Request
from .grammar import Value


def pair_of(text: str) -> tuple[int, int]:
    """Read "512x768"."""
    first, second = text.split("x")
    return int(first), int(second)


def read_size(text: str) -> dict[str, Any]:
    """Give width and height."""
    return dict(zip(("width", "height"), pair_of(text), strict=True))


def seed_resize(request: Request, facts: object) -> Value:
    """Write the size for which the noise is drawn."""
    del facts
    return str(Size(*request.seed_resize)) if request.seed_resize else None


def _sized(request: Request) -> bool:
    return request.hires_width is not None or request.hires_height is not None


def hires_scale(request: Request, facts: object) -> Value:
    """Write how many times the second pass enlarges, where that was asked for."""
    del facts
    return None if _sized(request) else request.hires_scale


def hires_size(request: Request, facts: object) -> Value:
    """Write the second pass's size, where that was asked for; 0 = the side that follows."""
    del facts
    return f"{request.hires_width or 0}x{request.hires_height or 0}" if _sized(request) else None


def read_hires_size(text: str) -> dict[str, Any]:
    """Give the sides that are not 0."""
    return dict(zip(("hires_width", "hires_height"), (side or None for side in pair_of(text)), strict=True))


def extend(request: Request, facts: object) -> Value:
    """Write the four sides, px or percent."""
    del facts
    return " ".join(map(str, request.extend)) if request.extends else None


def read_extend(text: str) -> dict[str, Any]:
    """Give the four sides; a request reads each."""
    return {"extend": tuple(text.split())}


def extend_overlap(request: Request, facts: object) -> Value:
    """Write the overlap, where there is a new margin."""
    del facts
    return request.extend_overlap if request.extends else None
