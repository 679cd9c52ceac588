"""Shapes as signed distances: negative inside, in the units of their frame, y down.

A frame's pixels are x [n, 1, w] and y [n, h, 1], n frames at once. Numbers of circles, ellipses and boxes may be tensors
[n, 1, 1], one for each frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

Number = Any
"""A float, or a tensor [n, 1, 1]."""
Bounds = tuple[Number, Number, Number, Number]


class Shape(Protocol):
    """A region of the plane."""

    def bounds(self) -> Bounds:
        """Return left, top, right, bottom."""
        ...

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the signed distance [n, h, w]."""
        ...


@dataclass(frozen=True)
class Circle:
    """A disc."""

    x: Number
    y: Number
    r: Number

    def bounds(self) -> Bounds:
        return (self.x - self.r, self.y - self.r, self.x + self.r, self.y + self.r)

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        return ((x - self.x) ** 2 + (y - self.y) ** 2).sqrt_() - self.r


@dataclass(frozen=True)
class Ellipse:
    """An ellipse, turned by `angle` radians; the distance is first-order."""

    x: Number
    y: Number
    rx: Number
    ry: Number
    angle: float = 0.0

    def bounds(self) -> Bounds:
        if not self.angle:
            return (self.x - self.rx, self.y - self.ry, self.x + self.rx, self.y + self.ry)
        c, s = math.cos(self.angle), math.sin(self.angle)
        w, h = math.hypot(self.rx * c, self.ry * s), math.hypot(self.rx * s, self.ry * c)
        return (self.x - w, self.y - h, self.x + w, self.y + h)

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        u, v = x - self.x, y - self.y
        if self.angle:
            c, s = math.cos(self.angle), math.sin(self.angle)
            u, v = u * c + v * s, v * c - u * s
        u, v = u / self.rx, v / self.ry
        k = (u * u + v * v).sqrt_()
        slope = ((u / self.rx) ** 2 + (v / self.ry) ** 2).sqrt_()
        return k * (k - 1) / slope.clamp_min_(1e-4)


@dataclass(frozen=True)
class Box:
    """A rectangle around (x, y), `w` by `h`, corners rounded by `r`, turned by `angle` radians."""

    x: Number
    y: Number
    w: Number
    h: Number
    r: float = 0.0
    angle: float = 0.0

    def bounds(self) -> Bounds:
        c, s = abs(math.cos(self.angle)), abs(math.sin(self.angle))
        w, h = (self.w * c + self.h * s) / 2, (self.w * s + self.h * c) / 2
        return (self.x - w, self.y - h, self.x + w, self.y + h)

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        dx, dy = x - self.x, y - self.y
        if self.angle:
            c, s = math.cos(self.angle), math.sin(self.angle)
            dx, dy = dx * c + dy * s, dy * c - dx * s
        u, v = dx.abs() - (self.w / 2 - self.r), dy.abs() - (self.h / 2 - self.r)
        outside = (u.clamp_min(0) ** 2 + v.clamp_min(0) ** 2).sqrt_()
        return outside + torch.maximum(u, v).clamp_max_(0) - self.r


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
        left, right = sorted((self.x0, self.x1))
        top, bottom = sorted((self.y0, self.y1))
        return (left - r, top - r, right + r, bottom + r)

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        bx, by = self.x1 - self.x0, self.y1 - self.y0
        px, py = x - self.x0, y - self.y0
        t = ((px * bx + py * by) / max(bx * bx + by * by, 1e-9)).clamp_(0, 1)
        return ((px - bx * t) ** 2 + (py - by * t) ** 2).sqrt_() - self.w / 2


@dataclass(frozen=True)
class Polygon:
    """Any simple polygon, grown by `r` with round corners."""

    points: Sequence[tuple[float, float]]
    r: float = 0.0

    def bounds(self) -> Bounds:
        xs, ys = [p[0] for p in self.points], [p[1] for p in self.points]
        return (min(xs) - self.r, min(ys) - self.r, max(xs) + self.r, max(ys) + self.r)

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        nearest: Tensor | None = None
        inside: Tensor | None = None
        previous = self.points[-1]
        for point in self.points:
            ex, ey = previous[0] - point[0], previous[1] - point[1]
            px, py = x - point[0], y - point[1]
            t = ((px * ex + py * ey) / max(ex * ex + ey * ey, 1e-9)).clamp_(0, 1)
            square = (px - ex * t) ** 2 + (py - ey * t) ** 2
            nearest = square if nearest is None else torch.minimum(nearest, square)
            if ey:
                crossing = ((y < point[1]) != (y < previous[1])) & (px < ex / ey * py)
                inside = crossing if inside is None else inside ^ crossing
            previous = point
        assert nearest is not None and inside is not None
        reach = nearest.sqrt_()
        return torch.where(inside, -reach, reach) - self.r


@dataclass(frozen=True)
class Cut:
    """What lies in both shapes (`keep=True`), or in the first without the second."""

    shape: Shape
    by: Shape
    keep: bool = True

    def bounds(self) -> Bounds:
        return self.shape.bounds()

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        other = self.by.distance(x, y)
        return torch.maximum(self.shape.distance(x, y), other if self.keep else -other)


@dataclass(frozen=True)
class Join:
    """What lies in any of the shapes."""

    shapes: Sequence[Shape]

    def bounds(self) -> Bounds:
        every = [shape.bounds() for shape in self.shapes]
        ends: list[Number] = [every[0][k] for k in range(4)]
        for bounds in every[1:]:
            for k, pick in enumerate((_less, _less, _more, _more)):
                ends[k] = pick(ends[k], bounds[k])
        return (ends[0], ends[1], ends[2], ends[3])

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        result = self.shapes[0].distance(x, y)
        for shape in self.shapes[1:]:
            result = torch.minimum(result, shape.distance(x, y))
        return result


def _less(a: Number, b: Number) -> Number:
    return torch.minimum(a, b) if isinstance(a, Tensor) and isinstance(b, Tensor) else min(a, b)


def _more(a: Number, b: Number) -> Number:
    return torch.maximum(a, b) if isinstance(a, Tensor) and isinstance(b, Tensor) else max(a, b)


def star_points(x: float, y: float, r: float, n: int = 5, inner: float = 0.45) -> list[tuple[float, float]]:
    """Return the corners of a star with one point up."""
    radii = (r, r * inner)
    turns = [(-math.pi / 2 + math.pi * k / n, radii[k % 2]) for k in range(2 * n)]
    return [(x + q * math.cos(a), y + q * math.sin(a)) for a, q in turns]
