"""Seam score: how well the edge of what was pasted can be seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .smoothing import distance_inside, gaussian, gaussian_where

Bytes = NDArray[np.uint8]
Floats = NDArray[np.floating]

_SIDE = 3.0
"""Sigma in px of the narrow window that both sides of the edge are looked at through; the wide one's is twice it."""
_ASIDE = 18.0
"""Px outside of the edge where a line is drawn to see by what neighbouring places differ anyway."""
_MARGIN = 56
_FLOOR = 0.5
"""Levels of detail below which it counts as none."""
_UNITS = {"color": 12.0, "gradient": 16.0, "noise": 2.0, "sharpness": 3.0}
"""What one of each measure amounts to: together, `score = 100 (1 - exp(-sum))`."""


@dataclass(frozen=True, eq=False)
class Seam:
    """How well an edge can be seen.

    Attributes
    ----------
    score : 0..100, 0 = not at all
    color : levels of the step between the colours of both sides
    gradient : levels of the step from pixel to pixel across the edge
    noise : by what power of two detail of one px differs between both sides
    sharpness : by what power of two detail of some px does
    heat : "L" of the picture's size, where it can be seen
    """

    score: float
    color: float
    gradient: float
    noise: float
    sharpness: float
    heat: Image.Image

    def as_dict(self) -> dict[str, float]:
        """Give the figures as plain values."""
        measures = {"score": self.score, **{name: getattr(self, name) for name in _UNITS}}
        return {name: round(value, 2) for name, value in measures.items()}


def seam(picture: Bytes, weight: Floats) -> Seam:
    """Measure the edge of a paste.

    Parameters
    ----------
    picture : [H, W, 3], the result
    weight : [H, W], 0..1, share of what was pasted

    Notes
    -----
    The edge is where the weight is one half. Colours and energies of detail are averaged on
    each side of it over two windows and carried on to the edge in a straight line, so that
    a ramp of the picture is no step. What the same measures find along a line outside, where
    nothing was pasted, is taken off, in squares.
    """
    new = weight >= 0.5
    edge = _edge(new)
    rows, columns = np.nonzero(edge)
    height, width = new.shape
    if len(rows) == 0:
        return Seam(0.0, 0.0, 0.0, 0.0, 0.0, Image.new("L", (width, height)))
    around = (
        slice(max(0, int(rows.min()) - _MARGIN), min(height, int(rows.max()) + _MARGIN + 1)),
        slice(max(0, int(columns.min()) - _MARGIN), min(width, int(columns.max()) + _MARGIN + 1)),
    )
    pixels, at_edge, inside = picture[around].astype(np.float32), edge[around], new[around]
    local, usual = _measured(pixels, inside), _usual(pixels, inside, weight[around])
    means = {name: max(0.0, float(np.mean(local[name][at_edge] ** 2)) - usual[name]) ** 0.5 for name in _UNITS}
    score = 100 * (1 - np.exp(-sum(means[name] / _UNITS[name] for name in _UNITS)))
    total = sum(np.sqrt(np.maximum(local[name] ** 2 - usual[name], 0)) / _UNITS[name] for name in _UNITS)
    near = np.exp(-np.square(distance_inside(~at_edge) / (2 * _SIDE)))
    heat = np.zeros((height, width), np.uint8)
    heat[around] = np.rint(255 * (1 - np.exp(-np.asarray(total))) * near)
    return Seam(float(score), **means, heat=Image.fromarray(heat))


def _edge(new: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark pixels that have a neighbour on the other side."""
    edge = np.zeros_like(new)
    across, down = new[:, 1:] != new[:, :-1], new[1:] != new[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def _usual(pixels: Floats, new: NDArray[np.bool_], weight: Floats) -> dict[str, float]:
    """Give the mean squares of all measures along a line through what was not touched."""
    line = distance_inside(weight == 0) < _ASIDE if (weight > 0).any() else new
    clear = _edge(line) & (distance_inside(~new) > _ASIDE - 2)
    if np.count_nonzero(clear) < 4 * _SIDE:
        return dict.fromkeys(_UNITS, 0.0)
    return {name: float(np.mean(np.square(values[clear]))) for name, values in _measured(pixels, line).items()}


def _measured(pixels: Floats, new: NDArray[np.bool_]) -> dict[str, Floats]:
    """Give every measure at every pixel, [h, w]; only near the edge of `new` it means something."""
    grey = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    # Detail right at the edge is the edge's own.
    away = np.maximum(distance_inside(new), distance_inside(~new)) > 3
    detail = np.stack([_laplacian(grey) ** 2, _band(grey) ** 2], axis=-1)
    sides = [side.astype(np.float32) for side in (~new, new)]
    colours = [
        2 * gaussian_where(pixels, side, _SIDE, 3) - gaussian_where(pixels, side, 2 * _SIDE, 3) for side in sides
    ]
    old, made = (np.sqrt(gaussian_where(detail, side * away, 2 * _SIDE, 3)) + _FLOOR for side in sides)
    noise, sharpness = np.moveaxis(np.abs(np.log2(made / old)), -1, 0)
    return {
        "color": np.sqrt(np.square(colours[1] - colours[0]).mean(-1)),
        "gradient": _jump(grey, new),
        "noise": noise,
        "sharpness": sharpness,
    }


def _jump(grey: Floats, new: NDArray[np.bool_]) -> Floats:
    """Give the step from pixel to pixel across the edge, averaged along it."""
    total, crossing = np.zeros_like(grey), np.zeros_like(grey)
    for axis in (0, 1):
        before = tuple(slice(None, -1) if at == axis else slice(None) for at in (0, 1))
        crosses = np.diff(new, axis=axis)
        # From the source to what was pasted, so that grain along the edge cancels.
        sign = np.where(crosses, np.where(new[before], -1, 1), 0).astype(np.float32)
        total[before] += np.diff(grey, axis=axis) * sign
        crossing[before] += crosses
    return np.abs(gaussian(total, _SIDE, 3)) / np.maximum(gaussian(crossing, _SIDE, 3), 1e-4)


def _laplacian(grey: Floats) -> Floats:
    """Give what no slope explains at single pixels, scaled so that white noise keeps its sigma."""
    padded = np.pad(grey, 1, mode="edge")
    across = padded[:, :-2] - 2 * padded[:, 1:-1] + padded[:, 2:]
    return (across[:-2] - 2 * across[1:-1] + across[2:]) / np.float32(6)


def _band(grey: Floats) -> Floats:
    """Give detail of some px: the difference of two smoothings."""
    return gaussian(grey, 1.0) - gaussian(grey, 2.5)
