"""Shapes as signed distances: negative inside, in the units of their frame, y down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Bounds = tuple[float, float, float, float]


class Shape(Protocol):
    """A region of the plane."""

    def bounds(self) -> Bounds:
        """Return left, top, right, bottom."""
        ...

    def distance(self, x: Array, y: Array) -> Array:
        """Return the signed distance; x is [1,w] and y is [h,1]."""
        ...


@dataclass(frozen=True)
class Circle:
    """A disc."""

    x: float
    y: float
    r: float

    def bounds(self) -> Bounds:
        return (self.x - self.r, self.y - self.r, self.x + self.r, self.y + self.r)

    def distance(self, x: Array, y: Array) -> Array:
        return np.sqrt((x - self.x) ** 2 + (y - self.y) ** 2) - self.r


@dataclass(frozen=True)
class Ellipse:
    """An ellipse, turned by `angle` radians; the distance is first-order."""

    x: float
    y: float
    rx: float
    ry: float
    angle: float = 0.0

    def bounds(self) -> Bounds:
        c, s = math.cos(self.angle), math.sin(self.angle)
        w, h = math.hypot(self.rx * c, self.ry * s), math.hypot(self.rx * s, self.ry * c)
        return (self.x - w, self.y - h, self.x + w, self.y + h)

    def distance(self, x: Array, y: Array) -> Array:
        c, s = math.cos(self.angle), math.sin(self.angle)
        dx, dy = x - self.x, y - self.y
        u, v = (dx * c + dy * s) / self.rx, (dy * c - dx * s) / self.ry
        k = np.sqrt(u * u + v * v)
        slope = np.sqrt((u / self.rx) ** 2 + (v / self.ry) ** 2)
        return k * (k - 1) / np.maximum(slope, 1e-4)


@dataclass(frozen=True)
class Box:
    """A rectangle around (x, y), `w` by `h`, corners rounded by `r`, turned by `angle` radians."""

    x: float
    y: float
    w: float
    h: float
    r: float = 0.0
    angle: float = 0.0

    def bounds(self) -> Bounds:
        c, s = abs(math.cos(self.angle)), abs(math.sin(self.angle))
        w, h = (self.w * c + self.h * s) / 2, (self.w * s + self.h * c) / 2
        return (self.x - w, self.y - h, self.x + w, self.y + h)

    def distance(self, x: Array, y: Array) -> Array:
        dx, dy = x - self.x, y - self.y
        if self.angle:
            c, s = math.cos(self.angle), math.sin(self.angle)
            dx, dy = dx * c + dy * s, dy * c - dx * s
        u, v = np.abs(dx) - (self.w / 2 - self.r), np.abs(dy) - (self.h / 2 - self.r)
        outside = np.sqrt(np.maximum(u, 0) ** 2 + np.maximum(v, 0) ** 2)
        return outside + np.minimum(np.maximum(u, v), 0) - self.r


@dataclass(frozen=True)
class Line:
    """A stroke with round ends, `w` wide."""

    x0: float
    y0: float
    x1: float
    y1: float
    w: float

    def bounds(self) -> Bounds:
        r = self.w / 2
        return (
            min(self.x0, self.x1) - r,
            min(self.y0, self.y1) - r,
            max(self.x0, self.x1) + r,
            max(self.y0, self.y1) + r,
        )

    def distance(self, x: Array, y: Array) -> Array:
        bx, by = self.x1 - self.x0, self.y1 - self.y0
        px, py = x - self.x0, y - self.y0
        t = np.clip((px * bx + py * by) / max(bx * bx + by * by, 1e-9), 0, 1)
        return np.sqrt((px - bx * t) ** 2 + (py - by * t) ** 2) - self.w / 2


@dataclass(frozen=True)
class Polygon:
    """Any simple polygon, grown by `r` with round corners."""

    points: Sequence[tuple[float, float]]
    r: float = 0.0

    def bounds(self) -> Bounds:
        xs, ys = [p[0] for p in self.points], [p[1] for p in self.points]
        return (min(xs) - self.r, min(ys) - self.r, max(xs) + self.r, max(ys) + self.r)

    def distance(self, x: Array, y: Array) -> Array:
        nearest: Array | None = None
        inside = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=bool)
        previous = self.points[-1]
        for point in self.points:
            ex, ey = previous[0] - point[0], previous[1] - point[1]
            px, py = x - point[0], y - point[1]
            t = np.clip((px * ex + py * ey) / max(ex * ex + ey * ey, 1e-9), 0, 1)
            square = (px - ex * t) ** 2 + (py - ey * t) ** 2
            nearest = square if nearest is None else np.minimum(nearest, square)
            crosses = (y < point[1]) != (y < previous[1])
            if ey:
                inside ^= crosses & (px < ex * py / ey)
            previous = point
        assert nearest is not None
        return np.where(inside, -1, 1) * np.sqrt(nearest) - self.r


@dataclass(frozen=True)
class Cut:
    """What lies in both shapes (`keep=True`), or in the first without the second."""

    shape: Shape
    by: Shape
    keep: bool = True

    def bounds(self) -> Bounds:
        return self.shape.bounds()

    def distance(self, x: Array, y: Array) -> Array:
        other = self.by.distance(x, y)
        return np.maximum(self.shape.distance(x, y), other if self.keep else -other)


@dataclass(frozen=True)
class Join:
    """What lies in any of the shapes."""

    shapes: Sequence[Shape]

    def bounds(self) -> Bounds:
        every = [shape.bounds() for shape in self.shapes]
        return (
            min(b[0] for b in every),
            min(b[1] for b in every),
            max(b[2] for b in every),
            max(b[3] for b in every),
        )

    def distance(self, x: Array, y: Array) -> Array:
        result = self.shapes[0].distance(x, y)
        for shape in self.shapes[1:]:
            result = np.minimum(result, shape.distance(x, y))
        return result
