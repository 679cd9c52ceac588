"""Resize modes: what happens when the picture has another shape than the one asked for."""

from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from ..errors import unknown_name
from ..geometry import Box, Size


def resample(
    image: Image.Image,
    size: Size,
    how: Image.Resampling = Image.Resampling.LANCZOS,
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """Resize across first and then down, with the kernel widened when shrinking.

    Parameters
    ----------
    box : left, top, right, bottom in px of the image, fractions allowed; None = all of it

    Notes
    -----
    Which direction comes first changes bytes, and depends on Pillow's version (before
    and since 13) when it is left to it.
    """
    left, top, right, bottom = box or (0, 0, image.width, image.height)
    across = image.resize((size.width, image.height), how, (left, 0, right, image.height))
    return across.resize(size, how, (0, top, size.width, bottom))


Upscale = Callable[[Image.Image, Size], Image.Image]
"""Brings a picture to a larger size."""


def just_resize(image: Image.Image, size: Size, upscale: Upscale) -> Image.Image:
    """Stretch to the size; the aspect is not kept."""
    return _enlarged(image, size, upscale)


def crop_and_resize(image: Image.Image, size: Size, upscale: Upscale) -> Image.Image:
    """Scale until the size is covered, and cut off equally on both sides what sticks out."""
    wide = size.width / size.height > image.width / image.height
    return _pasted(_scaled(image, size, upscale, by_width=wide), size)


def resize_and_fill(image: Image.Image, size: Size, upscale: Upscale) -> Image.Image:
    """Scale until the picture fits inside, and fill the bars with its edge lines.

    Notes
    -----
    A1111 v1.10.1 behaviour: one line stays black where an odd side meets an even inner
    side. The bars are a resize of a source box without thickness.
    """
    ratio, own = size.width / size.height, image.width / image.height
    scaled = _scaled(image, size, upscale, by_width=ratio < own)
    canvas = _pasted(scaled, size)
    width, height = scaled.size
    above, beside = size.height // 2 - height // 2, size.width // 2 - width // 2
    if ratio < own and above > 0:
        bar = Size(size.width, above)
        canvas.paste(scaled.resize(bar, box=(0, 0, width, 0)), (0, 0))
        canvas.paste(scaled.resize(bar, box=(0, height, width, height)), (0, above + height))
    elif ratio > own and beside > 0:
        bar = Size(beside, size.height)
        canvas.paste(scaled.resize(bar, box=(0, 0, 0, height)), (0, 0))
        canvas.paste(scaled.resize(bar, box=(width, 0, width, height)), (beside + width, 0))
    return canvas


def leave(image: Image.Image, size: Size, upscale: Upscale) -> Image.Image:
    """Give the picture back as it is: its latents are resized instead."""
    return image


RESIZE_MODES: dict[str, Callable[[Image.Image, Size, Upscale], Image.Image]] = {
    "just_resize": just_resize,
    "crop_and_resize": crop_and_resize,
    "resize_and_fill": resize_and_fill,
    "latent_upscale": leave,
}


def resize(image: Image.Image, size: Size, mode: str, upscale: Upscale = resample) -> Image.Image:
    """Resize in one of `RESIZE_MODES`; the image's own mode ("L", "RGB") is kept.

    Parameters
    ----------
    upscale : what is larger than it was in one direction at least is made by this

    Raises
    ------
    RequestError
        Where there is no such mode; it lists them.

    Notes
    -----
    Lanczos in both directions, A1111 v1.10.1 without an upscaler.

    Examples
    --------
    >>> resize(Image.new("L", (40, 20)), Size(64, 64), "crop_and_resize").size
    (64, 64)
    """
    if mode not in RESIZE_MODES:
        raise unknown_name("resize_mode", mode, list(RESIZE_MODES))
    return RESIZE_MODES[mode](image, size, upscale)


class Fit(NamedTuple):
    """Where a working tile lies on the source: its corner in source px, and tile px per source px."""

    left: float
    top: float
    scale: float


def fit(box: Box, working: Size) -> Fit:
    """Lay a tile of the working size's exact aspect around a box, with the same centre.

    The scale is the same in both directions and the corner is not rounded, so that what
    is cut out by it and put back by it comes to lie where it was. Beyond the box, on one
    axis, the tile shows more of the source.

    Examples
    --------
    >>> fit(Box(10, 10, 30, 20), Size(40, 40))
    Fit(left=10.0, top=5.0, scale=2.0)
    """
    scale = min(working.width / box.size.width, working.height / box.size.height)
    return Fit(
        (box.left + box.right - working.width / scale) / 2, (box.top + box.bottom - working.height / scale) / 2, scale
    )


def _enlarged(image: Image.Image, size: Size, upscale: Upscale) -> Image.Image:
    larger = size.width > image.width or size.height > image.height
    return upscale(image, size) if larger else resample(image, size)


def _scaled(image: Image.Image, size: Size, upscale: Upscale, by_width: bool) -> Image.Image:
    if by_width:
        inner = Size(size.width, image.height * size.width // image.width)
    else:
        inner = Size(image.width * size.height // image.height, size.height)
    # A very long picture can shrink to no pixels across; one line is what is left of it.
    return _enlarged(image, Size(max(1, inner.width), max(1, inner.height)), upscale)


def _pasted(scaled: Image.Image, size: Size) -> Image.Image:
    canvas = Image.new(scaled.mode, size)
    canvas.paste(scaled, (size.width // 2 - scaled.width // 2, size.height // 2 - scaled.height // 2))
    return canvas
