"""Layers: what an edit has changed, kept so that it can be laid over another picture than it was made on."""

import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from ..errors import ImageError
from ..geometry import Box, Size

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint16]
Floats = NDArray[np.floating]

_LOWEST, _PER_LEVEL = 256, 64
_WHOLE = 65535
_PLANES = 4


@dataclass(frozen=True, eq=False)
class Layer:
    """What an edit adds to what lies under it: `added + (1 - weight) * below`, in levels of 0..255.

    Attributes
    ----------
    box : where it lies, px of the picture; without any pixels where nothing was changed
    png : 16-bit grey, four planes of the box's size one under another: what is added to red,
        green and blue as `64 * (levels + 256)`, and the weight as `65535 * weight`
    """

    box: Box
    png: bytes

    @property
    def planes_size(self) -> Size:
        return Size(max(1, self.box.size.width), max(1, self.box.size.height) * _PLANES)

    def check(self) -> None:
        """Refuse a PNG that does not hold the planes of this box.

        Raises
        ------
        ImageError
        """
        self._opened()

    @cached_property
    def added(self) -> Floats:
        """[h, w, 3], levels."""
        return np.ascontiguousarray(_levels(self._planes[:3]).transpose(1, 2, 0))

    @cached_property
    def weight(self) -> Floats:
        """[h, w], 0..1, share of what was made; 1 = nothing of what lies below is left."""
        return self._planes[3].astype(np.float32) / np.float32(_WHOLE)

    @property
    def _planes(self) -> Words:
        try:
            words = np.asarray(self._opened(), np.uint16)
        except (OSError, SyntaxError) as error:
            raise ImageError("layer", self.box, f"the layer at {self.box} is damaged ({error})") from error
        width, height = self.box.size
        return words.reshape(_PLANES, -1, words.shape[1])[:, :height, :width]

    def _opened(self) -> Image.Image:
        # Not by Image.open: what limits the size is the box, which lies in a picture that could be read.
        try:
            image = PngImagePlugin.PngImageFile(io.BytesIO(self.png))
        except (OSError, SyntaxError) as error:
            raise ImageError("layer", self.box, f"the layer at {self.box} is no PNG ({error})") from error
        if (image.mode, Size(*image.size)) != ("I;16", self.planes_size):
            form = f"{image.mode} of {Size(*image.size)}"
            raise ImageError("layer", self.box, f"the layer at {self.box} is {form}, not I;16 of {self.planes_size}")
        return image


def capture(below: Bytes, above: Bytes, weight: Floats, box: Box, tile: Floats | None = None) -> Layer:
    """Keep what an edit has changed.

    Parameters
    ----------
    below, above : [H, W, 3], the picture before and after
    weight : [H, W], 0..1, share of what was made; outside the box it is not looked at
    box : where the edit was at work
    tile : [h, w, 3] of the box's size, 0..1, what was mixed in by the weight alone, before it was rounded to
        8 bits; None where it was pasted otherwise

    Returns
    -------
    A layer that over `below` gives exactly `above` wherever the weight is not 0, and leaves all other bytes.
    """
    share = weight[_region(box)]
    rows, columns = (np.flatnonzero((share > 0).any(axis)) for axis in (1, 0))
    if not len(rows):
        return _packed(Box(0, 0, 0, 0), np.zeros((0, 0, 3), np.float32), np.zeros((0, 0), np.uint16))
    inner = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    where = Box(box.left + inner.left, box.top + inner.top, box.left + inner.right, box.top + inner.bottom)
    words = _weight_words(share[_region(inner)])
    shares = (words.astype(np.float32) / np.float32(_WHOLE))[..., np.newaxis]
    kept = (1 - shares) * below[_region(where)]
    new = above[_region(where)].astype(np.float32)
    exact = new - kept if tile is None else shares * (tile[_region(inner)] * np.float32(255))
    # Rounded to 1/64 level first, a mix may end on the other side of a half: one such step back mends that.
    aside = new - _laid(exact, kept)
    exact = exact + np.clip(aside, -1, 1) / np.float32(_PER_LEVEL)
    added = np.where(_laid(exact, kept) == new, exact, new - kept)
    return _packed(where, np.where(shares > 0, added, 0), words)


def lay(canvas: Floats, layer: Layer) -> None:
    """Lay a layer over a picture, in place.

    Parameters
    ----------
    canvas : [H, W, 3], levels of 0..255 in any fraction, so that many layers are rounded once
    """
    region = _region(layer.box)
    laid = layer.added + (1 - layer.weight[..., np.newaxis]) * canvas[region]
    canvas[region] = np.clip(laid, 0, 255)


def straightened(tile: Floats, alpha: Bytes, background: tuple[int, int, int]) -> Floats:
    """Take the background out of what was made over it: `(c - (1 - a) b) / a`.

    Parameters
    ----------
    tile : [h, w, 3], 0..1
    alpha : [h, w]; where it is 0 the tile stays
    """
    opacity = np.where(alpha > 0, alpha, 255).astype(np.float32)[..., np.newaxis] / np.float32(255)
    behind = np.array(background, np.float32) / np.float32(255)
    return (tile - (1 - opacity) * behind) / opacity


def to_rgba(layer: Layer, below: Floats) -> Image.Image:
    """Give a layer as other programs lay one over: colours, and the weight as alpha; "RGBA" of its box.

    Parameters
    ----------
    below : [H, W, 3], levels, the picture that it is to change as `lay` does

    Notes
    -----
    Where colours of 0..255 could not make that change by the weight alone, alpha is higher than the weight.
    """
    old = below[_region(layer.box)]
    weight = layer.weight[..., np.newaxis]
    change = np.clip(layer.added + (1 - weight) * old, 0, 255) - old
    room = np.where(change > 0, 255 - old, old)
    needed = np.max(np.abs(change) / np.where(room > 0, room, 1), 2, keepdims=True)
    alpha = np.ceil(np.clip(np.maximum(weight, needed), 0, 1) * np.float32(255))
    colours = np.clip(old + change * np.float32(255) / np.where(alpha > 0, alpha, 255), 0, 255)
    return Image.fromarray(np.rint(np.concatenate((colours, alpha), 2)).astype(np.uint8))


def _weight_words(weight: Floats) -> Words:
    """Bring 0..1 to 0..65535, where only 0 becomes 0 and only 1 becomes 65535."""
    words = np.rint(weight * np.float32(_WHOLE))
    words = np.clip(words, np.where(weight > 0, 1, 0), np.where(weight < 1, _WHOLE - 1, _WHOLE))
    return words.astype(np.uint16)


def _words(levels: Floats) -> Words:
    return np.rint(np.clip((levels + _LOWEST) * _PER_LEVEL, 0, _WHOLE)).astype(np.uint16)


def _levels(words: Words) -> Floats:
    return words.astype(np.float32) / np.float32(_PER_LEVEL) - np.float32(_LOWEST)


def _laid(added: Floats, kept: Floats) -> Floats:
    """Give the whole levels that are seen where a layer is laid over what is kept of the picture below."""
    return np.rint(np.clip(_levels(_words(added)) + kept, 0, 255))


def _packed(box: Box, added: Floats, weight: Words) -> Layer:
    planes = [*_words(added).transpose(2, 0, 1), weight]
    words = np.concatenate([plane if plane.size else np.zeros((1, 1), np.uint16) for plane in planes])
    buffer = io.BytesIO()
    Image.fromarray(words).save(buffer, "PNG", compress_level=3)
    return Layer(box, buffer.getvalue())


def _region(box: Box) -> tuple[slice, slice]:
    return slice(box.top, box.bottom), slice(box.left, box.right)
