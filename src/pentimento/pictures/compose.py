"""Cutting out what the network works on, and laying its result back.

Two ways: in float, where every byte with weight 0 stays what it was, and A1111's way
with an 8-bit overlay.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..geometry import Box, Size
from .read import Source
from .resize import Upscale, fit, resample, resize

_LANCZOS_REACH = 3
_NETWORK_REACH = 16
_STRIP = 128
"""Rows mixed at once, so that a large picture needs little memory on top of its bytes."""


def to_bytes(pixels: NDArray[np.floating], how: Literal["round", "truncate"]) -> NDArray[np.uint8]:
    """Turn 0..1 into 0..255; what lies outside is clipped.

    Examples
    --------
    >>> to_bytes(np.array([-1, 0.499, 2.0]), "round"), to_bytes(np.array([0.499]), "truncate")
    (array([  0, 127, 255], dtype=uint8), array([127], dtype=uint8))
    """
    scaled = np.clip(pixels, 0, 1) * 255
    return (np.rint(scaled) if how == "round" else scaled).astype(np.uint8)


def composite(
    source: NDArray[np.uint8],
    repainted: NDArray[np.floating] | NDArray[np.uint8],
    weight: NDArray[np.float32],
    box: Box,
) -> NDArray[np.uint8]:
    """Mix the repainted box into the source.

    Parameters
    ----------
    source : [H, W, C]
    repainted : [h, w, C] of the box's size, 0..1, or bytes
    weight : [H, W], 0..1, 1 = repainted; outside the box it is not looked at
    box : where `repainted` belongs

    Returns
    -------
    A new array. Bytes outside the box, and those where the weight is 0, are the source's.

    Notes
    -----
    `source + weight * (repainted - source)` in float32, rounded, halves to even.
    """
    result = source.copy()
    for top in range(box.top, box.bottom, _STRIP):
        bottom = min(box.bottom, top + _STRIP)
        region = (slice(top, bottom), slice(box.left, box.right))
        share = weight[region][..., np.newaxis]
        old = source[region].astype(np.float32)
        new = repainted[top - box.top : bottom - box.top].astype(np.float32)
        if repainted.dtype != np.uint8:
            new *= 255
        mixed = np.clip(old + share * (new - old), 0, 255)
        # Asked for explicitly: what is not a number would come through weight 0.
        result[region] = np.rint(np.where(share > 0, mixed, old)).astype(np.uint8)
    return result


def restore_alpha(composed: NDArray[np.uint8], source: Source, weight: NDArray[np.float32]) -> Image.Image:
    """Give the source's transparency back to a result that was made over the background.

    Parameters
    ----------
    composed : [H, W, 3], `composite` of `source.image`
    weight : [H, W], as in `composite`

    Returns
    -------
    "RGB" where the source has no alpha, else "RGBA" with the source's alpha. Where the
    weight is 0 all four channels are the source's, hidden colours too.

    Notes
    -----
    Elsewhere the background is taken out again, `(c - (1 - a) b) / a`, so that an edge
    has no fringe of the background colour; where `a` is 0 the hidden colour stays.
    """
    if source.alpha is None:
        return Image.fromarray(composed)
    straight = np.asarray(source.straight, dtype=np.uint8)
    alpha = np.asarray(source.alpha, dtype=np.uint8)
    colours = straight.copy()
    changed = (weight > 0) & (alpha > 0)
    opacity = alpha[changed].astype(np.float32)[:, np.newaxis] / 255
    unmixed = (composed[changed] - (1 - opacity) * np.array(source.background, np.float32)) / opacity
    colours[changed] = np.rint(np.clip(unmixed, 0, 255)).astype(np.uint8)
    return Image.fromarray(np.dstack((colours, alpha)))


def crop_to_working(image: Image.Image, box: Box, working: Size, upscale: Upscale = resample) -> Image.Image:
    """Cut a box out and scale it to the working size, for `stitch_from_working` to undo.

    The box is neither rounded nor stretched: see `resize.fit`. Beyond the picture's
    border the edge lines go on. A box of just the working size is cut without resampling.

    Parameters
    ----------
    image : "RGB" or "L", source size; a mask goes through `masks.mask_to_working`
    upscale : enlarges by whole times, before the exact place is found in that
    """
    if box.size == working:
        return image.crop(box)
    left, top, scale = fit(box, working)
    by_times = upscale is not resample and scale > 1
    times = math.ceil(scale) if by_times else 1
    around = box_seen(box, working, by_times=by_times)
    inside = around.clamped(Size(*image.size))
    margin = image.crop(inside)
    if inside != around:
        beyond = [(inside.top - around.top, around.bottom - inside.bottom)]
        beyond += [(inside.left - around.left, around.right - inside.right), (0, 0)]
        pixels = np.asarray(margin)
        margin = Image.fromarray(np.pad(pixels, beyond[: pixels.ndim], mode="edge"))
    left, top = (left - around.left) * times, (top - around.top) * times
    if times > 1:
        margin = upscale(margin, Size(margin.width * times, margin.height * times))
    tile = (left, top, left + working.width / scale * times, top + working.height / scale * times)
    return resample(margin, working, box=_within(tile, margin))


def box_seen(box: Box, working: Size, *, by_times: bool = False) -> Box:
    """Give the whole source pixels on which a tile cut out by `crop_to_working` depends, beyond the border too.

    Parameters
    ----------
    by_times : it is enlarged by whole times first, by a network that looks around
    """
    if box.size == working:
        return box
    left, top, scale = fit(box, working)
    # What the filter, or the network, reaches beyond the tile.
    reach = _NETWORK_REACH if by_times else math.ceil(_LANCZOS_REACH * max(1, 1 / scale))
    right, bottom = left + working.width / scale, top + working.height / scale
    return Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)).padded(reach)


def stitch_from_working(pixels: NDArray[np.floating], box: Box, working: Size) -> NDArray[np.float32]:
    """Scale a result of working size back to the box it was cut from.

    Parameters
    ----------
    pixels : [H, W, C] at working size, any range

    Returns
    -------
    [h, w, C] of the box's size, float32; sharp edges overshoot a little.

    Notes
    -----
    Lanczos over the part of the tile that shows the box, its edges in fractions of a
    pixel. Cut out and stitched back, a picture is displaced by less than 0.05 px.
    """
    if box.size == working:
        return pixels.astype(np.float32)
    left, top, scale = fit(box, working)
    shown = ((box.left - left) * scale, (box.top - top) * scale, (box.right - left) * scale, (box.bottom - top) * scale)
    planes: list[NDArray[np.float32]] = []
    for channel in range(pixels.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(pixels[..., channel], dtype=np.float32))
        scaled = resample(plane, box.size, box=_within(shown, plane))
        planes.append(np.asarray(scaled, dtype=np.float32))
    return np.stack(planes, axis=2)


def pad_to_multiple(image: Image.Image, multiple: int) -> tuple[Image.Image, Box]:
    """Grow a picture to the right and below to a multiple, repeating its edge.

    Returns
    -------
    The grown picture, and where the given one lies in it.

    Examples
    --------
    >>> padded, box = pad_to_multiple(Image.new("L", (5, 8)), 8)
    >>> padded.size, box.size
    ((8, 8), Size(width=5, height=8))
    """
    size = Size(*image.size)
    grown = size.raised_to(multiple)
    if grown == size:
        return image, Box.whole(size)
    widths = [(0, grown.height - size.height), (0, grown.width - size.width), (0, 0)]
    pixels = np.asarray(image, dtype=np.uint8)
    return Image.fromarray(np.pad(pixels, widths[: pixels.ndim], mode="edge")), Box.whole(size)


def overlay(image: Image.Image, overlay_mask: Image.Image) -> Image.Image:
    """Make A1111's overlay: the source with a hole where the mask is white.

    Parameters
    ----------
    image : "RGB" at the size of the result
    overlay_mask : "L" of the same size; for the whole picture `masks.doubled` of the
        blurred and resized mask, for "only masked" the blurred mask as it is

    Returns
    -------
    "RGBA", alpha = 255 - mask, colours having gone through 8-bit premultiplication.
    """
    premultiplied = Image.new("RGBa", image.size)
    premultiplied.paste(image.convert("RGBA").convert("RGBa"), mask=ImageOps.invert(overlay_mask.convert("L")))
    return premultiplied.convert("RGBA")


def paste(repainted: Image.Image, over: Image.Image, box: Box | None) -> Image.Image:
    """Put the decoded picture under A1111's overlay.

    Parameters
    ----------
    repainted : "RGB"; the whole picture, or the tile of a box
    over : "RGBA" from `overlay`
    box : where the tile belongs on `over`; None for the whole picture

    Notes
    -----
    A1111 v1.10.1 behaviour: the tile is cropped and resized to the box with 8 bits, and
    laid on a transparent canvas. Where sizes differ, both are aligned at the top left.
    """
    canvas = repainted.convert("RGBA")
    if box is not None:
        canvas = Image.new("RGBA", over.size)
        canvas.paste(resize(repainted, box.size, "crop_and_resize"), (box.left, box.top))
    canvas.alpha_composite(over)
    return canvas.convert("RGB")


def _within(edges: tuple[float, float, float, float], image: Image.Image) -> tuple[float, float, float, float]:
    """Cut off what rounding errors put outside the image."""
    left, top, right, bottom = edges
    return max(0.0, left), max(0.0, top), min(float(image.width), right), min(float(image.height), bottom)
