"""From what a caller gives to a picture: decoded, upright, 8 bits, alpha set apart."""

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageColor, ImageOps

from ..errors import ImageError
from ..geometry import Size
from .resize import Upscale, resample, resize

LARGEST_PICTURE = 16384 * 8192
"""Pixels above which a picture is refused before it is decoded (a 512 MB RGBA buffer)."""

_EIGHT_BIT_MODES = {
    "RGB": "RGB",
    "RGBA": "RGBA",
    "L": "L",
    "1": "L",
    "LA": "RGBA",
    "PA": "RGBA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "P": "RGB",
    "YCbCr": "RGB",
    "HSV": "RGB",
    "LAB": "RGB",
    "CMYK": "RGB",
}
"""Pillow's modes and what each is turned into."""


@dataclass(frozen=True)
class Source:
    """A picture taken apart.

    Attributes
    ----------
    image : RGB over the background colour: what the network sees
    straight : RGB as the file holds it, also under transparent pixels; `image` where there is no alpha
    alpha : "L", 255 = opaque; None where there is none to give back
    background : RGB, 0..255
    icc : profile of the RGB values, to be written into the result
    """

    image: Image.Image
    straight: Image.Image
    alpha: Image.Image | None
    background: tuple[int, int, int]
    icc: bytes | None

    @property
    def size(self) -> Size:
        return Size(*self.image.size)

    def resized(self, size: Size, mode: str, upscale: Upscale = resample) -> "Source":
        """Give all planes another size in one of `RESIZE_MODES`."""
        image = resize(self.image, size, mode, upscale)
        return replace(
            self,
            image=image,
            straight=image if self.straight is self.image else resize(self.straight, size, mode, upscale),
            alpha=None if self.alpha is None else resize(self.alpha, size, mode, upscale),
        )


def read_picture(picture: str | Path | bytes | Image.Image, field: str) -> Image.Image:
    """Read a picture, upright, as "L", "RGB" or "RGBA" with 8 bits.

    EXIF orientation is applied; a colour or palette entry marked transparent becomes
    alpha; 16-bit grey is scaled by 255/65535; CMYK with a profile goes to sRGB through
    it. The only thing kept in `info` is `icc_profile`, where it describes RGB values.
    The first frame of an animation is taken.

    Parameters
    ----------
    picture : path, bytes of a file, or an image
    field : name in the request, for the error

    Raises
    ------
    ImageError
        No such file, not a picture, damaged, no pixels, more than `LARGEST_PICTURE`
        pixels, or values that 8 bits cannot stand for.
    """
    shown = _shown(picture)
    try:
        opened = _open(picture, field, shown)
        if not 0 < opened.width * opened.height <= LARGEST_PICTURE:
            size = f"{opened.width}x{opened.height}"
            raise ImageError(field, shown, f"{shown} has {size} pixels; from 1 to {LARGEST_PICTURE} can be read")
        # exif_transpose copies also what is upright already: 12 ms at 4096 px.
        turned = opened.getexif().get(ExifTags.Base.Orientation, 1) != 1
        upright = ImageOps.exif_transpose(opened) if turned else opened
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            field, shown, f"{shown} has too many pixels ({error}); at most {LARGEST_PICTURE} can be read"
        ) from error
    except (OSError, SyntaxError, EOFError, ValueError) as error:
        raise ImageError(
            field, shown, f"{shown} is damaged or cut short ({error}); save it anew from its program"
        ) from error
    return _eight_bits(upright, field, shown)


def split(image: Image.Image, background: str, alpha: Literal["keep", "flatten"]) -> Source:
    """Lay a picture over the background colour and set its alpha apart.

    Parameters
    ----------
    image : "L", "RGB" or "RGBA", from `read_picture`
    background : "#rrggbb"
    alpha : `keep` to give the transparency back later, `flatten` to drop it

    Notes
    -----
    The laying over is A1111 v1.10.1 behaviour, Pillow's 8-bit alpha composite.

    Examples
    --------
    >>> source = split(Image.new("RGBA", (1, 1), (0, 0, 0, 0)), "#336699", "keep")
    >>> source.image.getpixel((0, 0)), source.straight.getpixel((0, 0)), source.alpha.getpixel((0, 0))
    ((51, 102, 153), (0, 0, 0), 0)
    """
    colour = ImageColor.getrgb(background)[:3]
    icc: bytes | None = image.info.get("icc_profile")
    if image.mode != "RGBA":
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        return Source(rgb, rgb, None, colour, icc)
    flat = Image.alpha_composite(Image.new("RGBA", image.size, colour), image).convert("RGB")
    if alpha == "flatten":
        return Source(flat, flat, None, colour, icc)
    return Source(flat, image.convert("RGB"), image.getchannel("A"), colour, icc)


def _shown(picture: str | Path | bytes | Image.Image) -> str:
    if isinstance(picture, bytes):
        return f"a picture of {len(picture)} bytes"
    return "the image" if isinstance(picture, Image.Image) else f"'{picture}'"


def _open(picture: str | Path | bytes | Image.Image, field: str, shown: str) -> Image.Image:
    if isinstance(picture, Image.Image):
        return picture
    try:
        return Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else Path(picture).expanduser())
    except FileNotFoundError as error:
        raise ImageError(field, shown, f"there is no file {shown}; check the path") from error
    except (IsADirectoryError, PermissionError) as error:
        raise ImageError(field, shown, f"{shown} cannot be opened ({error.strerror}); give a readable file") from error
    except Image.UnidentifiedImageError as error:
        raise ImageError(
            field, shown, f"{shown} is not a picture that can be read; use PNG, JPEG, WebP, AVIF, TIFF, GIF or BMP"
        ) from error


def _eight_bits(image: Image.Image, field: str, shown: str) -> Image.Image:
    icc: bytes | None = image.info.get("icc_profile")
    if image.mode == "CMYK" and icc:
        image, icc = _cmyk_to_srgb(image, icc), None
    elif image.mode.startswith(("I", "F")):
        image = Image.fromarray(_scaled_grey(image, field, shown))
    elif "transparency" in image.info and image.mode in ("1", "L", "RGB", "P"):
        image = image.convert("RGBA")
    target = _EIGHT_BIT_MODES.get(image.mode)
    if target is None:
        raise ImageError(field, shown, f"{shown} has pixels of kind {image.mode}; convert it to 8-bit RGB")
    # convert() also copies, so that the caller's image is never shared.
    result = image.convert(target)
    # Bytes 16..19 of a profile name its colour space; one of grey or CMYK would be false on RGB.
    result.info = {"icc_profile": icc} if icc and icc[16:20] == b"RGB " and target != "L" else {}
    return result


def _cmyk_to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    try:
        converted = ImageCms.profileToProfile(
            image, io.BytesIO(icc), cast(Any, ImageCms).createProfile("sRGB"), outputMode="RGB"
        )
    except ImageCms.PyCMSError:
        return image.convert("RGB")
    return converted or image.convert("RGB")


def _scaled_grey(image: Image.Image, field: str, shown: str) -> NDArray[np.uint8]:
    """Bring 16-bit integers (0..65535) or floats (0..1) to 0..255."""
    values: NDArray[Any] = np.asarray(image)
    top = 1.0 if image.mode.startswith("F") else 65535.0
    if not (values.min() >= 0 and values.max() <= top):
        span = f"values from {values.min()} to {values.max()}"
        raise ImageError(field, shown, f"{shown} has {span}; from 0 to {top:g} can be read: save it with 8 bits")
    return np.rint(values * (255.0 / top)).astype(np.uint8)
