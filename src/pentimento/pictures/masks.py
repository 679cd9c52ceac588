"""Masks: to grey, blurred, bounded, brought to the latents. White = repaint."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..errors import unknown_name
from ..geometry import Box, Size
from .resize import fit, resample

_KERNEL_ONE = 256
"""OpenCV's 8-bit kernels have 8 fractional bits."""
_TILE = (128, 256)
"""Rows and columns smoothed at once; the buffers for it stay in the processor's cache."""


def to_grey(mask: Image.Image, round_alpha: bool) -> Image.Image:
    """Read a mask as "L": by its alpha where that is used at all, else by its brightness.

    Parameters
    ----------
    mask : any mode
    round_alpha : alpha above 128 becomes 255 and the rest 0; otherwise alpha stays grey.
        Brightness is never thresholded.

    Notes
    -----
    A1111 v1.10.1 behaviour.

    Examples
    --------
    >>> to_grey(Image.new("RGBA", (1, 1), (0, 0, 0, 129)), round_alpha=True).getpixel((0, 0))
    255
    >>> to_grey(Image.new("RGBA", (1, 1), (90, 90, 90, 255)), round_alpha=True).getpixel((0, 0))
    90
    """
    if mask.mode != "RGBA":
        return mask.convert("L")
    alpha = mask.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return mask.convert("L")
    return alpha.point([255 * (value > 128) for value in range(256)]) if round_alpha else alpha


def invert(mask: Image.Image) -> Image.Image:
    """Turn black to white: what was kept is repainted."""
    return ImageOps.invert(mask)


def doubled(mask: Image.Image) -> Image.Image:
    """Multiply by two, at most 255: the soft edge then lies outside the half line."""
    return mask.point([min(255, 2 * value) for value in range(256)])


def blur_radius(sigma: float) -> int:
    """Give how many px a blur of this sigma can carry a mask outwards, on each side."""
    return int(2.5 * sigma + 0.5)


def blur(mask: Image.Image, sigma_x: float, sigma_y: float) -> Image.Image:
    """Smooth a mask by a Gaussian, across and then down.

    Parameters
    ----------
    mask : "L"
    sigma_x, sigma_y : px; 0 leaves that direction alone

    Notes
    -----
    Bit for bit OpenCV's `GaussianBlur` of 8 bits with a kernel of
    `2 * blur_radius(sigma) + 1` taps by 1, border reflect-101, as A1111 v1.10.1 calls it.
    Values and taps are integers: `(sum(tap * pixel) + 128) >> 8` with taps that sum to
    256, hence everything fits 16 bits. Only the bounding box, grown by the radius, is read.
    """
    box = bounding_box(mask)
    if box is None:
        return mask.copy()
    pixels = np.asarray(mask.crop(box), dtype=np.uint8)
    pixels, left = _smoothed(pixels, box.left, mask.width, sigma_x, axis=1)
    pixels, top = _smoothed(pixels, box.top, mask.height, sigma_y, axis=0)
    result = Image.new("L", mask.size)
    result.paste(Image.fromarray(pixels), (left, top))
    return result


def bounding_box(mask: Image.Image) -> Box | None:
    """Find the smallest box around all pixels that are not 0; None where all are."""
    box = mask.getbbox()
    return None if box is None else Box(*box)


def expand_to_aspect(box: Box, working: Size, picture: Size) -> Box:
    """Grow a box on its short side to the aspect of the working size, inside the picture.

    Where the picture is too small for that, the box keeps a wrong aspect.

    Notes
    -----
    A1111 v1.10.1 behaviour.

    Examples
    --------
    >>> expand_to_aspect(Box(10, 20, 138, 52), Size(512, 512), Size(1000, 1000))
    Box(left=10, top=0, right=138, bottom=128)
    """
    aspect = working.width / working.height
    if box.size.width / box.size.height > aspect:
        top, bottom = _expanded(box.top, box.bottom, box.size.width / aspect, picture.height)
        return Box(box.left, top, box.right, bottom)
    left, right = _expanded(box.left, box.right, box.size.height * aspect, picture.width)
    return Box(left, box.top, right, box.bottom)


def box_around(mask: Image.Image, padding: int) -> Box | None:
    """Find what "only masked" starts from: the mask's box, padded; `expand_to_aspect` does the rest.

    Parameters
    ----------
    mask : the blurred one; every value above 0 counts
    padding : px added on every side, cut at the mask's border

    Returns
    -------
    The box, or None where the mask is empty.
    """
    box = bounding_box(mask)
    return None if box is None else box.padded(padding).clamped(Size(*mask.size))


def feather_both(blurred: NDArray[np.uint8], painted: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Weigh by `min(1, 2m)`: all of the painted part new, the fade outside of its line.

    Parameters
    ----------
    blurred, painted : [H, W], 0..255, before and after the blur

    Returns
    -------
    Weight of the new picture, [H, W], 0..1; exactly 0 where `blurred` is 0 and only there.
    """
    return np.minimum(blurred.astype(np.float32) * np.float32(2 / 255), 1)


def feather_inward(blurred: NDArray[np.uint8], painted: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Weigh by `clip(2m - 1, 0, 1) * painted`: the fade inside, every unpainted pixel locked.

    Parameters and result are as in `feather_both`; exactly 0 wherever `painted` or
    `blurred` is 0. A part thinner than about 1.35 sigma is swallowed whole.
    """
    inside = np.clip(blurred.astype(np.float32) * np.float32(2 / 255) - 1, 0, 1)
    return (inside * (painted.astype(np.float32) * np.float32(1 / 255))).astype(np.float32, copy=False)


FEATHERS: dict[str, Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float32]]] = {
    "both": feather_both,
    "inward": feather_inward,
}


FEATHER_REACHES: dict[str, Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.bool_]]] = {
    "both": lambda blurred, painted: blurred > 0,
    "inward": lambda blurred, painted: (blurred > 127) & (painted > 0),
}
"""Where the weight of `FEATHERS` is above 0, at a tenth of its cost."""


GREYS: dict[str, Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float32]]] = {
    "both": lambda blurred, painted: blurred.astype(np.float32) * np.float32(1 / 255),
    "inward": feather_inward,
}
"""The mask where its grey counts, 0..1; above 0 where the weight of `FEATHERS` is."""


def latent_mask(mask: Image.Image, size: Size, how: Literal["max_pool", "rounded", "soft"]) -> NDArray[np.float32]:
    """Bring a mask to the latents' grid.

    Parameters
    ----------
    mask : "L" (or grey as "RGB") at working size
    size : cells across and down
    how : `max_pool`: 1 where any pixel of the cell is above 0. `rounded`: reduced
        bicubically, then rounded, halves to even. `soft`: reduced only.

    Returns
    -------
    [h, w], 0..1, 1 = repaint.

    Notes
    -----
    `rounded` and `soft` are A1111 v1.10.1 behaviour with and without its mask rounding.

    Examples
    --------
    >>> spot = Image.new("L", (16, 8))
    >>> spot.putpixel((9, 3), 1)
    >>> latent_mask(spot, Size(2, 1), "max_pool"), latent_mask(spot, Size(2, 1), "rounded")
    (array([[0., 1.]], dtype=float32), array([[0., 0.]], dtype=float32))
    """
    if how not in _REDUCTIONS:
        raise unknown_name("latent_mask", how, list(_REDUCTIONS))
    return _REDUCTIONS[how](mask, size)


def mask_to_working(mask: Image.Image, box: Box, working: Size) -> Image.Image:
    """Bring the part of a mask in a box to the working size without losing a pixel of it.

    Every working pixel gets the largest value of the source pixels that it touches, so
    that a thin line survives any reduction, and nothing appears where nothing was.
    The box is fitted as `compose.crop_to_working` fits it; edge lines go on outside.

    Parameters
    ----------
    mask : "L", source size
    """
    fitted = fit(box, working)
    pixels = np.asarray(mask, dtype=np.uint8)
    columns = _touched(fitted.left, fitted.scale, working.width, mask.width)
    rows = _touched(fitted.top, fitted.scale, working.height, mask.height)
    return Image.fromarray(_largest(_largest(pixels, rows, 0), columns, 1))


def _max_pool(mask: Image.Image, size: Size) -> NDArray[np.float32]:
    pixels = np.asarray(mask.convert("L"), dtype=np.uint8)
    pixels = _largest(pixels, _touched(0.0, size.height / mask.height, size.height, mask.height), 0)
    pixels = _largest(pixels, _touched(0.0, size.width / mask.width, size.width, mask.width), 1)
    return (pixels > 0).astype(np.float32)


def _soft(mask: Image.Image, size: Size) -> NDArray[np.float32]:
    reduced = np.asarray(resample(mask.convert("L"), size, Image.Resampling.BICUBIC), dtype=np.uint8)
    return (reduced / 255).astype(np.float32)


def _rounded(mask: Image.Image, size: Size) -> NDArray[np.float32]:
    return np.rint(_soft(mask, size))


_REDUCTIONS: dict[str, Callable[[Image.Image, Size], NDArray[np.float32]]] = {
    "max_pool": _max_pool,
    "rounded": _rounded,
    "soft": _soft,
}


def _expanded(low: int, high: int, need: float, limit: int) -> tuple[int, int]:
    """Widen a span to a length, shifted to lie in 0..limit, cut where it is too long."""
    missing = int(need - (high - low))
    low -= missing // 2
    high += missing - missing // 2
    if high >= limit:
        low, high = low - (high - limit), limit
    if low < 0:
        low, high = 0, high - low
    return low, min(high, limit)


def _touched(start: float, scale: float, count: int, limit: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last source pixel that each of `count` pixels of size 1/scale covers."""
    edges = start + np.arange(count + 1) / scale
    # A source pixel that is covered by less than a millionth is left out.
    first = np.floor(edges[:-1] + 1e-6).astype(np.intp)
    last = np.ceil(edges[1:] - 1e-6).astype(np.intp) - 1
    return np.clip(first, 0, limit - 1), np.clip(np.maximum(last, first), 0, limit - 1)


def _largest(
    pixels: NDArray[np.uint8], touched: tuple[NDArray[np.intp], NDArray[np.intp]], axis: int
) -> NDArray[np.uint8]:
    first, last = touched
    result = np.take(pixels, first, axis)
    for step in range(1, int((last - first).max()) + 1):
        np.maximum(result, np.take(pixels, np.minimum(first + step, last), axis), out=result)
    return result


def _taps(sigma: float) -> list[int]:
    """Give OpenCV's 8-bit kernel from its centre outwards: integers that sum to 256.

    Notes
    -----
    From the ends inwards every tap is rounded and its error carried to the next one; the
    centre takes what is left.
    """
    radius = blur_radius(sigma)
    exact = [math.exp(-0.5 * (offset / sigma) ** 2) for offset in range(radius, 0, -1)]
    total = 2 * sum(exact) + 1
    taps: list[int] = []
    error = 0.0
    for value in exact:
        wanted = value / total * _KERNEL_ONE + error
        taps.append(round(wanted))
        error = wanted - taps[-1]
    return [_KERNEL_ONE - 2 * sum(taps), *reversed(taps)]


def _smoothed(
    pixels: NDArray[np.uint8], start: int, length: int, sigma: float, axis: int
) -> tuple[NDArray[np.uint8], int]:
    """Blur a patch along one axis; give it grown by the radius, and its new start.

    Parameters
    ----------
    start, length : where the patch begins on that axis, and how long the picture is;
        the picture is 0 outside the patch
    """
    if sigma <= 0:
        return pixels, start
    taps = _taps(sigma)
    radius = len(taps) - 1
    stop = start + pixels.shape[axis]
    new_start, new_stop = max(0, start - radius), min(length, stop + radius)
    positions = np.arange(new_start - radius, new_stop + radius)
    shape = list(pixels.shape)
    shape[axis] = len(positions)
    padded = np.zeros(shape, np.uint8)
    # Views whose first axis is the one that is blurred.
    lines, patch = padded.swapaxes(0, axis), pixels.swapaxes(0, axis)
    lines[start - positions[0] : stop - positions[0]] = patch
    outside = np.flatnonzero((positions < 0) | (positions >= length))
    mirrored = _mirrored(positions[outside], length)
    seen = (mirrored >= start) & (mirrored < stop)
    lines[outside[seen]] = patch[mirrored[seen] - start]
    return _convolved(padded, taps, axis), new_start


def _mirrored(positions: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Fold positions into 0..length-1 without repeating the border, as often as it takes."""
    if length == 1:
        return np.zeros_like(positions)
    folded = positions % (2 * length - 2)
    return np.minimum(folded, 2 * length - 2 - folded)


def _convolved(padded: NDArray[np.uint8], taps: list[int], axis: int) -> NDArray[np.uint8]:
    """Apply a symmetric kernel to a patch that has one radius of margin on both ends.

    Tile by tile; a tile that is the same all along the axis, as most of a mask is, is
    copied, since the taps sum to one.
    """
    radius = len(taps) - 1
    margins = (0, 2 * radius) if axis else (2 * radius, 0)
    height, width = padded.shape[0] - margins[0], padded.shape[1] - margins[1]
    result = np.empty((height, width), np.uint8)
    for top in range(0, height, _TILE[0]):
        for left in range(0, width, _TILE[1]):
            bottom, right = min(height, top + _TILE[0]), min(width, left + _TILE[1])
            # Lines of the tile with its margins, counted along the axis.
            lines = padded[top : bottom + margins[0], left : right + margins[1]].swapaxes(0, axis)
            tile = result[top:bottom, left:right].swapaxes(0, axis)
            if np.array_equal(lines[0], lines[-1]) and bool((lines == lines[0]).all()):
                tile[...] = lines[0]
            else:
                tile[...] = _weighted_sum(lines.astype(np.uint16), taps)
    return result


def _weighted_sum(lines: NDArray[np.uint16], taps: list[int]) -> NDArray[np.uint16]:
    """Sum `2 * radius + 1` neighbouring lines by their taps and divide by 256, halves up."""
    radius = len(taps) - 1
    count = len(lines) - 2 * radius
    sums = lines[radius : radius + count] * np.uint16(taps[0])
    sums += _KERNEL_ONE // 2
    same = np.empty_like(sums)
    # Wide kernels have few different taps: pixels of equal taps are added before they are multiplied.
    for tap in sorted(set(taps[1:]) - {0}):
        same[...] = 0
        for offset in (offset for offset in range(1, radius + 1) if taps[offset] == tap):
            same += lines[radius - offset : radius - offset + count]
            same += lines[radius + offset : radius + offset + count]
        if tap > 1:
            same *= tap
        sums += same
    sums >>= 8
    return sums
