"""A picture in the making, and the pen that draws shapes on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from .shapes import Array, Shape

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Light:
    """How an hour changes the colour of what it falls on: multiplied by `tint`, then `haze` of the way to `air`."""

    tint: Colour
    haze: float = 0.0
    air: Colour = (1.0, 1.0, 1.0)

    def on(self, colour: Colour | Array) -> Array:
        """Return the colour under this light."""
        lit = np.asarray(colour, dtype=np.float32) * np.asarray(self.tint, dtype=np.float32)
        return lit * (1 - self.haze) + np.asarray(self.air, dtype=np.float32) * self.haze


@dataclass
class Canvas:
    """Float32 RGB pixels [size, size, 3] in [0, 1], the plane being the unit square with y down."""

    size: int
    light: Light
    pixels: Array = field(init=False)
    axis: Array = field(init=False)

    def __post_init__(self) -> None:
        self.pixels = np.zeros((self.size, self.size, 3), dtype=np.float32)
        self.axis = ((np.arange(self.size) + 0.5) / self.size).astype(np.float32)

    def window(self, bounds: tuple[float, float, float, float]) -> tuple[slice, slice] | None:
        """Return rows and columns of the pixels that the bounds can touch."""
        left, top, right, bottom = (v * self.size for v in bounds)
        rows = slice(max(0, math.floor(top) - 1), min(self.size, math.ceil(bottom) + 1))
        columns = slice(max(0, math.floor(left) - 1), min(self.size, math.ceil(right) + 1))
        return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None

    def blend(self, where: tuple[slice, slice], alpha: Array, colour: Array) -> None:
        """Lay a colour ([3] or [h, w, 3]) over a window with its coverage [h, w]."""
        view = self.pixels[where]
        view += (colour - view) * alpha[..., None]


@dataclass(frozen=True)
class Pen:
    """Draws in a frame of its own: origin (x, y) on the canvas, one unit = `scale`, x turned round if `mirror`."""

    canvas: Canvas
    x: float
    y: float
    scale: float
    mirror: bool = False

    def fill(
        self,
        shape: Shape,
        colour: Colour,
        *,
        shade: float = 0.22,
        line: float = 1.0,
        alpha: float = 1.0,
        glow: bool = False,
    ) -> None:
        """Fill a shape: lighter towards the upper left by `shade`, with a dark edge `line` times as wide as usual.

        `glow` keeps the colour as it is in any light.
        """
        left, top, right, bottom = shape.bounds()
        sign = -1 if self.mirror else 1
        ends = sorted((self.x + sign * left * self.scale, self.x + sign * right * self.scale))
        where = self.canvas.window((ends[0], self.y + top * self.scale, ends[1], self.y + bottom * self.scale))
        if where is None:
            return
        u = ((self.canvas.axis[where[1]] - self.x) * (sign / self.scale))[None, :]
        v = ((self.canvas.axis[where[0]] - self.y) / self.scale)[:, None]
        pixel = self.scale * self.canvas.size
        d = shape.distance(u, v) * pixel
        cover = np.clip(0.5 - d, 0, 1)
        base = np.asarray(colour, dtype=np.float32) if glow else self.canvas.light.on(colour)
        tone = np.ones_like(d)
        if shade:
            across = (u * sign - sign * (left + right) / 2) / max(right - left, 1e-6)
            down = (v - (top + bottom) / 2) / max(bottom - top, 1e-6)
            tone = tone - shade * (0.5 * across + 0.9 * down)
        if line:
            width = line * max(0.9, 0.009 * self.canvas.size)
            tone = tone * (1 - 0.55 * np.clip(d + width + 0.5, 0, 1))
        self.canvas.blend(where, cover * alpha, np.clip(base * tone[..., None], 0, 1))

    def shadow(self, width: float, strength: float = 0.4) -> None:
        """Lay a soft shadow on the ground around the frame's (0, 0.5), `width` wide."""
        rx, ry = width / 2, width / 7
        frame = (self.x - rx * self.scale, self.y + (0.5 - ry) * self.scale)
        where = self.canvas.window((*frame, frame[0] + 2 * rx * self.scale, frame[1] + 2 * ry * self.scale))
        if where is None:
            return
        u = ((self.canvas.axis[where[1]] - self.x) / (self.scale * rx))[None, :]
        v = ((self.canvas.axis[where[0]] - self.y - 0.5 * self.scale) / (self.scale * ry))[:, None]
        alpha = np.clip(1 - (u * u + v * v), 0, 1)
        self.canvas.blend(where, strength * alpha, self.canvas.pixels[where] * 0.25)
