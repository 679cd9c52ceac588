"""A1111's colour correction: the chroma of the source, the brightness of the result."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
_FROM_XYZ = np.array(
    [
        [3.240479, -1.53715, -0.498535],
        [-0.969256, 1.875991, 0.041556],
        [0.055648, -0.204043, 1.057311],
    ]
)
_WHITE = np.array([0.950456, 1.0, 1.088754])
_ONE = 1 << 14
"""1.0 in the tables from Lab."""
_LOWEST = -8145
"""First index of the table of cubes."""


def correct_colours(image: Image.Image, target: Image.Image) -> Image.Image:
    """Give an image the distribution of hues of another, keeping its own brightness.

    Parameters
    ----------
    image : "RGB", what was generated
    target : "RGB" of any size, what was shown to the network

    Notes
    -----
    A1111 v1.10.1 behaviour: histograms are matched channel by channel in OpenCV's 8-bit
    Lab; the result takes over the luminosity of `image` (W3C Compositing, "luminosity"),
    truncated to 8 bits.
    """
    pixels = np.asarray(image, dtype=np.uint8)
    lab, wanted = rgb_to_lab(pixels), rgb_to_lab(np.asarray(target, dtype=np.uint8))
    matched = np.stack([_matched(lab[..., channel], wanted[..., channel]) for channel in range(3)], axis=2)
    mixed = _with_luminosity(lab_to_rgb(matched) / 255.0, _luminosity(pixels / 255.0))
    return Image.fromarray((np.clip(mixed, 0, 1) * 255).astype(np.uint8))


def rgb_to_lab(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert sRGB to OpenCV's 8-bit Lab: L * 255/100, a + 128, b + 128.

    Notes
    -----
    Bit for bit `cvtColor(..., COLOR_RGB2LAB)`: gamma, cube root and matrix in tables of
    11, 15 and 12 bits.
    """
    gamma, roots, matrix = _tables_to_lab()
    x, y, z = np.moveaxis(roots[(gamma[pixels] @ matrix.T + (1 << 11)) >> 12], -1, 0)
    half = 1 << 14
    lightness = (296 * y - (16 * 255 * (1 << 15) + 50) // 100 + half) >> 15
    green_red = (500 * (x - y) + (128 << 15) + half) >> 15
    blue_yellow = (200 * (y - z) + (128 << 15) + half) >> 15
    return np.clip(np.stack((lightness, green_red, blue_yellow), axis=-1), 0, 255).astype(np.uint8)


def lab_to_rgb(lab: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert OpenCV's 8-bit Lab back to sRGB, bit for bit `cvtColor(..., COLOR_LAB2RGB)`."""
    lightness, cubes, gamma, matrix = _tables_from_lab()
    y, root = lightness[0][lab[..., 0]], lightness[1][lab[..., 0]]
    green_red = ((5 * 53687 * lab[..., 1].astype(np.int64) + (1 << 7)) >> 13) - 128 * _ONE // 500
    blue_yellow = ((41943 * lab[..., 2].astype(np.int64) + (1 << 4)) >> 9) - 128 * _ONE // 200 + 1
    xyz = np.stack((cubes[root + green_red - _LOWEST], y, cubes[root - blue_yellow - _LOWEST]), axis=-1)
    linear = (xyz @ matrix.T + (1 << 13)) >> 14
    return gamma[np.clip(linear, 0, len(gamma) - 1)]


def _matched(values: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Map values so that their cumulative histogram becomes that of `wanted`."""
    own = np.cumsum(np.bincount(values.ravel(), minlength=256)) / values.size
    counts = np.bincount(wanted.ravel(), minlength=256)
    levels = np.flatnonzero(counts)
    table = np.interp(own, np.cumsum(counts[levels]) / wanted.size, levels)
    return table.astype(np.uint8)[values]


def _with_luminosity(colours: NDArray[np.float64], luminosity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift colours to a luminosity; those that leave 0..1 are drawn towards grey."""
    moved = colours + (luminosity - _luminosity(colours))[..., np.newaxis]
    grey = _luminosity(moved)[..., np.newaxis]
    least, most = moved.min(axis=-1, keepdims=True), moved.max(axis=-1, keepdims=True)
    low, high = least < 0, most > 1
    moved = np.where(low, grey + (moved - grey) * grey / np.where(low, grey - least, 1), moved)
    return np.where(high, grey + (moved - grey) * (1 - grey) / np.where(high, most - grey, 1), moved)


def _luminosity(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    # Summed in this order: the last bit decides where 8 bits are cut off.
    return colours[..., 0] * 0.299 + colours[..., 1] * 0.587 + colours[..., 2] * 0.114


@cache
def _tables_to_lab() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give linear light of a byte (*2040), f of linear light (*32768), and the matrix (*4096)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (i / 255 for i in range(256))]
    gamma = np.array([round(2040 * v) for v in linear])
    light = np.arange(256 * 3 // 2 * 8, dtype=np.float32) * (np.float32(1) / np.float32(2040))
    roots = np.cbrt(light.astype(np.float64))
    # OpenCV's cube root is cut off to single precision, not rounded; a few entries depend on it.
    roots = (roots.view(np.int64) >> 29 << 29).view(np.float64)
    f = np.where(light < 216 / 24389, light.astype(np.float64) * 841 / 108 + 16 / 116, roots)
    return gamma, np.rint(f * 32768).astype(np.int64), np.rint(_TO_XYZ / _WHITE[:, np.newaxis] * 4096).astype(np.int64)


@cache
def _tables_from_lab() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Give Y and f of an L byte, the cubes of f (all *16384), the byte of linear light (4096 steps), the matrix."""
    dark = [(i * 180 * _ONE / (17 * 29**3), _ONE * (16 / 116 + i * 5 / (3 * 17 * 29))) for i in range(21)]
    light = [(i * 100 * _ONE) / (255 * 116) + 16 * _ONE / 116 for i in range(21, 256)]
    pairs = [*dark, *((root**3 / _ONE**2, root) for root in light)]
    lightness = np.array([[round(y), round(root)] for y, root in pairs]).T
    index = range(_LOWEST, _ONE * 9 // 4 + _LOWEST)
    cubes = np.array([int(i * 108 / 841) - 290 if i <= 3390 else i * i // _ONE * i // _ONE for i in index])
    bright = [v * 12.92 if v <= 0.0031308 else v ** (1 / 2.4) * 1.055 - 0.055 for v in (i / 4096 for i in range(4096))]
    gamma = np.array([round(255 * v) for v in bright], np.uint8)
    return lightness, cubes, gamma, np.rint(_FROM_XYZ * _WHITE * 4096).astype(np.int64)
