"""A picture as the bytes of a file, with nothing else in it."""

import io

from PIL import Image


def to_png(image: Image.Image) -> bytes:
    """Write a picture as PNG, quickly rather than small."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
