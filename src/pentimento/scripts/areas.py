"""Where a picture may change: a box and which of its pixels, and pictures put together by that."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..geometry import Box
from ..pictures.masks import bounding_box

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Area:
    """Pixels that may change.

    Attributes
    ----------
    inside : [h, w] of the box
    """

    box: Box
    inside: Bools

    def cut(self, image: Image.Image) -> Bytes:
        """Cut the box out of a picture: [h, w, C]."""
        return np.asarray(image.crop(self.box), np.uint8)

    def lay(self, pixels: Bytes, canvas: Bytes) -> None:
        """Put what was cut out of one picture into another, where it may change."""
        part = canvas[self.box.top : self.box.bottom, self.box.left : self.box.right]
        part[self.inside] = pixels[self.inside]

    def shared(self, other: "Area") -> Box | None:
        """Find the smallest box around what both may change; None where there is nothing."""
        box = Box(
            max(self.box.left, other.box.left),
            max(self.box.top, other.box.top),
            min(self.box.right, other.box.right),
            min(self.box.bottom, other.box.bottom),
        )
        if box.left >= box.right or box.top >= box.bottom:
            return None
        found = bounding_box(Image.fromarray((self._in(box) & other._in(box)).view(np.uint8)))
        return found and Box(box.left + found.left, box.top + found.top, box.left + found.right, box.top + found.bottom)

    def _in(self, box: Box) -> Bools:
        left, top = box.left - self.box.left, box.top - self.box.top
        return self.inside[top : top + box.size.height, left : left + box.size.width]


def area_of(changes: Bools) -> Area | None:
    """Give the area of all True of [H, W]; None where there is none.

    Examples
    --------
    >>> changes = np.zeros((8, 8), bool)
    >>> changes[2:4, 1:7] = True
    >>> area_of(changes).box
    Box(left=1, top=2, right=7, bottom=4)
    """
    box = bounding_box(Image.fromarray(changes.view(np.uint8)))
    return box and Area(box, changes[box.top : box.bottom, box.left : box.right].copy())
