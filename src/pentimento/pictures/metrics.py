"""Measures of what changed, and of masks that will not do what was meant."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .masks import bounding_box

THICKEST = 64
"""Px; `MaskFacts.thickness_px` does not look further."""


@dataclass(frozen=True)
class Footprint:
    """What a result changed outside the painted part.

    Attributes
    ----------
    pixels_changed_outside : pixels not painted of which any channel differs
    reach_px : how far the farthest of them is from the painted part, in px of the larger
        of both directions (Chebyshev: the blur's kernel is a square); the longer side of
        the picture where nothing was painted; 0 where none changed
    largest_change : of any of their channels, 0..255
    """

    pixels_changed_outside: int
    reach_px: int
    largest_change: int


@dataclass(frozen=True)
class Difference:
    """How two pictures differ in chosen pixels.

    Attributes
    ----------
    pixels : of which any channel differs
    largest : difference of any channel, 0..255
    first : x, y of the first of them, row by row; None where there is none
    """

    pixels: int
    largest: int
    first: tuple[int, int] | None


@dataclass(frozen=True)
class MaskFacts:
    """What a plan warns about.

    Attributes
    ----------
    painted_pixels : pixels of the painted mask that are not 0
    thickness_px : side of the largest square that fits into the painted part, at most
        `THICKEST`; below the model's cell (8 px) the mask is thinner than a cell everywhere
    peak : largest value of the blurred mask, 0..255; below 128 nothing is repainted by
        anything that rounds at one half
    """

    painted_pixels: int
    thickness_px: int
    peak: int


def changed(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mark pixels of which any channel differs: [H, W, C] twice to [H, W]."""
    result = first[..., 0] != second[..., 0]
    for channel in range(1, first.shape[2]):
        result |= first[..., channel] != second[..., channel]
    return result


def footprint(source: NDArray[np.uint8], result: NDArray[np.uint8], painted: NDArray[np.uint8]) -> Footprint:
    """Measure what changed outside the painted part.

    Parameters
    ----------
    source, result : [H, W, C]
    painted : [H, W], before the blur; everything above 0 is painted

    Examples
    --------
    >>> before, mask = np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.uint8)
    >>> after = before.copy()
    >>> mask[4, 4], after[3:6, 1:8, 0] = 255, 7
    >>> footprint(before, after, mask)
    Footprint(pixels_changed_outside=20, reach_px=3, largest_change=7)
    """
    outside = changed(source, result) & (painted == 0)
    rows, columns = np.nonzero(outside)
    if len(rows) == 0:
        return Footprint(0, 0, 0)
    difference = np.abs(source[rows, columns].astype(np.int16) - result[rows, columns])
    return Footprint(len(rows), _farthest(rows, columns, painted), int(difference.max()))


def difference_where(
    first: NDArray[np.uint8], second: NDArray[np.uint8], where: NDArray[np.bool_] | None = None
) -> Difference:
    """Compare two pictures in the pixels that were to stay, such as `weight == 0`.

    Parameters
    ----------
    first, second : [H, W, C]
    where : [H, W]; None = everywhere
    """
    differing = changed(first, second)
    if where is not None:
        differing &= where
    rows, columns = np.nonzero(differing)
    if len(rows) == 0:
        return Difference(0, 0, None)
    largest = np.abs(first[rows, columns].astype(np.int16) - second[rows, columns]).max()
    return Difference(len(rows), int(largest), (int(columns[0]), int(rows[0])))


def mask_facts(painted: Image.Image, blurred: Image.Image) -> MaskFacts:
    """Measure a mask before and after its blur.

    Parameters
    ----------
    painted, blurred : "L" of the same size; `painted` after inversion, where that is asked for

    Examples
    --------
    >>> line = Image.new("L", (100, 100))
    >>> line.paste(255, (10, 50, 90, 55))
    >>> mask_facts(line, line).thickness_px
    5
    """
    box = bounding_box(painted)
    if box is None:
        return MaskFacts(0, 0, 0)
    before = np.asarray(painted.crop(box), dtype=np.uint8) > 0
    return MaskFacts(
        painted_pixels=int(np.count_nonzero(before)),
        thickness_px=_largest_square(before),
        peak=int(np.asarray(blurred.crop(box), np.uint8).max()),
    )


def _farthest(rows: NDArray[np.intp], columns: NDArray[np.intp], painted: NDArray[np.uint8]) -> int:
    """Find the smallest square window that, around each of these pixels, meets the painted part."""
    box = bounding_box(Image.fromarray(painted))
    if box is None:
        return max(painted.shape)
    # Only what holds both is counted.
    top, left = min(box.top, int(rows.min())), min(box.left, int(columns.min()))
    painted = painted[top : max(box.bottom, int(rows.max()) + 1), left : max(box.right, int(columns.max()) + 1)]
    rows, columns = rows - top, columns - left
    height, width = painted.shape
    counts = np.zeros((height + 1, width + 1), np.int32)
    np.cumsum(painted > 0, axis=0, dtype=np.int32, out=counts[1:, 1:])
    np.cumsum(counts[1:, 1:], axis=1, out=counts[1:, 1:])
    low, high = 0, max(height, width)
    while high - low > 1:
        middle = (low + high) // 2
        top, bottom = np.maximum(rows - middle, 0), np.minimum(rows + middle + 1, height)
        left, right = np.maximum(columns - middle, 0), np.minimum(columns + middle + 1, width)
        met = counts[bottom, right] - counts[top, right] - counts[bottom, left] + counts[top, left] > 0
        if met.all():
            high = middle
        else:
            low = middle
            # Those that have met the painted part are not the farthest.
            rows, columns = rows[~met], columns[~met]
    return high


def _largest_square(inside: NDArray[np.bool_]) -> int:
    """Give the side of the largest square of True, at most `THICKEST`."""
    height, width = (side // THICKEST * THICKEST for side in inside.shape)
    if height and width:
        # Most masks hold an aligned square of that size, which is found at once.
        columns = np.all(inside[:height, :width].reshape(-1, THICKEST, width), axis=1)
        if np.all(columns.reshape(-1, THICKEST), axis=1).any():
            return THICKEST
    side, squares = int(inside.any()), inside
    steps: list[int] = []
    # Grow by doubling, then by what is left of the last doubling, halved again and again.
    while side and side < THICKEST and (grown := _grown(squares, side)) is not None:
        squares = grown
        steps.append(side)
        side *= 2
    for step in reversed(steps):
        if side < THICKEST and (grown := _grown(squares, step)) is not None:
            squares, side = grown, side + step
    return side


def _grown(squares: NDArray[np.bool_], step: int) -> NDArray[np.bool_] | None:
    """From corners of full squares, find those of squares wider by `step` (at most their side)."""
    if min(squares.shape) <= step:
        return None
    across = squares[:, step:] & squares[:, :-step]
    both = across[step:] & across[:-step]
    return both if both.any() else None
