"""Grain match: giving what was made the grain of the picture around it."""

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Size
from .smoothing import distance_inside, gaussian

Bytes = NDArray[np.uint8]
Floats = NDArray[np.floating]

_RING = 48.0
"""Px around the paste from which the grain is learnt."""
_SMOOTH = 1.5
_LAG = 3
"""Px up to which neighbouring grains are taken to be alike."""
_GRID = 32
_FEW = 400
"""Pixels below which nothing is concluded."""
_SEEN = 0.05
"""Share of a frequency's power that must pass the high-pass for it to be told."""


def match_grain(made: Floats, source: Bytes, weight: Floats, box: Box, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add what grain is missing.

    Parameters
    ----------
    made : [h, w, 3] of the box's size, 0..1
    source : [H, W, 3]
    weight : [H, W], 0..1; the grain is learnt around where it is above 0, in calm places
    box : where `made` belongs
    rng : the grain's own chance

    Returns
    -------
    `made` with noise of the strength, spectrum, tie of channels and dependence on
    brightness that the surroundings have beyond what `made` has; nothing is taken away.
    """
    region = box.padded(int(_RING)).clamped(Size(source.shape[1], source.shape[0]))
    seen = (slice(region.top, region.bottom), slice(region.left, region.right))
    tile = (
        slice(box.top - region.top, box.bottom - region.top),
        slice(box.left - region.left, box.right - region.left),
    )
    source, weight = source[seen], weight[seen]
    depth = distance_inside(weight == 0)
    around = (depth > 2) & (depth < _RING)
    inside = weight > 0.5
    if min(np.count_nonzero(around), np.count_nonzero(inside)) < _FEW:
        return np.asarray(made, np.float32)
    old = source.astype(np.float32)
    new = old.copy()
    new[tile] = np.clip(made, 0, 1) * np.float32(255)
    old_calm, new_calm = _calm(old, around), _calm(new, inside)
    old_detail, old_smooth = _taken_apart(old)
    new_detail, new_smooth = _taken_apart(new)
    slopes = _variance_by_brightness(old_detail, old_smooth, old_calm)
    kernel = _amplitudes(old_detail, old_calm)
    passed = float(np.mean(np.square(kernel) * _high_pass(kernel.shape)) / np.mean(np.square(kernel)))
    wanted = slopes[0] + slopes[1] * new_smooth
    has = np.array([_robust_variance(new_detail[new_calm, channel]) for channel in range(3)], np.float32)
    missing = np.sqrt(np.maximum(wanted - has, 0) / passed)
    noise = _coloured(made.shape[:2], kernel, rng) @ _tie(old_detail[old_calm]).T
    return (made + missing[tile] * noise / np.float32(255)).astype(np.float32)


def _taken_apart(pixels: Floats) -> tuple[Floats, Floats]:
    smooth = gaussian(pixels, _SMOOTH)
    return pixels - smooth, smooth


def _calm(pixels: Floats, where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Choose the half of some pixels around which the picture itself varies least."""
    grey = gaussian(pixels.mean(-1), 2 * _SMOOTH)
    slope = np.hypot(np.gradient(grey, axis=0), np.gradient(grey, axis=1))
    return where & (slope <= np.median(slope[where]))


def _robust_variance(values: Floats) -> float:
    """Give the variance of the bulk of values around 0."""
    return float((np.median(np.abs(values)) / 0.6745) ** 2)


def _variance_by_brightness(detail: Floats, smooth: Floats, where: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Fit `variance = a + b * brightness` for each channel, b not below 0 and nothing below 0 at black."""
    constants, slopes = np.zeros(3, np.float32), np.zeros(3, np.float32)
    for channel in range(3):
        values, levels = detail[where, channel], smooth[where, channel]
        whole = _robust_variance(values)
        constants[channel] = whole
        edges = np.quantile(levels, np.linspace(0, 1, 9))
        groups = [(levels >= low) & (levels <= high) for low, high in zip(edges[:-1], edges[1:], strict=True)]
        points = [(levels[g].mean(), _robust_variance(values[g])) for g in groups if np.count_nonzero(g) > 50]
        if len(points) > 3 and edges[-1] - edges[0] > 20:
            at, variances = np.array(points).T
            centred = at - at.mean()
            slope = float(centred @ variances / max(1e-6, float(centred @ centred)))
            slope = min(max(0.0, slope), float(variances.mean() / at.mean()))
            constants[channel], slopes[channel] = variances.mean() - slope * at.mean(), slope
    return constants, slopes


def _amplitudes(detail: Floats, where: NDArray[np.bool_]) -> Floats:
    """Estimate the grain's amplitude at every frequency of a small grid, mean power 1.

    From the covariances of neighbouring pixels, the high-pass taken out again; what it
    hides is taken to be as strong as the lowest frequency that can be seen.
    """
    share = where.astype(np.float32)
    grey = detail.mean(-1) * share
    # Things in the picture, not grain.
    limit = 4 * np.sqrt(_robust_variance(detail.mean(-1)[where])) + 0.5
    grey = np.clip(grey, -limit, limit)
    covariance = np.zeros((_GRID, _GRID))
    for down in range(-_LAG, _LAG + 1):
        for across in range(-_LAG, _LAG + 1):
            pairs = _product(share, down, across)
            covariance[down, across] = _product(grey, down, across) / max(pairs, 1.0)
    power = np.maximum(np.fft.fft2(covariance).real, 0)
    passed = _high_pass(power.shape)
    seen = passed > _SEEN
    power[seen] /= passed[seen]
    border = seen & (passed < 4 * _SEEN)
    power[~seen] = power[border].mean()
    return np.sqrt(power / power.mean()).astype(np.float32)


def _product(values: Floats, down: int, across: int) -> float:
    """Sum the products of pixels that lie so far apart."""
    height, width = values.shape
    first = values[max(0, down) : height + min(0, down), max(0, across) : width + min(0, across)]
    second = values[max(0, -down) : height + min(0, -down), max(0, -across) : width + min(0, -across)]
    return float(np.sum(first * second, dtype=np.float64))


def _high_pass(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Give what `pixel - smoothed pixel` lets through of the power at every frequency."""
    down, across = (np.fft.fftfreq(count) for count in shape)
    smooth = np.exp(-2 * (np.pi * _SMOOTH) ** 2 * (down[:, np.newaxis] ** 2 + across**2))
    return np.square(1 - smooth)


def _tie(values: Floats) -> Floats:
    """Give the matrix that ties independent channels as these are tied, each of variance 1."""
    limit = 4 * np.median(np.abs(values), axis=0) / 0.6745 + 0.5
    bulk = np.clip(values, -limit, limit).astype(np.float64)
    bulk /= np.maximum(np.sqrt(np.square(bulk).mean(0)), 1e-9)
    correlation = bulk.T @ bulk / len(bulk)
    correlation[np.diag_indices(3)] = 1.0
    weights, vectors = np.linalg.eigh(correlation)
    return (vectors * np.sqrt(np.maximum(weights, 0)) @ vectors.T).astype(np.float32)


def _coloured(shape: tuple[int, int], amplitudes: Floats, rng: np.random.Generator) -> Floats:
    """Draw noise of a spectrum: three independent channels of variance 1."""
    small = np.fft.fftshift(np.fft.ifft2(amplitudes).real)
    reach = _GRID // 2
    kernel = np.zeros((shape[0] + _GRID, shape[1] + _GRID))
    kernel[:_GRID, :_GRID] = small
    kernel /= np.sqrt(np.square(kernel).sum())
    filtered = np.fft.rfft2(kernel)[..., np.newaxis] * np.fft.rfft2(
        rng.standard_normal((*kernel.shape, 3)), axes=(0, 1)
    )
    noise = np.fft.irfft2(filtered, kernel.shape, axes=(0, 1))
    return noise[reach : reach + shape[0], reach : reach + shape[1]].astype(np.float32)
