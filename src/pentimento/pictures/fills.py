"""Pixel fills: what the network is shown under the mask, before it is encoded."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from ..geometry import Size
from .growth import grow_inwards
from .membrane import doubled, summed_by_twos
from .patches import fill_by_patches, reduced_known
from .resize import resample

Floats = NDArray[np.floating]

_PYRAMID = ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1))
"""Radius of a blur in px, and how often its result is laid on top."""
_ONE = np.float32(1)
_NO_COLOUR = np.float32(127.5)
_NEGLIGIBLE = np.float32(1e-6)


def fill(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Fill the masked part with ever sharper blurs of its surroundings.

    Parameters
    ----------
    image : "RGB" at working size
    mask : "L" of the same size, white = fill; grey is filled in part

    Returns
    -------
    "RGB"; unmasked pixels come back exactly, an image that is all masked is black.

    Notes
    -----
    A1111 v1.10.1 behaviour: blurs of the premultiplied rest, from wide to narrow, are laid
    over each other. Radii do not scale with the picture.
    """
    rest = Image.new("RGBa", image.size)
    rest.paste(image.convert("RGBA").convert("RGBa"), mask=ImageOps.invert(mask.convert("L")))
    result = Image.new("RGBA", image.size)
    for radius, times in _PYRAMID:
        blurred = rest.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(times):
            result.alpha_composite(blurred)
    return result.convert("RGB")


def smooth_fill(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Fill the masked part with colours that run smoothly from its surroundings.

    Parameters
    ----------
    image : "RGB" at working size
    mask : "L" of the same size, white = fill; grey is filled in part

    Returns
    -------
    "RGB"; unmasked pixels come back exactly, an image that is all masked is mid-grey.

    Notes
    -----
    Push-pull over a pyramid of weighted means (Gortler et al. 1996, section 3.4.1): the
    same at any size, in float, with no radius to choose.
    """
    known = _ONE - np.asarray(mask.convert("L"), np.float32) / np.float32(255)
    filled = _push_pull(np.asarray(image, np.float32), known)
    return Image.fromarray(np.rint(np.clip(filled, 0, 255)).astype(np.uint8))


def _push_pull(colours: Floats, known: Floats) -> Floats:
    """Complete [H, W, 3] where `known` [H, W] is below 1."""
    height, width = known.shape
    share = known[..., np.newaxis]
    if height == width == 1:
        return share * colours + (_ONE - share) * _NO_COLOUR
    weighted = summed_by_twos(colours * share)
    weight = summed_by_twos(share)
    coarse = _push_pull(weighted / np.maximum(weight, _NEGLIGIBLE), np.minimum(weight, _ONE)[..., 0])
    below = doubled(coarse, width, height)
    return share * colours + (_ONE - share) * below


def original(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Show the network what was there."""
    return image


def content_aware(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Fill the masked part with pieces of the rest that fit; see `patches.fill_by_patches`.

    Parameters and result are as in `smooth_fill`, which stands in where there is nothing to take from.
    """
    colours, share = np.asarray(image), np.asarray(mask.convert("L"))
    filled = fill_by_patches(colours, share > 0)
    return smooth_fill(image, mask) if filled is None else _filled(colours, share, filled)


def edge_growth(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Fill the masked part from its border inwards; see `growth.grow_inwards`.

    Parameters and result are as in `smooth_fill`, which stands in where nothing is known. A
    picture of more than `_GROWN_AT` px a side is filled at that size and stretched.
    """
    colours, share = np.asarray(image), np.asarray(mask.convert("L"))
    scale = min(1.0, _GROWN_AT / max(image.size))
    size = Size(max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small, known = reduced_known(colours, share == 0, size)
    if not known.any():
        return smooth_fill(image, mask)
    grown = Image.fromarray(np.rint(np.clip(grow_inwards(small, ~known), 0, 255)).astype(np.uint8))
    return _filled(colours, share, np.asarray(resample(grown, Size(*image.size), Image.Resampling.BICUBIC))[share > 0])


def neutral(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Fill the masked part with mid-grey; parameters and result are as in `smooth_fill`."""
    return _filled(np.asarray(image), np.asarray(mask.convert("L")), _NO_COLOUR)


_GROWN_AT = 384


def _filled(colours: NDArray[np.uint8], share: NDArray[np.uint8], filled: Floats | np.float32) -> Image.Image:
    """Mix what the pixels of the mask are filled with, [n, 3], into a picture."""
    result, masked = colours.copy(), share > 0
    old, new = colours[masked].astype(np.float32), np.asarray(filled, np.float32)
    mixed = old + share[masked, np.newaxis].astype(np.float32) / np.float32(255) * (new - old)
    result[masked] = np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)
    return Image.fromarray(result)


Fill = Callable[[Image.Image, Image.Image], Image.Image]

# What the latents get comes later; their soft edges and the encoder see the pixel fill first.
PIXEL_FILLS: dict[str, Fill] = {
    "fill": smooth_fill,
    "original": original,
    "latent_noise": smooth_fill,
    "latent_nothing": smooth_fill,
    "content_aware": content_aware,
    "edge_growth": edge_growth,
    "neutral": neutral,
}
A1111_FILLS: dict[str, Fill] = {**PIXEL_FILLS, "fill": fill, "latent_noise": fill, "latent_nothing": fill}
