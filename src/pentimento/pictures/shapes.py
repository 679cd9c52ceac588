"""Masks as data: shapes and operations that are drawn at any size.

A `Drawing` is a list of steps, each done to the mask so far. Its text form is in `mask_text`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageColor

from ..errors import RequestError
from ..geometry import Box, Size
from .masks import blur, blur_radius
from .smoothing import distance_inside

Floats = NDArray[np.floating]
Combine = Literal["add", "intersect", "subtract"]
Bounds = tuple[float, float, float, float]
"""Left, top, right, bottom in px."""

_HALF = 0.5
_LEVEL = 1e-6
"""Px of height below which a line of a polygon is level."""
_THIN = 1e-6
"""Px that half an ellipse is thick at least."""


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


def render(drawing: Drawing, image: Image.Image, other: Image.Image | None = None) -> Image.Image:
    """Draw a mask for a picture: "L" of its size, 255 = repaint.

    Parameters
    ----------
    image : gives the size, and what masks from alpha and from colour look at
    other : a second picture of that size, which masks from the difference look at

    Raises
    ------
    RequestError
        Where a difference is asked for and there is no second picture, or it has another size.
    """
    mask = np.zeros((image.height, image.width), np.float32)
    for step in drawing.steps:
        if step.word in OPERATIONS:
            mask = OPERATIONS[step.word](mask, step.lengths)
        elif step.word in SOURCES:
            mask = _COMBINATIONS[step.combine](mask, SOURCES[step.word](step, image, other))
        else:
            mask = _with_shape(mask, step)
    return Image.fromarray(_to_bytes(mask))


def difference(first: Image.Image, second: Image.Image, tolerance: float = 0) -> Image.Image:
    """Mask what differs between two pictures of one size: "L", 255 where any channel differs by more."""
    pixels = [np.asarray(image.convert("RGBA"), np.int16) for image in (first, second)]
    return Image.fromarray((np.abs(pixels[0] - pixels[1]).max(-1) > tolerance).astype(np.uint8) * np.uint8(255))


def _with_shape(mask: Floats, step: Step) -> Floats:
    """Draw a shape into the box that holds it, outside of which it is 0; the mask may be written over."""
    size = Size(mask.shape[1], mask.shape[0])
    shape = SHAPES[step.word]
    box = _box_around(shape.bounds(step.lengths, size), size)
    # What does not fade has its value from the nearest edge alone.
    area = Area(size, box, math.inf if step.hardness < 1 else 1)
    result = np.zeros_like(mask) if step.combine == "intersect" else mask
    if min(box.size) > 0:
        part = (slice(box.top, box.bottom), slice(box.left, box.right))
        result[part] = _COMBINATIONS[step.combine](
            mask[part], _faded(shape.distance(step.lengths, area), step.hardness)
        )
    return result


def _faded(distance: Floats, hardness: float) -> Floats:
    """Give 0..1 by the distance to the edge."""
    soft = 1.0 if hardness == 1 else max(1.0, (1 - hardness) * max(0.0, float(-distance.min())))
    return np.clip((_HALF - distance) / np.float32(soft), 0, 1)


def _box_around(bounds: Bounds, size: Size) -> Box:
    """Give the pixels that a shape within these bounds can reach: its edge is a pixel wide."""
    left, top, right, bottom = bounds
    box = Box(math.floor(left) - 2, math.floor(top) - 2, math.ceil(right) + 2, math.ceil(bottom) + 2)
    return box.clamped(size)


# Shapes: the signed distance of every pixel's centre to the edge, below 0 inside. ---------------


@dataclass(frozen=True)
class Area:
    """Where a shape is drawn.

    Attributes
    ----------
    size : of the whole picture
    box : the pixels that are drawn
    near : px from an edge within which the distance counts; beyond, only the side of it
    """

    size: Size
    box: Box
    near: float = math.inf

    @property
    def grid(self) -> tuple[Floats, Floats]:
        """The centres of the pixels: a column of y, a row of x."""
        left, top, right, bottom = self.box
        y = np.arange(top, bottom, dtype=np.float32) + np.float32(_HALF)
        return y[:, np.newaxis], (np.arange(left, right, dtype=np.float32) + np.float32(_HALF))[np.newaxis]


@dataclass(frozen=True)
class Shape:
    """A shape.

    Attributes
    ----------
    bounds : what holds it, in px of a picture of this size; half a pixel beyond it is 0
    distance : of every pixel's centre in an area to its edge, below 0 inside
    """

    bounds: Callable[[Sequence[Length], Size], Bounds]
    distance: Callable[[Sequence[Length], Area], Floats]


def _rect_bounds(lengths: Sequence[Length], size: Size) -> Bounds:
    left, top, width, height = _in_pixels(lengths, size)
    return min(left, left + width), min(top, top + height), max(left, left + width), max(top, top + height)


def _ellipse_bounds(lengths: Sequence[Length], size: Size) -> Bounds:
    left, top, width, height = _in_pixels(lengths, size)
    across, down = max(width / 2, _THIN), max(height / 2, _THIN)
    # Where this many times the ellipse ends, the distance to first order is half a pixel.
    times = 1 + _HALF / min(across, down)
    x, y = left + width / 2, top + height / 2
    return x - across * times, y - down * times, x + across * times, y + down * times


def _point_bounds(points: list[tuple[float, float]], margin: float = 0) -> Bounds:
    ys, xs = zip(*points, strict=True)
    return min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin


def _polygon_bounds(lengths: Sequence[Length], size: Size) -> Bounds:
    return _point_bounds(_points(lengths, size))


def _stroke_bounds(lengths: Sequence[Length], size: Size) -> Bounds:
    return _point_bounds(_points(lengths[1:], size), lengths[0].pixels(min(size)) / 2)


def _everywhere(lengths: Sequence[Length], size: Size) -> Bounds:
    del lengths
    return (0, 0, size.width, size.height)


def _in_pixels(lengths: Sequence[Length], size: Size) -> tuple[float, float, float, float]:
    left, top, width, height = (length.pixels(whole) for length, whole in zip(lengths, (*size, *size), strict=True))
    return left, top, width, height


def _around_centre(lengths: Sequence[Length], area: Area) -> tuple[Floats, Floats, float, float]:
    """Give the pixels' places around a box's centre, and half its height and width."""
    left, top, width, height = _in_pixels(lengths, area.size)
    y, x = area.grid
    return y - np.float32(top + height / 2), x - np.float32(left + width / 2), height / 2, width / 2


def _rect(lengths: Sequence[Length], area: Area) -> Floats:
    y, x, half_height, half_width = _around_centre(lengths, area)
    down, across = np.abs(y) - np.float32(half_height), np.abs(x) - np.float32(half_width)
    return np.hypot(np.maximum(down, 0), np.maximum(across, 0)) + np.minimum(np.maximum(down, across), 0)


def _ellipse(lengths: Sequence[Length], area: Area) -> Floats:
    y, x, half_height, half_width = _around_centre(lengths, area)
    down, across = y / np.float32(max(half_height, _THIN)), x / np.float32(max(half_width, _THIN))
    radius = np.hypot(down, across)
    slope = np.hypot(down / np.float32(max(half_height, _THIN)), across / np.float32(max(half_width, _THIN)))
    # To first order: exact at the edge, which is where it is looked at; in the middle the shorter axis.
    near = radius * (radius - 1) / np.maximum(slope, 1e-9)
    return np.where(radius < 1, np.maximum(near, -min(half_height, half_width) * (1 - radius)), near)


def _points(lengths: Sequence[Length], size: Size) -> list[tuple[float, float]]:
    pairs = zip(lengths[::2], lengths[1::2], strict=True)
    return [(y.pixels(size.height), x.pixels(size.width)) for x, y in pairs]


def _polygon(lengths: Sequence[Length], area: Area) -> Floats:
    points = _points(lengths, area.size)
    y, x = area.grid
    inside = np.zeros((y.size, x.size), bool)
    for (top, left), (bottom, right) in zip(points, [*points[1:], points[0]], strict=True):
        crosses = (y < top) != (y < bottom)
        if abs(bottom - top) > _LEVEL:
            inside ^= crosses & (x < left + (y - top) / (bottom - top) * (right - left))
    return np.where(inside, np.float32(-1), np.float32(1)) * _to_lines(points, area, closed=True)


def _stroke(lengths: Sequence[Length], area: Area) -> Floats:
    width = lengths[0].pixels(min(area.size))
    near = Area(area.size, area.box, width / 2 + 1)
    return _to_lines(_points(lengths[1:], area.size), near, closed=False) - np.float32(width / 2)


def _to_lines(points: list[tuple[float, float]], area: Area, *, closed: bool) -> Floats:
    """Give every pixel's distance to the nearest of the lines between points; infinite where none is near."""
    ends = [*points[1:], points[0]] if closed else points[1:] or points
    nearest = np.full((area.box.size.height, area.box.size.width), np.inf, np.float32)
    for (top, left), (bottom, right) in zip(points, ends, strict=False):
        part = area if math.isinf(area.near) else _beside((top, left), (bottom, right), area)
        if min(part.box.size) <= 0:
            continue
        y, x = part.grid
        down, across = bottom - top, right - left
        along = ((y - top) * down + (x - left) * across) / max(down * down + across * across, 1e-12)
        along = np.clip(along, 0, 1)
        rows = slice(part.box.top - area.box.top, part.box.bottom - area.box.top)
        found = nearest[rows, part.box.left - area.box.left : part.box.right - area.box.left]
        np.minimum(found, np.hypot(y - top - along * down, x - left - along * across), out=found)
    return nearest


def _beside(start: tuple[float, float], end: tuple[float, float], area: Area) -> Area:
    """Give the part of an area that is near to a line."""
    around = _box_around(_point_bounds([start, end], area.near), area.size)
    box = Box(
        max(around.left, area.box.left),
        max(around.top, area.box.top),
        min(around.right, area.box.right),
        min(around.bottom, area.box.bottom),
    )
    return Area(area.size, box, area.near)


def _all(lengths: Sequence[Length], area: Area) -> Floats:
    del lengths, area
    return np.full((1, 1), -1.0, np.float32)


# From the picture: 0..1. ------------------------------------------------------------------------


def _transparent(step: Step, image: Image.Image, other: Image.Image | None) -> Floats:
    del step, other
    return 1 - np.asarray(image.convert("RGBA").getchannel("A"), np.float32) / np.float32(255)


def _color(step: Step, image: Image.Image, other: Image.Image | None) -> Floats:
    del other
    wanted, tolerance = ImageColor.getrgb(step.color or "#000000")[:3], step.lengths[0].pixels(255)
    bands = [
        band.point([255 * (abs(level - value) <= tolerance) for level in range(256)])
        for band, value in zip(image.convert("RGB").split(), wanted, strict=True)
    ]
    near = ImageChops.darker(ImageChops.darker(bands[0], bands[1]), bands[2])
    return (np.asarray(near) > 0).astype(np.float32)


def _difference(step: Step, image: Image.Image, other: Image.Image | None) -> Floats:
    if other is None:
        raise RequestError(
            "mask",
            step.word,
            "'difference' compares with a second picture, and there is none here; draw the mask by `pentimento mask"
            " IMAGE --other FILE` and give that file",
        )
    if other.size != image.size:
        raise RequestError("other", other.size, f"it is {Size(*other.size)} where the picture is {Size(*image.size)}")
    return np.asarray(difference(image, other, step.lengths[0].pixels(255)), np.float32) / np.float32(255)


# Operations on the mask so far. -----------------------------------------------------------------


def _grow(mask: Floats, lengths: Sequence[Length]) -> Floats:
    amount = lengths[0].pixels(min(mask.shape))
    return _changed_around(mask, amount, lambda part: _grown(part, amount))


def _shrink(mask: Floats, lengths: Sequence[Length]) -> Floats:
    amount = lengths[0].pixels(min(mask.shape))
    return _changed_around(mask, 0, lambda part: 1 - _grown(1 - part, amount))


def _changed_around(mask: Floats, reach: float, change: Callable[[Floats], Floats]) -> Floats:
    """Change only the box around what is not 0, and what can be reached from there."""
    part = _around(mask, math.ceil(reach) + 1)
    if part is None:
        return mask
    result = mask.copy()
    result[part] = change(mask[part])
    return result


def _around(values: NDArray[Any], margin: int) -> tuple[slice, slice] | None:
    """Give the rows and columns around all that is not 0; None where all is."""
    rows, columns = (np.flatnonzero(values.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return None
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _grown(mask: Floats, amount: float) -> Floats:
    core = mask >= _HALF
    if amount <= 0 or not core.any():
        return mask
    # The nearest pixel of the core is one px away from its neighbour.
    return np.maximum(mask, np.clip(amount + 1 - distance_inside(~core), 0, 1))


def _feather(mask: Floats, lengths: Sequence[Length]) -> Floats:
    sigma = lengths[0].pixels(min(mask.shape))

    def blurred(part: Floats) -> Floats:
        return np.asarray(blur(Image.fromarray(_to_bytes(part)), sigma, sigma), np.float32) / np.float32(255)

    return _changed_around(mask, blur_radius(sigma), blurred)


def _fill_holes(mask: Floats, lengths: Sequence[Length]) -> Floats:
    del lengths
    return _changed_around(mask, 0, _without_holes)


def _without_holes(mask: Floats) -> Floats:
    from scipy import ndimage  # pyright: ignore[reportMissingTypeStubs]

    measurements: Any = ndimage
    core = mask >= _HALF
    labels: NDArray[np.int32] = measurements.label(~core)[0]
    # What is not masked and reaches the border is no hole.
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    is_hole = np.ones(int(labels.max()) + 1, bool)
    is_hole[outside] = is_hole[0] = False
    holes = is_hole[labels]
    part = _around(holes, 2)
    if part is None:
        return mask
    result = mask.copy()
    # With the grey pixels of their edges.
    filled = (core | holes)[part] & (distance_inside(~holes[part]) < 2)
    result[part] = np.where(filled, 1, mask[part])
    return result


def _threshold(mask: Floats, lengths: Sequence[Length]) -> Floats:
    return (_to_bytes(mask) >= lengths[0].pixels(255)).astype(np.float32)


def _invert(mask: Floats, lengths: Sequence[Length]) -> Floats:
    del lengths
    return 1 - mask


def _to_bytes(mask: Floats) -> NDArray[np.uint8]:
    result = np.zeros(mask.shape, np.uint8)
    if (part := _around(mask, 0)) is not None:
        result[part] = np.rint(mask[part] * np.float32(255)).astype(np.uint8)
    return result


SHAPES: dict[str, Shape] = {
    "rect": Shape(_rect_bounds, _rect),
    "ellipse": Shape(_ellipse_bounds, _ellipse),
    "polygon": Shape(_polygon_bounds, _polygon),
    "stroke": Shape(_stroke_bounds, _stroke),
    "all": Shape(_everywhere, _all),
}
SOURCES: dict[str, Callable[[Step, Image.Image, Image.Image | None], Floats]] = {
    "transparent": _transparent,
    "color": _color,
    "difference": _difference,
}
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
