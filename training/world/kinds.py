"""What a kind of thing is, and the colours that things come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from .canvas import Colour, Pen

COLOURS: dict[str, Colour] = {
    "red": (0.88, 0.13, 0.13),
    "orange": (0.98, 0.52, 0.08),
    "yellow": (0.99, 0.85, 0.14),
    "green": (0.16, 0.62, 0.22),
    "blue": (0.14, 0.34, 0.9),
    "turquoise": (0.1, 0.78, 0.76),
    "purple": (0.52, 0.18, 0.74),
    "pink": (0.98, 0.52, 0.72),
    "brown": (0.5, 0.29, 0.13),
    "black": (0.11, 0.11, 0.13),
    "white": (0.97, 0.97, 0.96),
    "grey": (0.56, 0.57, 0.6),
}
DARK: Colour = (0.1, 0.09, 0.1)
WOOD: Colour = (0.46, 0.28, 0.14)
PALE: Colour = (0.96, 0.92, 0.84)
GLASS: Colour = (0.72, 0.88, 0.96)
SKIN: Colour = (0.96, 0.78, 0.62)


@dataclass(frozen=True)
class Kind:
    """A kind of thing: its nouns, how it is drawn in a colour, how large it is and where it belongs.

    `top` is where other things can stand on it, as a height of its frame (-0.5 to 0.5); `perches` says that it may
    stand on others, `large` that it may stand far off, `indoors` that it is also found in a room, `outdoors` elsewhere.
    """

    name: str
    nouns: tuple[str, ...]
    draw: Callable[[Pen, Tensor], None]
    size: float = 0.36
    sky: bool = False
    floats: bool = False
    top: float | None = None
    perches: bool = False
    large: bool = False
    indoors: bool = False
    outdoors: bool = True
    wide: float = 0.9
    """Width of its contact shadow."""


def toned(colour: Tensor, factor: float) -> Tensor:
    """Return a colour darker (< 1) or lighter (> 1)."""
    return (colour * factor + max(0.0, factor - 1) * 0.15).clamp(max=1)
