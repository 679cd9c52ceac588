"""Latents and pictures brought to a larger size, and over their edges where they are tiles."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image
from torch import Tensor
from torch.nn import functional

from .errors import RequestError
from .geometry import Box, Size
from .models.upscalers.find import UpscalerFile
from .models.upscalers.upscaler import Upscaler
from .pictures.resize import Upscale, resample
from .pictures.upscale import PIXEL_UPSCALERS

_REACH = 16
"""Cells or pixels that a kernel of any upscaler sees on one side, and more."""

_LARGEST = 2**29
"""Pixels that a network may make of a picture on the way."""

Told = Callable[[int, int], None]
"""Told (tiles that are done, of how many); it stops the work by raising."""


class Interpolation(NamedTuple):
    """How latents are enlarged."""

    mode: str
    antialias: bool = False


LATENT_UPSCALERS: dict[str, Interpolation] = {
    "latent": Interpolation("bilinear"),
    "latent_antialiased": Interpolation("bilinear", antialias=True),
    "latent_bicubic": Interpolation("bicubic"),
    "latent_bicubic_antialiased": Interpolation("bicubic", antialias=True),
    "latent_nearest": Interpolation("nearest"),
    "latent_nearest_exact": Interpolation("nearest-exact"),
}


def enlarge_latents(latents: Tensor, size: Size, upscaler: str, *, wraps: bool) -> Tensor:
    """Bring [B, C, h, w] to `size`, in cells.

    Parameters
    ----------
    wraps : the left edge goes on at the right one, the upper at the lower
    """
    how = LATENT_UPSCALERS[upscaler]
    margins = Margins.around(Size(latents.shape[-1], latents.shape[-2]), size, wraps=wraps)
    left, top = margins.before
    padded = functional.pad(latents, (left, left, top, top), mode="circular")
    shape = (margins.enlarged.height, margins.enlarged.width)
    enlarged = functional.interpolate(padded, size=shape, mode=how.mode, antialias=how.antialias)
    box = margins.inside(size)
    return enlarged[..., box.top : box.bottom, box.left : box.right]


def upscale_with(
    field: str, upscaler: str, network: UpscalerFile | None, load: Callable[[UpscalerFile], Upscaler], told: Told
) -> Upscale:
    """Give what enlarges pictures.

    Parameters
    ----------
    field : of the request, that names the upscaler
    upscaler : row of `PIXEL_UPSCALERS`, where there is no network
    load : brings a network into memory, when the first picture is there
    told : of every tile
    """
    if network is None:
        return PIXEL_UPSCALERS[upscaler]
    return lambda image, size: by_network(image, size, load(network), told, field)


def by_network(
    image: Image.Image,
    size: Size,
    upscaler: Upscaler,
    told: Told = lambda done, tiles: None,
    field: str = "resize_upscaler",
) -> Image.Image:
    """Bring a picture to a size: by the network until it is covered, then by Lanczos.

    A picture in greys stays one. "L", which is how masks and alpha come, goes by Lanczos alone.

    Raises
    ------
    RequestError
        Where the picture would be too large on the way.

    Notes
    -----
    A1111 v1.10.1 behaviour.
    """
    if image.mode == "L":
        return resample(image, size)
    pixels = np.asarray(image.convert("RGB"))
    grey = bool((pixels == pixels[..., :1]).all())
    counts = [upscaler.tiles(own) for own in _sizes(Size(*image.size), size, upscaler, field)]
    for number in range(len(counts)):
        before = sum(counts[:number])
        pixels = upscaler.enlarge(pixels, lambda done, before=before: told(before + done, sum(counts)))
    large = Image.fromarray(pixels)
    if grey:
        large = large.convert("L").convert("RGB")
    return large if large.size == size else resample(large, size)


def _sizes(own: Size, wanted: Size, upscaler: Upscaler, field: str) -> list[Size]:
    """List the sizes of what the network is given, one for each time that it runs; once it does at least."""
    sizes = [own]
    while upscaler.scale > 1 and not _covers(sizes[-1].times(upscaler.scale), wanted):
        sizes.append(sizes[-1].times(upscaler.scale))
    if (largest := sizes[-1].times(upscaler.scale)).area > _LARGEST:
        raise RequestError(
            field,
            upscaler.name,
            f"'{upscaler.name}' would make {largest} of it on the way; give a smaller picture, or take 'lanczos'",
        )
    return sizes


def _covers(size: Size, wanted: Size) -> bool:
    return size.width >= wanted.width and size.height >= wanted.height


def enlarge_picture(picture: Image.Image, size: Size, upscale: Upscale, *, wraps: bool) -> Image.Image:
    """Bring a picture to `size`, in px; `wraps` as for latents."""
    margins = Margins.around(Size(*picture.size), size, wraps=wraps)
    left, top = margins.before
    padded = Image.fromarray(np.pad(np.asarray(picture), ((top, top), (left, left), (0, 0)), mode="wrap"))
    return upscale(padded, margins.enlarged).crop(margins.inside(size))


class Margins(NamedTuple):
    """How far a tile is continued on every side, before and after it is enlarged.

    Attributes
    ----------
    before, after : (across, down)
    enlarged : size of the tile with its margins
    """

    before: tuple[int, int]
    after: tuple[int, int]
    enlarged: Size

    @classmethod
    def around(cls, own: Size, size: Size, *, wraps: bool) -> "Margins":
        """Choose margins that are whole both before and after, so that the grid stays where it is."""
        if not wraps:
            return cls((0, 0), (0, 0), size)
        before = (_margin(own.width, size.width), _margin(own.height, size.height))
        after = (before[0] * size.width // own.width, before[1] * size.height // own.height)
        return cls(before, after, Size(size.width + 2 * after[0], size.height + 2 * after[1]))

    def inside(self, size: Size) -> Box:
        left, top = self.after
        return Box(left, top, left + size.width, top + size.height)


def _margin(own: int, enlarged: int) -> int:
    """Give the least margin that is whole on both scales and as wide as a kernel; at most the whole side."""
    unit = own // math.gcd(own, enlarged)
    return min(own, math.ceil(_REACH / unit) * unit)
