"""Edge growth: the masked part filled from its border inwards, lines going on as they come in."""

import numpy as np
from numpy.typing import NDArray

from .smoothing import distance_inside, gaussian

Floats = NDArray[np.floating]

_REACH = 3


def grow_inwards(colours: Floats, unknown: NDArray[np.bool_]) -> Floats:
    """Fill a hole ring by ring from its border.

    Parameters
    ----------
    colours : [H, W, 3]
    unknown : [H, W]; not everything

    Returns
    -------
    [H, W, 3], unchanged where it is known.

    Notes
    -----
    Telea 2004 with rings of one px in place of single pixels in the order of distance: all
    of a ring is found at once from what lies outside it, near pixels and those straight
    behind counting most.
    """
    if not unknown.any():
        return colours
    padded = np.pad(colours.astype(np.float32), ((_REACH, _REACH), (_REACH, _REACH), (0, 0)))
    depth = distance_inside(unknown)
    smooth = np.pad(gaussian(depth, 1.0), 1, mode="edge")
    normal = np.stack([smooth[2:, 1:-1] - smooth[:-2, 1:-1], smooth[1:-1, 2:] - smooth[1:-1, :-2]], -1) / 2
    # The frame around the picture is never known.
    rings = np.pad(np.where(unknown, np.ceil(depth), 0), _REACH, constant_values=np.inf)
    y, x = np.nonzero(unknown)
    order = np.argsort(depth[y, x], kind="stable")
    y, x = y[order], x[order]
    number = np.ceil(depth[y, x]).astype(np.intp)
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(y)], strict=True):
        ring_y, ring_x, ring = y[start:stop], x[start:stop], number[start]
        toward = normal[ring_y, ring_x]
        sums, weights = np.zeros((stop - start, 3), np.float32), np.zeros(stop - start, np.float32)
        for down, across in _OFFSETS:
            at = ring_y + _REACH + down, ring_x + _REACH + across
            straight = np.abs(toward[:, 0] * down + toward[:, 1] * across)
            share = np.where(rings[at] < ring, (straight + 0.05) / (down**2 + across**2) ** 1.5, 0).astype(np.float32)
            sums += share[:, np.newaxis] * padded[at]
            weights += share
        padded[ring_y + _REACH, ring_x + _REACH] = sums / np.maximum(weights, 1e-9)[:, np.newaxis]
    return padded[_REACH:-_REACH, _REACH:-_REACH]


_OFFSETS = [
    (down, across)
    for down in range(-_REACH, _REACH + 1)
    for across in range(-_REACH, _REACH + 1)
    if 0 < down**2 + across**2 <= _REACH**2
]
