"""Latents and pictures brought to a larger size between two passes, over their edges where they are tiles."""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image
from torch import Tensor
from torch.nn import functional

from .geometry import Box, Size
from .pictures.upscale import PIXEL_UPSCALERS

_REACH = 16
"""Cells or pixels that a kernel of any upscaler sees on one side, and more."""


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


def enlarge_picture(picture: Image.Image, size: Size, upscaler: str, *, wraps: bool) -> Image.Image:
    """Bring a picture to `size`, in px; `wraps` as for latents."""
    margins = Margins.around(Size(*picture.size), size, wraps=wraps)
    left, top = margins.before
    padded = Image.fromarray(np.pad(np.asarray(picture), ((top, top), (left, left), (0, 0)), mode="wrap"))
    return PIXEL_UPSCALERS[upscaler](padded, margins.enlarged).crop(margins.inside(size))


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
