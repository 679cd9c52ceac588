"""Pasting what was made into the picture: one function a blend, bytes under weight 0 kept in all.

A blend sees the box and one line of pixels around it, so that it knows what it must meet.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry import Box, Size
from .compose import composite
from .membrane import doubled, membrane, summed_by_twos
from .seams import seam
from .smoothing import distance_inside, gaussian_where

Bytes = NDArray[np.uint8]
Floats = NDArray[np.floating]
Blend = Callable[[Bytes, Floats, Floats, Box], Bytes]

_MOST_BANDS = 6
_REACH = 3.0
"""Px over which the difference at the edge is averaged before it is spread."""


@dataclass(frozen=True)
class _Region:
    """The box and a line around it, as far as the picture goes.

    Attributes
    ----------
    difference : [h, w, 3], made - source in levels
    weight : [h, w]; 0 around the box
    tile : where the box lies in it
    """

    difference: Floats
    weight: Floats
    tile: tuple[slice, slice]


def linear(source: Bytes, made: Floats, weight: Floats, box: Box) -> Bytes:
    """Mix by the weight alone.

    Parameters
    ----------
    source : [H, W, 3]
    made : [h, w, 3] of the box's size, 0..1
    weight : [H, W], 0..1, share of what was made; outside the box it is not looked at
    box : where `made` belongs

    Returns
    -------
    A new array; bytes outside the box, and those where the weight is 0, are the source's.
    """
    return composite(source, made, weight, box)


def multiband(source: Bytes, made: Floats, weight: Floats, box: Box) -> Bytes:
    """Mix coarse structure over a wide edge and detail over a narrow one.

    Parameters and result are as in `linear`.

    Notes
    -----
    Burt and Adelson 1983 on the difference of both pictures. All edges lie inside the
    weight: a band of 2^k px comes in over 2^(k+2) px from where the weight is 0.
    """
    region = _region(source, made, weight, box)
    depth = distance_inside(region.weight > 0)
    deepest = float(depth.max())
    count = max(1, min(_MOST_BANDS, int(np.log2(max(1.0, deepest / 2)))))
    mixed = np.zeros_like(region.difference)
    for band, detail in enumerate(_bands(region.difference, count)):
        sharpened = np.clip((region.weight - 0.5) * max(1.0, 4 / 2**band) + 0.5, 0, 1)
        width = min(2.0 ** (band + 2), max(1.0, deepest / 2))
        ramp = np.clip(depth / width, 0, 1)
        mixed += detail * (sharpened * ramp * ramp * (3 - 2 * ramp))[..., np.newaxis]
    return _applied(source, mixed, region, weight, box)


def poisson(source: Bytes, made: Floats, weight: Floats, box: Box) -> Bytes:
    """Keep the gradients of what was made and shift its colours smoothly to meet the edge.

    Parameters and result are as in `linear`.

    Notes
    -----
    Seamless cloning (Perez et al. 2003): the difference at the edge is spread inside as a
    membrane. It is averaged along the edge over some px first, so that grain there draws
    no streaks; what is left at the very edge fades by the weight.
    """
    region = _region(source, made, weight, box)
    locked = region.weight == 0
    offset = membrane(gaussian_where(region.difference, locked.astype(np.float32), _REACH), locked)
    mixed = (region.difference - offset) * region.weight[..., np.newaxis]
    return _applied(source, mixed, region, weight, box)


def automatic(source: Bytes, made: Floats, weight: Floats, box: Box) -> Bytes:
    """Take the blend whose result has the lowest seam score, the simplest of equal ones.

    Parameters and result are as in `linear`.
    """
    results = [blend(source, made, weight, box) for blend in (linear, multiband, poisson)]
    return min(results, key=lambda result: seam(result, weight).score)


BLENDS: dict[str, Blend] = {"linear": linear, "multiband": multiband, "poisson": poisson, "auto": automatic}


def _region(source: Bytes, made: Floats, weight: Floats, box: Box) -> _Region:
    around = box.padded(1).clamped(Size(source.shape[1], source.shape[0]))
    tile = (
        slice(box.top - around.top, box.bottom - around.top),
        slice(box.left - around.left, box.right - around.left),
    )
    beyond = [(part.start, size - part.stop) for part, size in zip(tile, reversed(around.size), strict=True)]
    new = np.clip(made, -1, 2) * np.float32(255)
    old = source[around.top : around.bottom, around.left : around.right]
    share = weight[box.top : box.bottom, box.left : box.right]
    # Where the paste ends at the box, its last line is what must meet the picture there.
    known, meeting = (np.pad(values, [*beyond, (0, 0)], mode="edge") for values in (new - old[tile], new))
    ends = np.pad(share, beyond, mode="edge") > 0
    difference = np.where(ends[..., np.newaxis], meeting - old, known)
    return _Region(difference, np.pad(share, beyond), tile)


def _applied(source: Bytes, mixed: Floats, region: _Region, weight: Floats, box: Box) -> Bytes:
    old = source[box.top : box.bottom, box.left : box.right].astype(np.float32)
    whole = (weight > 0).astype(np.float32)
    return composite(source, (old + mixed[region.tile]) / np.float32(255), whole, box)


def _bands(values: Floats, count: int) -> list[Floats]:
    """Take [H, W, C] apart into `count` bands, from fine to coarse, that add up to it."""
    bands: list[Floats] = []
    rest = values
    for band in range(count - 1):
        coarse = _smooth(values, band + 1)
        bands.append(rest - coarse)
        rest = coarse
    return [*bands, rest]


def _smooth(values: Floats, times: int) -> Floats:
    """Halve some times over and stretch back."""
    sizes: list[tuple[int, int]] = []
    for _ in range(times):
        height, width = values.shape[:2]
        counts = summed_by_twos(np.ones((height, width, 1), np.float32))
        sizes.append((width, height))
        values = summed_by_twos(values) / counts
    for width, height in reversed(sizes):
        values = doubled(values, width, height)
    return values
