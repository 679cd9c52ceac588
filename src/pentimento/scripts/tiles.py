"""A picture as overlapping tiles of one size, and tiles as a picture again."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..geometry import Box, Size


@dataclass(frozen=True)
class Tiling:
    """Where the tiles lie: rows from above, in each from the left.

    Attributes
    ----------
    overlap : px over which a tile fades in over its left and its upper neighbour
    """

    size: Size
    rows: tuple[tuple[Box, ...], ...]
    overlap: int

    @property
    def boxes(self) -> tuple[Box, ...]:
        return tuple(box for row in self.rows for box in row)

    def cut(self, image: Image.Image) -> list[Image.Image]:
        """Cut a picture of this tiling's size; what lies beyond it is black."""
        return [image.crop(box) for box in self.boxes]

    def joined(self, tiles: Sequence[Image.Image]) -> Image.Image:
        """Put the tiles together again.

        Notes
        -----
        Where neighbours are equal the result is equal to both, to the byte.
        """
        page, rest = Image.new("RGB", self.size), iter(tiles)
        for row in self.rows:
            height = row[0].size.height
            strip = Image.new("RGB", (self.size.width, height))
            across = _ramp(self.overlap, height, across=True)
            for box, tile in zip(row, [next(rest) for _ in row], strict=True):
                _lay(strip, tile, (box.left, 0), across if box.left else None)
            down = _ramp(self.overlap, self.size.width, across=False)
            _lay(page, strip, (0, row[0].top), down if row[0].top else None)
        return page


def tiling(size: Size, tile: Size, overlap: int) -> Tiling:
    """Lay tiles over a picture, the first and the last of a row at its edges.

    Notes
    -----
    A1111 v1.10.1 behaviour.

    Examples
    --------
    >>> tiling(Size(192, 128), Size(128, 128), 32).boxes
    (Box(left=0, top=0, right=128, bottom=128), Box(left=64, top=0, right=192, bottom=128))
    """
    lefts = _starts(size.width, tile.width, overlap)
    tops = _starts(size.height, tile.height, overlap)
    rows = tuple(tuple(Box(left, top, left + tile.width, top + tile.height) for left in lefts) for top in tops)
    return Tiling(size, rows, overlap)


def _starts(length: int, tile: int, overlap: int) -> list[int]:
    count = max(1, math.ceil((length - overlap) / (tile - overlap)))
    step = (length - tile) / (count - 1) if count > 1 else 0
    return [max(0, min(int(index * step), length - tile)) for index in range(count)]


def _ramp(overlap: int, length: int, *, across: bool) -> Image.Image:
    """Build the mask of a fade, 0 to nearly 255 over the overlap."""
    values = (np.arange(overlap) * 255 / max(1, overlap)).astype(np.uint8)
    mask = np.tile(values, (length, 1))
    return Image.fromarray(mask if across else np.ascontiguousarray(mask.T))


def _lay(page: Image.Image, tile: Image.Image, corner: tuple[int, int], ramp: Image.Image | None) -> None:
    """Paste a tile; its left or upper strip, of the ramp's size, fades in."""
    if ramp is None or not ramp.width or not ramp.height:
        page.paste(tile, corner)
        return
    strip = (0, 0, *ramp.size)
    under = page.crop((corner[0], corner[1], corner[0] + ramp.width, corner[1] + ramp.height))
    page.paste(tile, corner)
    page.paste(Image.composite(tile.crop(strip), under, ramp), corner)
