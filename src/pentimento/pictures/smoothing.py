"""Gaussian windows and distances, typed; scipy is loaded on first use."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def gaussian(values: Floats, sigma: float, truncate: float = 4.0) -> NDArray[np.float32]:
    """Smooth [H, W] or [H, W, C] over the first two axes, the border mirrored."""
    from scipy import ndimage  # pyright: ignore[reportMissingTypeStubs]

    filters: Any = ndimage
    single = np.asarray(values, np.float32)
    return filters.gaussian_filter(single, sigma, truncate=truncate, axes=(0, 1))


def gaussian_where(values: Floats, share: Floats, sigma: float, truncate: float = 4.0) -> NDArray[np.float32]:
    """Smooth [H, W, C], counting every pixel by its share, [H, W]."""
    weight = np.maximum(gaussian(share, sigma, truncate), np.float32(1e-6))
    summed = gaussian(values * share[..., np.newaxis], sigma, truncate)
    return np.divide(summed, weight[..., np.newaxis], dtype=np.float32)


def distance_inside(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Give every pixel's distance in px to the nearest one that is not inside; the border is none."""
    from scipy import ndimage  # pyright: ignore[reportMissingTypeStubs]

    if inside.all():
        return np.full(inside.shape, float(max(inside.shape)), np.float32)
    transforms: Any = ndimage
    return np.asarray(transforms.distance_transform_edt(inside), np.float32)
