"""Masks as data: shapes and operations that are drawn at any size.

A `Drawing` is a list of steps, each done to the mask so far. Its text form is in `mask_text`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from ..geometry import Size
from .masks import blur
from .smoothing import distance_inside

Floats = NDArray[np.floating]
Combine = Literal["add", "intersect", "subtract"]

_HALF = 0.5
_LEVEL = 1e-6
"""Px of height below which a line of a polygon is level."""


@dataclass(frozen=True)
class Length:
    """A place or a length: pixels, or percent of the picture's width, height or shorter side."""

    value: float
    percent: bool = False

    def pixels(self, whole: float) -> float:
        return self.value * whole / 100 if self.percent else self.value


@dataclass(frozen=True)
class Step:
    """One step of a drawing.

    Attributes
    ----------
    word : row of `SHAPES`, `SOURCES` or `OPERATIONS`
    lengths : what the word wants, in its order
    color : "#rrggbb", where the word wants one
    combine : what a shape does to the mask so far
    hardness : of a shape, 1 = an edge of one px, 0 = fades from its edge to its middle
    """

    word: str
    lengths: tuple[Length, ...] = ()
    color: str | None = None
    combine: Combine = "add"
    hardness: float = 1.0


@dataclass(frozen=True)
class Drawing:
    """A mask as data: what is drawn, step by step, from nothing."""

    steps: tuple[Step, ...]


def render(drawing: Drawing, image: Image.Image) -> Image.Image:
    """Draw a mask for a picture: "L" of its size, 255 = repaint.

    Parameters
    ----------
    image : gives the size, and what masks from alpha and from colour look at
    """
    mask = np.zeros((image.height, image.width), np.float32)
    for step in drawing.steps:
        if step.word in OPERATIONS:
            mask = OPERATIONS[step.word](mask, step.lengths)
        else:
            mask = _COMBINATIONS[step.combine](mask, _drawn(step, image))
    return Image.fromarray(_to_bytes(mask))


def difference(first: Image.Image, second: Image.Image, tolerance: int = 0) -> Image.Image:
    """Mask what differs between two pictures of one size: "L", 255 where any channel differs by more."""
    pixels = [np.asarray(image.convert("RGBA"), np.int16) for image in (first, second)]
    return Image.fromarray((np.abs(pixels[0] - pixels[1]).max(-1) > tolerance).astype(np.uint8) * np.uint8(255))


def _drawn(step: Step, image: Image.Image) -> Floats:
    if step.word in SOURCES:
        return SOURCES[step.word](step, image)
    size = Size(*image.size)
    distance = SHAPES[step.word](step.lengths, size)
    soft = max(1.0, (1 - step.hardness) * max(0.0, float(-distance.min())))
    return np.clip((_HALF - distance) / np.float32(soft), 0, 1)


# Shapes: the signed distance of every pixel's centre to the edge, below 0 inside. ---------------


def _grid(size: Size) -> tuple[Floats, Floats]:
    y = (np.arange(size.height, dtype=np.float32) + np.float32(_HALF))[:, np.newaxis]
    return y, np.arange(size.width, dtype=np.float32)[np.newaxis] + np.float32(_HALF)


def _bounds(lengths: Sequence[Length], size: Size) -> tuple[Floats, Floats, float, float]:
    """Give the pixels' places around a box's centre, and half its height and width."""
    left, top, width, height = (length.pixels(whole) for length, whole in zip(lengths, (*size, *size), strict=True))
    y, x = _grid(size)
    return y - np.float32(top + height / 2), x - np.float32(left + width / 2), height / 2, width / 2


def _rect(lengths: Sequence[Length], size: Size) -> Floats:
    y, x, half_height, half_width = _bounds(lengths, size)
    down, across = np.abs(y) - np.float32(half_height), np.abs(x) - np.float32(half_width)
    return np.hypot(np.maximum(down, 0), np.maximum(across, 0)) + np.minimum(np.maximum(down, across), 0)


def _ellipse(lengths: Sequence[Length], size: Size) -> Floats:
    y, x, half_height, half_width = _bounds(lengths, size)
    down, across = y / np.float32(max(half_height, 1e-6)), x / np.float32(max(half_width, 1e-6))
    radius = np.hypot(down, across)
    slope = np.hypot(down / np.float32(max(half_height, 1e-6)), across / np.float32(max(half_width, 1e-6)))
    # To first order: exact at the edge, which is where it is looked at; in the middle the shorter axis.
    near = radius * (radius - 1) / np.maximum(slope, 1e-9)
    return np.where(radius < 1, np.maximum(near, -min(half_height, half_width) * (1 - radius)), near)


def _points(lengths: Sequence[Length], size: Size) -> list[tuple[float, float]]:
    pairs = zip(lengths[::2], lengths[1::2], strict=True)
    return [(y.pixels(size.height), x.pixels(size.width)) for x, y in pairs]


def _polygon(lengths: Sequence[Length], size: Size) -> Floats:
    points = _points(lengths, size)
    y, x = _grid(size)
    inside = np.zeros((size.height, size.width), bool)
    for (top, left), (bottom, right) in zip(points, [*points[1:], points[0]], strict=True):
        crosses = (y < top) != (y < bottom)
        if abs(bottom - top) > _LEVEL:
            inside ^= crosses & (x < left + (y - top) / (bottom - top) * (right - left))
    return np.where(inside, -1, 1) * _to_lines(points, size, closed=True)


def _stroke(lengths: Sequence[Length], size: Size) -> Floats:
    width = lengths[0].pixels(min(size))
    return _to_lines(_points(lengths[1:], size), size, closed=False) - np.float32(width / 2)


def _to_lines(points: list[tuple[float, float]], size: Size, *, closed: bool) -> Floats:
    """Give every pixel's distance to the nearest of the lines between points."""
    y, x = _grid(size)
    ends = [*points[1:], points[0]] if closed else points[1:] or points
    nearest = np.full((size.height, size.width), np.inf, np.float32)
    for (top, left), (bottom, right) in zip(points, ends, strict=False):
        down, across = bottom - top, right - left
        along = ((y - top) * down + (x - left) * across) / max(down * down + across * across, 1e-12)
        along = np.clip(along, 0, 1)
        np.minimum(nearest, np.hypot(y - top - along * down, x - left - along * across), out=nearest)
    return nearest


def _all(lengths: Sequence[Length], size: Size) -> Floats:
    del lengths
    return np.full((size.height, size.width), -1.0, np.float32)


# From the picture: 0..1. ------------------------------------------------------------------------


def _transparent(step: Step, image: Image.Image) -> Floats:
    del step
    return 1 - np.asarray(image.convert("RGBA").getchannel("A"), np.float32) / np.float32(255)


def _color(step: Step, image: Image.Image) -> Floats:
    wanted = np.array(ImageColor.getrgb(step.color or "#000000")[:3], np.int16)
    off = np.abs(np.asarray(image.convert("RGB"), np.int16) - wanted).max(-1)
    return (off <= step.lengths[0].pixels(255)).astype(np.float32)


# Operations on the mask so far. -----------------------------------------------------------------


def _grow(mask: Floats, lengths: Sequence[Length]) -> Floats:
    amount = lengths[0].pixels(min(mask.shape))
    return _changed_around(mask, amount, lambda part: _grown(part, amount))


def _shrink(mask: Floats, lengths: Sequence[Length]) -> Floats:
    amount = lengths[0].pixels(min(mask.shape))
    return _changed_around(mask, 0, lambda part: 1 - _grown(1 - part, amount))


def _changed_around(mask: Floats, reach: float, change: Callable[[Floats], Floats]) -> Floats:
    """Change only the box around what is not 0, and what can be reached from there."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return mask
    margin = math.ceil(reach) + 1
    part = (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )
    result = mask.copy()
    result[part] = change(mask[part])
    return result


def _grown(mask: Floats, amount: float) -> Floats:
    core = mask >= _HALF
    if amount <= 0 or not core.any():
        return mask
    # The nearest pixel of the core is one px away from its neighbour.
    return np.maximum(mask, np.clip(amount + 1 - distance_inside(~core), 0, 1))


def _feather(mask: Floats, lengths: Sequence[Length]) -> Floats:
    sigma = lengths[0].pixels(min(mask.shape))
    return np.asarray(blur(Image.fromarray(_to_bytes(mask)), sigma, sigma), np.float32) / np.float32(255)


def _fill_holes(mask: Floats, lengths: Sequence[Length]) -> Floats:
    from scipy import ndimage  # pyright: ignore[reportMissingTypeStubs]

    del lengths
    core = mask >= _HALF
    morphology: Any = ndimage
    filled = np.asarray(morphology.binary_fill_holes(core), bool)
    holes = filled & ~core
    # With the grey pixels of their edges.
    return np.where(filled & (distance_inside(~holes) < 2), 1, mask) if holes.any() else mask


def _threshold(mask: Floats, lengths: Sequence[Length]) -> Floats:
    return (_to_bytes(mask) >= lengths[0].pixels(255)).astype(np.float32)


def _invert(mask: Floats, lengths: Sequence[Length]) -> Floats:
    del lengths
    return 1 - mask


def _to_bytes(mask: Floats) -> NDArray[np.uint8]:
    return np.rint(mask * np.float32(255)).astype(np.uint8)


SHAPES: dict[str, Callable[[Sequence[Length], Size], Floats]] = {
    "rect": _rect,
    "ellipse": _ellipse,
    "polygon": _polygon,
    "stroke": _stroke,
    "all": _all,
}
SOURCES: dict[str, Callable[[Step, Image.Image], Floats]] = {"transparent": _transparent, "color": _color}
OPERATIONS: dict[str, Callable[[Floats, Sequence[Length]], Floats]] = {
    "grow": _grow,
    "shrink": _shrink,
    "feather": _feather,
    "fill-holes": _fill_holes,
    "threshold": _threshold,
    "invert": _invert,
}
_COMBINATIONS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "add": np.maximum,
    "intersect": np.minimum,
    "subtract": lambda mask, shape: np.minimum(mask, 1 - shape),
}
