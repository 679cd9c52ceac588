"""A picture that grows: a wider canvas, its new margin, and the mask of both."""

from dataclasses import replace

import numpy as np
from PIL import Image

from ..geometry import Box, Sides, Size
from .read import Source


def extend_source(source: Source, sides: Sides) -> Source:
    """Lay a picture on a larger canvas; its edge lines go on over the margin, which is opaque."""
    image = _drawn_out(source.image, sides)
    if source.alpha is None:
        return replace(source, image=image, straight=image)
    alpha = Image.new("L", sides.around(source.size), 255)
    alpha.paste(source.alpha, sides[:2])
    return replace(source, image=image, straight=_drawn_out(source.straight, sides), alpha=alpha)


def _drawn_out(image: Image.Image, sides: Sides) -> Image.Image:
    pixels = np.asarray(image, dtype=np.uint8)
    return Image.fromarray(np.pad(pixels, ((sides.top, sides.bottom), (sides.left, sides.right), (0, 0)), mode="edge"))


def extend_mask(painted: Image.Image | None, size: Size, sides: Sides, overlap: int) -> Image.Image:
    """Mask the new margin with a strip of the picture along it, besides what was painted.

    Parameters
    ----------
    painted : "L" of the picture's size; None = nothing
    overlap : width of the strip in px, on the sides that grow

    Examples
    --------
    >>> mask = extend_mask(None, Size(4, 1), Sides(2, 0, 0, 0), overlap=1)
    >>> list(mask.tobytes())
    [255, 255, 255, 0, 0, 0]
    """
    strips = Sides(*(overlap if side else 0 for side in sides))
    kept = Box(strips.left, strips.top, size.width - strips.right, size.height - strips.bottom)
    mask = Image.new("L", sides.around(size), 255)
    if min(kept.size) > 0:
        inside = (painted or Image.new("L", size)).crop(kept)
        mask.paste(inside, (sides.left + kept.left, sides.top + kept.top))
    return mask


def margin_set(mask: Image.Image, place: Box) -> Image.Image:
    """Set a mask to 255 everywhere outside a box: there is nothing that could be kept."""
    whole = Image.new("L", mask.size, 255)
    whole.paste(mask.crop(place), place[:2])
    return whole
