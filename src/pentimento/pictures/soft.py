"""Soft inpainting's paste mask: how much of each latent cell is new, by how far it has moved."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_RADIUS = 2
_SIGMA = 1.5
_WINDOWS = ((0.9, 1.0), (0.25, 0.75))
"""Percentiles between which the values around a cell are averaged, one pass after the other."""


def changed_share(
    change: NDArray[np.floating],
    latent_mask: NDArray[np.floating],
    *,
    preservation_strength: float,
    mask_influence: float,
    threshold: float,
    contrast: float,
) -> Floats:
    """Give the share of the new picture for every latent cell.

    Parameters
    ----------
    change : [h, w], length of what sampling added to the latents
    latent_mask : [h, w], 0..1, as it was used while sampling
    preservation_strength : as while sampling; counts here as far as the mask does
    mask_influence : 0..1
    threshold : change at which half is new, where the mask has no influence
    contrast : steepness around it

    Returns
    -------
    [h, w], 0..1.

    Notes
    -----
    A1111 v1.10.1 behaviour; where nothing has changed and nothing need change, the source stays.
    """
    for window in _WINDOWS:
        change = percentile_mean(change, *window)
    hold = 0.5 * (1 - mask_influence) + mask_influence * (
        1 - latent_mask.astype(np.float64) ** (preservation_strength / 2)
    )
    half = threshold * hold / (1.00001 - hold)
    with np.errstate(divide="ignore", over="ignore"):
        kept = 1 / (1 + np.divide(change, half, out=np.where(change > 0, np.inf, 0.0), where=half > 0) ** contrast)
    # In single precision, as A1111: the last bit decides where 8 bits are cut off.
    return np.clip(1 - _smootherstep(kept), 0, 1).astype(np.float32)


def percentile_mean(values: NDArray[np.floating], low: float, high: float) -> NDArray[np.float64]:
    """Average what lies between two percentiles of the weighted values around each cell.

    Parameters
    ----------
    values : [h, w]
    low, high : 0..1; the window is at least as wide as the weight of the cell itself

    Notes
    -----
    A1111 v1.10.1 behaviour: 5x5 windows, cut at the border, weighted by a Gaussian of
    sigma 1.5 that is shifted down to reach 0 at a distance of 3. All cells at once: their
    sorted windows are rows of one array.
    """
    around = np.stack(_windows(np.pad(values.astype(np.float64), _RADIUS)), axis=-1)
    inside = np.stack(_windows(np.pad(np.ones(values.shape), _RADIUS)), axis=-1)
    weights = inside * _kernel()
    order = np.argsort(around, axis=-1, kind="stable")
    around, weights = (np.take_along_axis(rows, order, -1) for rows in (around, weights))
    upper = np.cumsum(weights, axis=-1)
    total = upper[..., -1]
    start, stop = _at_least_one(total * low, total * high, total)
    covered = np.minimum(upper, stop[..., np.newaxis]) - np.maximum(upper - weights, start[..., np.newaxis])
    covered = np.maximum(covered, 0)
    return (around * covered).sum(-1) / covered.sum(-1)


def _at_least_one(
    start: NDArray[np.float64], stop: NDArray[np.float64], total: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Widen windows to one unit of weight around their middle, then shift them to lie inside."""
    narrow = stop - start < 1
    middle = (start + stop) / 2
    start, stop = np.where(narrow, middle - 0.5, start), np.where(narrow, middle + 0.5, stop)
    beyond = np.maximum(stop - total, 0)
    start, stop = start - beyond, stop - beyond
    below = start < 0
    return np.where(below, 0, start), np.where(below, 1, stop)


def _windows(padded: NDArray[np.float64]) -> Sequence[NDArray[np.float64]]:
    height, width = (side - 2 * _RADIUS for side in padded.shape)
    return [
        padded[top : top + height, left : left + width]
        for top in range(2 * _RADIUS + 1)
        for left in range(2 * _RADIUS + 1)
    ]


def _kernel() -> NDArray[np.float64]:
    offsets = np.arange(-_RADIUS, _RADIUS + 1) ** 2
    gaussian = np.exp(-(offsets[:, np.newaxis] + offsets) / _SIGMA**2)
    lowest = np.exp(-((_RADIUS + 1) ** 2) / _SIGMA**2)
    return cast(NDArray[np.float64], np.maximum((gaussian - lowest) / (1 - lowest), 0).ravel())


def _smootherstep(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values**3 * (values * (6 * values - 15) + 10)
