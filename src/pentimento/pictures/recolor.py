"""Taking a colour shift out of what was made, by the pixels that are known."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from .membrane import doubled, membrane
from .smoothing import gaussian

Floats = NDArray[np.floating]

_BLOCKS = 96
"""The longer side is looked at in about so many blocks."""
_DEGREE = 4
_ROUNDS = 8
_SMOOTH = 2.0
"""Blocks over which what is left is averaged."""
_MATRIX_PRIOR = 0.1
_FIELD_PRIOR = (0.1, 0.08, 0.06, 0.04, 0.03)
"""How far gains may be expected from 1, and a field's terms of degree 0, 1, ... from 0, in 0..1."""
_LEAST_NOISE = (0.02 / 255) ** 2
_LARGEST_REST = 3 / 255
"""What may be left of a shift that is more than noise and less than a change."""
_FEW = 24
"""Blocks below which nothing is concluded."""


def match_known(made: Floats, wanted: Floats, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Take out the shift that the known pixels show, everywhere.

    Parameters
    ----------
    made : [H, W, 3], 0..1, what was made, shifted in colour as a whole
    wanted : [H, W, 3], 0..1, what it should be where that is known
    known : [H, W]; nothing else of `wanted` is looked at

    Returns
    -------
    [H, W, 3], float32, not clipped; `made` itself where too little is known.

    Notes
    -----
    `wanted ~ made @ M + field(x, y)`: a 3x3 matrix near 1 and a quartic, by robust least
    squares with a weak prior (no gain is made up where the known part has one colour). What
    that leaves on the known part goes on inside as a membrane, in coarse blocks, so that
    it follows slow changes and no detail. An affine or quartic shift is removed exactly.
    """
    side = max(1, max(known.shape) // _BLOCKS)
    weight = _block_sums(known[..., np.newaxis].astype(np.float32), side)
    seen = weight[..., 0] > 0.3 * side * side
    if np.count_nonzero(seen) < _FEW:
        return np.asarray(made, np.float32)
    share = np.where(known[..., np.newaxis], np.float32(1), np.float32(0))
    colours, targets = (_block_sums(pixels * share, side) / np.maximum(weight, 1) for pixels in (made, wanted))
    terms = _terms(*seen.shape)
    matrix, field = _fitted(colours[seen], targets[seen], terms[seen])
    rest = (targets - colours @ matrix - terms @ field).astype(np.float32)
    misfit = np.abs(rest).max(-1)
    # A thing that was changed on the known part is no shift.
    usable = seen & (misfit <= max(_LARGEST_REST, 6 * float(np.median(misfit[seen]))))
    field_map = (terms @ field).astype(np.float32) + gaussian(membrane(rest, usable), _SMOOTH)
    height, width = known.shape
    rows, columns = (count * side for count in seen.shape)
    spread = doubled(field_map, columns, rows)[:height, :width]
    return (made @ matrix.astype(np.float32) + spread).astype(np.float32, copy=False)


def _fitted(colours: Floats, targets: Floats, terms: Floats) -> tuple[Floats, Floats]:
    """Solve for the matrix and the field's coefficients, blocks that do not fit counting little."""
    design = np.concatenate([colours, terms], axis=1)
    # The prior is that M = 1 and field = 0: what is solved for is the difference from it.
    misses = targets - colours
    degrees = np.array([sum(powers) for powers in _powers()])
    prior = np.concatenate([np.full(3, _MATRIX_PRIOR), np.array(_FIELD_PRIOR)[degrees]]) ** -2
    noise, trust = 1e-4, np.ones(len(design))
    found = np.zeros((design.shape[1], 3))
    for _ in range(_ROUNDS):
        weighted = design * trust[:, np.newaxis]
        found = np.linalg.solve(weighted.T @ design + np.diag(prior * noise), weighted.T @ misses)
        error = np.square(misses - design @ found).mean(axis=1)
        noise = max(_LEAST_NOISE, 2.2 * float(np.median(error)))
        trust = 1 / (1 + error / (4 * noise)) ** 2  # Geman-McClure
    return found[:3] + np.eye(3), found[3:]


def _powers() -> list[tuple[int, int]]:
    return [(x, y) for x in range(_DEGREE + 1) for y in range(_DEGREE + 1 - x)]


def _terms(rows: int, columns: int) -> Floats:
    """Give all products of powers of x and y at the blocks' centres, [rows, columns, terms]; both in -1..1."""
    longest = max(rows, columns)
    y, x = (
        (2 * np.arange(count) + 1 - count)[shape] / longest
        for count, shape in ((rows, np.s_[:, np.newaxis]), (columns, np.s_[np.newaxis]))
    )
    return cast(Floats, np.stack(np.broadcast_arrays(*(x**a * y**b for a, b in _powers())), axis=-1))


def _block_sums(values: Floats, side: int) -> Floats:
    """Add up blocks of side x side; at the edges what there is."""
    height, width, channels = values.shape
    padded = np.pad(values, ((0, -height % side), (0, -width % side), (0, 0)))
    rows, columns = padded.shape[0] // side, padded.shape[1] // side
    return padded.reshape(rows, side, columns, side, channels).sum(axis=(1, 3), dtype=np.float64)
