"""The larger canvas of A1111's two outpainting scripts: how far each side moves out."""

import math
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw

from ..geometry import Size
from ..request import Request
from .base import kept_where

Side = Literal["left", "right", "up", "down"]
SIDES: tuple[Side, ...] = ("left", "right", "up", "down")


@dataclass(frozen=True)
class Margins:
    """Px by which a picture grows on each side."""

    left: int = 0
    right: int = 0
    up: int = 0
    down: int = 0

    def size(self, picture: Size) -> Size:
        return Size(picture.width + self.left + self.right, picture.height + self.up + self.down)

    def inset(self, by: int) -> "Margins":
        """Move the inner line inwards on the sides that grow."""
        return Margins(*(side + by if side else 0 for side in (self.left, self.right, self.up, self.down)))

    def mask(self, size: Size) -> Image.Image:
        """Draw white margins around a black picture of this whole size.

        Notes
        -----
        A1111 v1.10.1 behaviour: the black part holds its right and lower line.
        """
        mask = Image.new("L", size, 255)
        right, bottom = size.width - self.right, size.height - self.down
        if right >= self.left and bottom >= self.up:
            ImageDraw.Draw(mask).rectangle((self.left, self.up, right, bottom), fill=0)
        return mask


def kept_inside(request: Request, source: Image.Image, grown: Margins, softness: int) -> Request:
    """Give a request whose untouched pixels are those of a picture, but for a border on the sides that grew.

    Parameters
    ----------
    softness : px by which the mask of the margins, blurred, reaches into the picture
    """
    size = grown.size(Size(*source.size))
    canvas = Image.new("RGB", size)
    canvas.paste(source, (grown.left, grown.up))
    # Another mode of the mask would paint the picture and leave the margins.
    is_kept = request.mask_mode == "inpaint_masked"
    mask = grown.inset(softness).mask(size) if is_kept else Image.new("L", size, 255)
    return kept_where(request, mask, init_image=canvas)


def margins(picture: Size, pixels: int, sides: tuple[Side, ...]) -> Margins:
    """Share out the margins so that the whole becomes a multiple of 64.

    Notes
    -----
    A1111 v1.10.1 behaviour.

    Examples
    --------
    >>> margins(Size(128, 100), 32, ("left", "right"))
    Margins(left=32, right=32, up=0, down=0)
    """
    first = {side: pixels if side in sides else 0 for side in SIDES}
    left, right = _shared(picture.width, first["left"], first["right"])
    up, down = _shared(picture.height, first["up"], first["down"])
    return Margins(left, right, up, down)


def _shared(length: int, before: int, after: int) -> tuple[int, int]:
    if not before + after:
        return 0, 0
    whole = math.ceil((length + before + after) / 64) * 64 - length
    before = before * whole // (before + after)
    return before, whole - before if after else 0
