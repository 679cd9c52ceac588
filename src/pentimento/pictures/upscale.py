"""Upscalers that work on pixels: a picture brought to a larger size."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..geometry import Size
from .resize import Upscale, resample


def nearest(image: Image.Image, size: Size) -> Image.Image:
    """Enlarge by repeating pixels: hard edges, no new colours."""
    # Pillow adds up positions in float, so that a tie falls now here, now there.
    rows, columns = _nearest(image.height, size.height), _nearest(image.width, size.width)
    return Image.fromarray(np.asarray(image)[rows[:, np.newaxis], columns])


def _nearest(own: int, enlarged: int) -> NDArray[np.int64]:
    return (2 * np.arange(enlarged, dtype=np.int64) + 1) * own // (2 * enlarged)


PIXEL_UPSCALERS: dict[str, Upscale] = {"lanczos": resample, "nearest": nearest}
