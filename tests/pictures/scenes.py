"""Synthetic repaints whose truth is known: a picture, a mask, what was made and what it should have been."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float32]
SHIFTS = ("gain", "matrix", "quadratic", "wave", "gain and wave")


@dataclass(frozen=True)
class Scene:
    """All [H, W, 3] in 0..1: `made` is `truth` shifted; `truth` is `source` where `mask` [H, W] is False."""

    source: Floats
    truth: Floats
    made: Floats
    mask: NDArray[np.bool_]


def texture(rng: np.random.Generator, height: int, width: int) -> NDArray[Any]:
    """Draw soft blobs of colour with some detail, far enough from black and white to be shifted."""
    planes = [gaussian_filter(rng.normal(size=(height, width)), rng.uniform(3, 12)) for _ in range(3)]
    colours = np.stack([plane / plane.std() for plane in planes], -1) * 0.1 + rng.uniform(0.42, 0.58, 3)
    return np.clip(colours + rng.normal(size=colours.shape) * 0.01, 0.2, 0.8)


def ellipse(rng: np.random.Generator, height: int, width: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[:height, :width]
    centre, radius = rng.uniform(0.25, 0.75, 2), rng.uniform(0.1, 0.28, 2)
    return ((y / height - centre[0]) / radius[0]) ** 2 + ((x / width - centre[1]) / radius[1]) ** 2 < 1


def scene(seed: int, shift: str, size: tuple[int, int] = (200, 260), *, continued: bool = False) -> Scene:
    """Make a scene.

    Parameters
    ----------
    size : height, width
    continued : the truth under the mask is the source itself; otherwise another picture
    """
    rng = np.random.default_rng(seed)
    source, other, mask = texture(rng, *size), texture(rng, *size), ellipse(rng, *size)
    truth = source if continued else np.where(mask[..., None], other, source)
    made = _SHIFTS[shift](rng, truth)
    return Scene(*(pixels.astype(np.float32) for pixels in (source, truth, made)), mask)


def _gain(rng: np.random.Generator, pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels * rng.uniform(0.92, 1.08, 3) + rng.uniform(-10, 10, 3) / 255


def _matrix(rng: np.random.Generator, pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels @ (np.eye(3) + rng.uniform(-0.05, 0.05, (3, 3))) + rng.uniform(-10, 10, 3) / 255


def _places(pixels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    height, width = pixels.shape[:2]
    y, x = np.mgrid[:height, :width]
    return 2 * x[..., None] / width - 1, 2 * y[..., None] / height - 1


def _quadratic(rng: np.random.Generator, pixels: NDArray[Any]) -> NDArray[Any]:
    x, y = _places(pixels)
    a = rng.uniform(-3, 3, (6, 3)) / 255
    return pixels + a[0] + a[1] * x + a[2] * y + a[3] * x * y + a[4] * x * x + a[5] * y * y


def _wave(rng: np.random.Generator, pixels: NDArray[Any]) -> NDArray[Any]:
    """Shift by 8 levels in a wave that goes through at most half its length across the picture."""
    x, y = _places(pixels)
    turns, phase = rng.uniform(-0.17, 0.17, (2, 3)), rng.uniform(0, 6, 3)
    return pixels + 8 / 255 * np.cos(2 * np.pi * (turns[0] * x + turns[1] * y) + phase)


_SHIFTS = {
    "none": lambda rng, pixels: pixels,
    "gain": _gain,
    "matrix": _matrix,
    "quadratic": _quadratic,
    "wave": _wave,
    "gain and wave": lambda rng, pixels: _wave(rng, _gain(rng, pixels)),
}


def to_bytes(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
