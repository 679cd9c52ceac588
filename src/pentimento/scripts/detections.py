"""Detections: parts of a picture that are proposed, then filtered, ordered and grown to masks."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from ..geometry import Box
from ..models.objects import Found
from ..pictures.mask_text import read_drawing
from ..pictures.masks import bounding_box
from ..pictures.shapes import OPERATIONS, Length, render

Order = Literal["left_to_right", "top_to_bottom", "center_to_edge", "largest_first", "surest_first", "as_given"]
Shape = Literal["rect", "ellipse"]
Merge = Literal["none", "merged", "all_the_rest"]


@dataclass(frozen=True, eq=False)
class Detection:
    """One part of a picture.

    Attributes
    ----------
    mask : "L" of the picture's size, white = the part
    score : how sure it is, 0..1
    label : what it is; empty where nobody says
    drawn : left, top, width and height as text, of what was drawn; empty where it is a part of a mask
    """

    mask: Image.Image
    score: float = 1.0
    label: str = ""
    drawn: str = ""

    @cached_property
    def box(self) -> Box:
        """The smallest around the mask; none is empty."""
        box = bounding_box(self.mask)
        assert box is not None, "what is empty is left out"
        return box

    @cached_property
    def area(self) -> float:
        """Px that are masked, grey ones by their share."""
        return float(np.asarray(self.mask, np.float64).sum() / 255)

    @property
    def center(self) -> tuple[float, float]:
        return (self.box.left + self.box.right) / 2, (self.box.top + self.box.bottom) / 2


def _there(detections: Iterable[Detection]) -> list[Detection]:
    """Leave out what is empty."""
    return [one for one in detections if one.mask.getbbox() is not None]


def parts_of(mask: Image.Image) -> list[Detection]:
    """Take a mask apart: pixels above 0 that touch, also at corners, are one detection.

    Examples
    --------
    >>> mask = Image.new("L", (8, 4))
    >>> mask.paste(255, (0, 0, 2, 2))
    >>> mask.paste(90, (5, 1, 8, 4))
    >>> [part.box for part in parts_of(mask)]
    [Box(left=0, top=0, right=2, bottom=2), Box(left=5, top=1, right=8, bottom=4)]
    """
    from scipy import ndimage  # pyright: ignore[reportMissingTypeStubs]

    morphology: Any = ndimage
    pixels: NDArray[np.uint8] = np.asarray(mask, np.uint8)
    labels, count = morphology.label(pixels > 0, structure=np.ones((3, 3)))
    whole = [Image.fromarray(np.where(labels == number, pixels, 0).astype(np.uint8)) for number in range(1, count + 1)]
    return [Detection(part) for part in whole]


def from_boxes(boxes: Sequence[str], image: Image.Image, shape: Shape) -> list[Detection]:
    """Draw boxes (left, top, width, height, as text) as detections."""
    return _there(Detection(render(read_drawing(f"{shape} {box}"), image), drawn=box) for box in boxes)


def from_found(found: Sequence[Found], image: Image.Image, shape: Shape) -> list[Detection]:
    """Draw what a model has found, out to whole px."""
    boxes = [Box(*map(math.floor, (one.left, one.top)), *map(math.ceil, (one.right, one.bottom))) for one in found]
    texts = [f"{box.left} {box.top} {box.size.width} {box.size.height}" for box in boxes]
    drawn = (from_boxes([text], image, shape) for text in texts)
    pairs = ((one, each) for each, ones in zip(found, drawn, strict=True) for one in ones)
    return [replace(one, score=each.score, label=each.label) for one, each in pairs]


def within(detections: Iterable[Detection], mask: Image.Image) -> list[Detection]:
    """Keep of every detection what lies under a mask."""
    return _there(replace(one, mask=ImageChops.darker(one.mask, mask)) for one in detections)


def sized(detections: Iterable[Detection], least: float, most: float) -> list[Detection]:
    """Keep those whose share of the picture lies between two bounds."""
    return [one for one in detections if least <= one.area / (one.mask.width * one.mask.height) <= most]


def largest(detections: Sequence[Detection], count: int) -> list[Detection]:
    """Keep the largest, in the order in which they stand; 0 = all."""
    if not count:
        return list(detections)
    chosen = sorted(range(len(detections)), key=lambda index: (-detections[index].area, index))[:count]
    return [detections[index] for index in sorted(chosen)]


def ordered(detections: Iterable[Detection], order: Order) -> list[Detection]:
    """Sort; equal ones stay as they are."""
    return sorted(detections, key=_KEYS[order])


def _from_center(one: Detection) -> float:
    return math.hypot(one.center[0] - one.mask.width / 2, one.center[1] - one.mask.height / 2)


_KEYS: Mapping[Order, Callable[[Detection], float]] = {
    "left_to_right": lambda one: one.center[0],
    "top_to_bottom": lambda one: one.center[1],
    "center_to_edge": _from_center,
    "largest_first": lambda one: -one.area,
    "surest_first": lambda one: -one.score,
    "as_given": lambda one: 0,
}


def grown(detections: Iterable[Detection], by: int) -> list[Detection]:
    """Widen (or below 0 narrow) the masks by px; what vanishes is left out."""
    if not by:
        return list(detections)
    operation, lengths = OPERATIONS["grow" if by > 0 else "shrink"], (Length(float(abs(by))),)

    def changed(mask: Image.Image) -> Image.Image:
        result = operation(np.asarray(mask, np.float32) / np.float32(255), lengths)
        return Image.fromarray(np.rint(result * 255).astype(np.uint8))

    return _there(replace(one, mask=changed(one.mask)) for one in detections)


def merged(detections: Sequence[Detection], how: Merge) -> list[Detection]:
    """Make one of all, or of all the rest."""
    if how == "none" or not detections:
        return list(detections)
    mask = detections[0].mask
    for one in detections[1:]:
        mask = ImageChops.lighter(mask, one.mask)
    return _there([Detection(_MERGED[how](mask), min(one.score for one in detections))])


_MERGED: Mapping[Merge, Callable[[Image.Image], Image.Image]] = {
    "merged": lambda mask: mask,
    "all_the_rest": ImageChops.invert,
}
