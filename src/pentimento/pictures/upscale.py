"""Upscalers that work on pixels: a picture brought to a larger size."""

from collections.abc import Callable

from PIL import Image

from ..geometry import Size
from .resize import resample

Upscale = Callable[[Image.Image, Size], Image.Image]


def lanczos(image: Image.Image, size: Size) -> Image.Image:
    """Enlarge with a windowed sinc: smooth, a little sharpened."""
    return resample(image, size)


def nearest(image: Image.Image, size: Size) -> Image.Image:
    """Enlarge by repeating pixels: hard edges, no new colours."""
    return image.resize(size, Image.Resampling.NEAREST)


PIXEL_UPSCALERS: dict[str, Upscale] = {"lanczos": lanczos, "nearest": nearest}
