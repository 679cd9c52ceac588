"""The smoothest surface through what is known: harmonic interpolation on a pixel grid."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating]

_SWEEPS = 8
"""Relaxations of the finest grid; coarser ones, which cost little, get more."""
_MOST_SWEEPS = 64
_DAMPING = np.float32(0.8)


def membrane(values: Floats, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Complete values so that each unknown one is the mean of its four neighbours.

    Parameters
    ----------
    values : [H, W, C]; what stands at unknown places is not looked at
    known : [H, W]

    Returns
    -------
    [H, W, C]; known values are kept, the picture's border does not pull. All 0 where nothing
    is known.

    Notes
    -----
    Laplace's equation, from coarse to fine grids (cascadic multigrid: Bornemann and
    Deuflhard 1996) by damped Jacobi sweeps: the time is linear in the pixels.
    """
    if not known.any():
        return np.zeros(values.shape, np.float32)
    solved = _solved(np.where(known[..., np.newaxis], values, 0).astype(np.float32), known, _SWEEPS)
    return solved.astype(np.float32, copy=False)


def _solved(values: Floats, known: NDArray[np.bool_], sweeps: int) -> Floats:
    height, width = known.shape
    if known.all() or height == width == 1:
        return values
    counts = summed_by_twos(known[..., np.newaxis].astype(np.float32))
    means = summed_by_twos(values) / np.maximum(counts, 1)
    coarse = _solved(means, counts[..., 0] > 0, min(_MOST_SWEEPS, 2 * sweeps))
    result = np.where(known[..., np.newaxis], values, doubled(coarse, width, height))
    share = np.where(known, 0, _DAMPING)[..., np.newaxis]
    for _ in range(sweeps):
        padded = np.pad(result, ((1, 1), (1, 1), (0, 0)), mode="edge")
        around = padded[:-2, 1:-1] + padded[2:, 1:-1]
        around += padded[1:-1, :-2]
        around += padded[1:-1, 2:]
        around *= np.float32(0.25)
        around -= result
        around *= share
        result += around
    return result


def summed_by_twos(values: Floats) -> Floats:
    """Add up blocks of 2x2 of [H, W, C]; at odd edges what there is."""
    height, width = values.shape[:2]
    padded = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)))
    return padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]


def doubled(values: Floats, width: int, height: int) -> Floats:
    """Stretch [h, w, C] bilinearly to a size of about twice as much."""
    planes = [
        np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize((width, height), Image.Resampling.BILINEAR))
        for plane in np.moveaxis(values, 2, 0)
    ]
    return np.stack(planes, axis=2)
