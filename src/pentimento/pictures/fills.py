"""Pixel fills: what the network is shown under the mask, before it is encoded."""

from collections.abc import Callable

from PIL import Image, ImageFilter, ImageOps

_PYRAMID = ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1))
"""Radius of a blur in px, and how often its result is laid on top."""


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


def original(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Show the network what was there."""
    return image


PIXEL_FILLS: dict[str, Callable[[Image.Image, Image.Image], Image.Image]] = {
    "fill": fill,
    "original": original,
    # What the latents get comes later; their soft edges and the encoder see this first.
    "latent_noise": fill,
    "latent_nothing": fill,
}
