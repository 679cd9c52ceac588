"""Content-aware fill: the masked part put together from pieces of the rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..geometry import Size
from .membrane import doubled, membrane
from .smoothing import distance_inside

Bytes = NDArray[np.uint8]
Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

_LONGEST = 192
"""Px of the longer side at which pieces are looked for; larger pictures are filled by the field found there."""
_SMALLEST = 24
_RADIUS = 3
_NUMBERS = 16
"""By how many numbers a patch is compared."""
_ROUNDS = 4
_SEARCHES = 3
_AROUND = ((0, 1), (1, 0), (0, -1), (-1, 0), (0, 5), (5, 0), (0, -5), (-5, 0))
"""Neighbours that matches are taken over from."""


@dataclass
class _Field:
    """For every pixel the centre of its best patch, and how far that is from it; [h, w] each."""

    rows: Ints
    columns: Ints
    cost: Floats


def fill_by_patches(colours: Bytes, unknown: Bools) -> Floats | None:
    """Fill a hole with patches of the rest that fit each other and its border.

    Parameters
    ----------
    colours : [H, W, 3]
    unknown : [H, W]

    Returns
    -------
    [n, 3] for the unknown pixels, row by row; None where there is no whole patch to take from.

    Notes
    -----
    Space-time completion (Wexler et al. 2007) with matches found by PatchMatch (Barnes et
    al. 2009), for all pixels at once, patches compared by their principal components. At
    most `_LONGEST` px are searched, whatever the size; at full size the pixels come from
    where the matches point. Chance is drawn from a fixed seed: a picture has one fill.
    """
    if not unknown.any():
        return np.zeros((0, 3))
    levels = _levels(colours, ~unknown)
    rng = np.random.default_rng(0)
    field: _Field | None = None
    filled: Floats | None = None
    for number, (level, known) in enumerate(levels):
        sources = _whole_patches(known)
        if not sources.any():
            continue
        start = membrane(level, known) if filled is None else doubled(filled, known.shape[1], known.shape[0])
        filled = np.where(known[..., np.newaxis], level, start)
        field = _spread(field, sources, rng)
        for _ in range(_ROUNDS if number else 2 * _ROUNDS):
            filled, field = _improved(filled, known, sources, field, rng)
    if field is None or filled is None:
        return None
    return _taken(colours, unknown, field)


def _levels(colours: Bytes, known: Bools) -> list[tuple[Floats, Bools]]:
    """Give the picture from its smallest size to the one that is searched."""
    size = Size(known.shape[1], known.shape[0])
    scale = min(1.0, _LONGEST / max(size))
    levels: list[tuple[Floats, Bools]] = []
    while not levels or min(size) * scale >= _SMALLEST:
        smaller = Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))
        levels.insert(0, reduced_known(colours, known, smaller))
        scale /= 2
    return levels


def reduced_known(colours: Bytes, known: Bools, size: Size) -> tuple[Floats, Bools]:
    """Shrink a picture to the mean of what is known in each pixel, and tell where all of it is."""
    planes = (colours * known[..., np.newaxis], known.view(np.uint8) * np.uint8(255))
    sums, share = (np.asarray(Image.fromarray(p).resize(size, Image.Resampling.BOX), np.float32) for p in planes)
    return sums * np.float32(255) / np.maximum(share, 1)[..., np.newaxis], share >= 254


def _whole_patches(known: Bools) -> Bools:
    """Mark the centres of patches that are known and inside the picture."""
    result = np.zeros_like(known)
    height, width = known.shape
    if min(height, width) <= 2 * _RADIUS:
        return result
    inner = np.ones((height - 2 * _RADIUS, width - 2 * _RADIUS), bool)
    for down, across in _offsets():
        inner &= known[_RADIUS + down : height - _RADIUS + down, _RADIUS + across : width - _RADIUS + across]
    result[_RADIUS : height - _RADIUS, _RADIUS : width - _RADIUS] = inner
    return result


def _offsets() -> list[tuple[int, int]]:
    steps = range(-_RADIUS, _RADIUS + 1)
    return [(down, across) for down in steps for across in steps]


def _spread(field: _Field | None, sources: Bools, rng: np.random.Generator) -> _Field:
    """Carry a field to a larger grid; where it points to no patch, or is none, point anywhere."""
    height, width = sources.shape
    rows, columns = np.nonzero(sources)
    chosen = rng.integers(0, len(rows), (height, width))
    new = _Field(rows[chosen], columns[chosen], np.full((height, width), np.inf))
    if field is not None:
        old_height, old_width = field.rows.shape
        y: Ints = np.arange(height, dtype=np.intp)
        x: Ints = np.arange(width, dtype=np.intp)
        at_y, at_x = y * old_height // height, x * old_width // width
        old_y: Ints = np.arange(old_height, dtype=np.intp)
        old_x: Ints = np.arange(old_width, dtype=np.intp)
        down = _scaled(field.rows - old_y[:, np.newaxis], height / old_height)
        across = _scaled(field.columns - old_x, width / old_width)
        to_y = np.clip(y[:, np.newaxis] + down[at_y][:, at_x], 0, height - 1)
        to_x = np.clip(x + across[at_y][:, at_x], 0, width - 1)
        good = sources[to_y, to_x]
        new.rows, new.columns = np.where(good, to_y, new.rows), np.where(good, to_x, new.columns)
    return new


def _scaled(steps: Ints, scale: float) -> Ints:
    return np.rint(steps * scale).astype(np.intp)


def _improved(
    filled: Floats, known: Bools, sources: Bools, field: _Field, rng: np.random.Generator
) -> tuple[Floats, _Field]:
    """Find better patches for the picture as it is, and draw it anew from them."""
    features = _features(filled, sources)
    targets = ~_all_around(known)
    y, x = np.nonzero(targets)
    rows, columns = field.rows[y, x], field.columns[y, x]
    cost = _cost(features, y, x, rows, columns)
    for _ in range(_SEARCHES):
        for down, across in _AROUND:
            at_y, at_x = np.clip(y + down, 0, known.shape[0] - 1), np.clip(x + across, 0, known.shape[1] - 1)
            field.rows[y, x], field.columns[y, x] = rows, columns
            tried = field.rows[at_y, at_x] - (at_y - y), field.columns[at_y, at_x] - (at_x - x)
            rows, columns, cost = _better(features, sources, (y, x), (rows, columns, cost), tried)
        reach = max(known.shape) / 2
        while reach >= 1:
            moved = np.rint(rng.uniform(-reach, reach, (2, len(y)))).astype(np.intp)
            tried = rows + moved[0], columns + moved[1]
            rows, columns, cost = _better(features, sources, (y, x), (rows, columns, cost), tried)
            reach /= 2
    field.rows[y, x], field.columns[y, x], field.cost[y, x] = rows, columns, cost
    return _voted(filled, known, (y, x), (rows, columns, cost)), field


def _all_around(known: Bools) -> Bools:
    """Mark pixels whose patch, as far as it is in the picture, is known."""
    height, width = known.shape
    padded = np.pad(known, _RADIUS, constant_values=True)
    result = np.ones_like(known)
    for down, across in _offsets():
        result &= padded[_RADIUS + down :, _RADIUS + across :][:height, :width]
    return result


def _features(filled: Floats, sources: Bools) -> Floats:
    """Describe the patch around every pixel by its principal components among the known ones."""
    height, width = sources.shape
    padded = np.pad(filled, ((_RADIUS, _RADIUS), (_RADIUS, _RADIUS), (0, 0)), mode="edge")
    shifted = [padded[_RADIUS + down :, _RADIUS + across :][:height, :width] for down, across in _offsets()]
    patches = np.concatenate(shifted, axis=-1)
    sample = patches[sources]
    sample = sample[:: max(1, len(sample) // 2000)]
    _, vectors = np.linalg.eigh((sample - sample.mean(0)).T @ (sample - sample.mean(0)))
    return patches @ vectors[:, -_NUMBERS:]


def _cost(features: Floats, y: Ints, x: Ints, rows: Ints, columns: Ints) -> Floats:
    return np.square(features[y, x] - features[rows, columns]).sum(-1)


def _better(
    features: Floats,
    sources: Bools,
    places: tuple[Ints, Ints],
    now: tuple[Ints, Ints, Floats],
    tried: tuple[Ints, Ints],
) -> tuple[Ints, Ints, Floats]:
    """Take what was tried where it is a whole patch and nearer."""
    rows, columns, cost = now
    height, width = sources.shape
    new_rows, new_columns = np.clip(tried[0], 0, height - 1), np.clip(tried[1], 0, width - 1)
    usable = np.flatnonzero(sources[new_rows, new_columns])
    new_cost = np.full_like(cost, np.inf)
    new_cost[usable] = _cost(features, places[0][usable], places[1][usable], new_rows[usable], new_columns[usable])
    better = new_cost < cost
    return np.where(better, new_rows, rows), np.where(better, new_columns, columns), np.where(better, new_cost, cost)


def _voted(filled: Floats, known: Bools, places: tuple[Ints, Ints], found: tuple[Ints, Ints, Floats]) -> Floats:
    """Average, at every unknown pixel, what the patches over it show there; good matches count more."""
    height, width = known.shape
    (y, x), (rows, columns, cost) = places, found
    # What is near the border knows more of what belongs there.
    trust = np.exp(-cost / (2 * np.quantile(cost, 0.6) + 1e-3)) * 1.25 ** -distance_inside(~known)[y, x]
    sums, weights = np.zeros_like(filled), np.zeros((height, width, 1), filled.dtype)
    for down, across in _offsets():
        inside = (y + down >= 0) & (y + down < height) & (x + across >= 0) & (x + across < width)
        at = (y + down)[inside], (x + across)[inside]
        share = trust[inside][:, np.newaxis]
        # For one offset every pixel is met once.
        sums[at] += share * filled[(rows + down)[inside], (columns + across)[inside]]
        weights[at] += share
    return np.where(known[..., np.newaxis], filled, sums / np.maximum(weights, 1e-9))


def _taken(colours: Bytes, unknown: Bools, field: _Field) -> Floats:
    """Take every unknown pixel at full size from where the field points."""
    height, width = unknown.shape
    small_height, small_width = field.rows.shape
    y, x = np.nonzero(unknown)
    scale_y, scale_x = height / small_height, width / small_width
    sums, weights = np.zeros((len(y), 3)), np.zeros((len(y), 1))
    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
        # The four small pixels around it, by how near they are.
        place_y, place_x = (y + 0.5) / scale_y - 0.5, (x + 0.5) / scale_x - 0.5
        at_y = np.clip(np.floor(place_y).astype(np.intp) + down, 0, small_height - 1)
        at_x = np.clip(np.floor(place_x).astype(np.intp) + across, 0, small_width - 1)
        near = np.maximum(1 - np.abs(place_y - at_y), 0.01) * np.maximum(1 - np.abs(place_x - at_x), 0.01)
        from_y = np.clip(np.rint(y + (field.rows[at_y, at_x] - at_y) * scale_y).astype(np.intp), 0, height - 1)
        from_x = np.clip(np.rint(x + (field.columns[at_y, at_x] - at_x) * scale_x).astype(np.intp), 0, width - 1)
        share = (near * ~unknown[from_y, from_x])[:, np.newaxis]
        sums += share * colours[from_y, from_x]
        weights += share
    return sums / np.maximum(weights, 1e-9)
