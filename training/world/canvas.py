"""Pictures in the making, many at once, and the pen that draws shapes on all of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from .chance import Chance
from .shapes import Number, Shape

Colour = tuple[float, float, float]
RGB, LINE, GLOW, HEIGHT, COVER = slice(0, 3), 3, 4, 5, 6
CHANNELS = 7
"""Layers of a canvas: colours without outlines, outlines, own light, how near it lies (0 sky to 1), what is painted."""


@lru_cache(maxsize=4096)
def swatch(colour: Colour, device: str) -> Tensor:
    """Return a colour as a tensor [1, 3]."""
    return torch.tensor([colour], dtype=torch.float32, device=device)


def as_rows(colour: Colour | Tensor, like: Tensor) -> Tensor:
    """Return a colour as [1, 3] or [n, 3] beside a tensor."""
    return colour if isinstance(colour, Tensor) else swatch(colour, str(like.device))


@dataclass(frozen=True)
class Light:
    """How an hour changes the colours that it falls on: times `tint` [n, 3], then `haze` [n, 1] of the way to `air`."""

    tint: Tensor
    haze: Tensor
    air: Tensor

    def on(self, colour: Colour | Tensor) -> Tensor:
        """Return the colour under this light [n, 3]."""
        return as_rows(colour, self.tint) * self.tint * (1 - self.haze) + self.air * self.haze

    def far(self, haze: float | Tensor) -> Light:
        """Return the light on what lies farther off: `haze` more of the way to the air."""
        return replace(self, haze=1 - (1 - self.haze) * (1 - haze))

    def of(self, which: Tensor) -> Light:
        """Return the light of some of the pictures."""
        return Light(self.tint[which], self.haze[which], self.air[which])


@dataclass(frozen=True)
class Canvas:
    """Layers [n, 7, h, w] of n pictures or tiles; `size` pixels are the plane's unit; `seeds` [n] make the chances."""

    layers: Tensor
    size: int
    light: Light
    seeds: Tensor

    @property
    def axis(self) -> Tensor:
        """Middles of the pixels of a side [w], in the unit."""
        return (torch.arange(self.layers.shape[-1], device=self.layers.device) + 0.5) / self.size

    @property
    def x(self) -> Tensor:
        """Columns [1, 1, w]."""
        return self.axis[None, None, :]

    @property
    def y(self) -> Tensor:
        """Rows [1, h, 1]."""
        return self.axis[None, :, None]

    def chance(self, stream: int) -> Chance:
        """Return fresh random numbers for a purpose."""
        return Chance(self.seeds, stream)

    def of(self, which: Tensor) -> Canvas:
        """Return a copy of some of the pictures."""
        return Canvas(self.layers[which], self.size, self.light.of(which), self.seeds[which])

    def lay(self, cover: Tensor, colour: Tensor, height: float | None = None) -> None:
        """Lay a colour [n, 3] or [n, 3, h, w] over everything with its coverage [n, h, w]."""
        end = colour if colour.dim() == 4 else colour[:, :, None, None]
        self.layers[:, RGB].lerp_(end.expand_as(self.layers[:, RGB]), cover[:, None])
        if height is not None:
            self.layers[:, LINE] *= 1 - cover
            self.layers[:, GLOW] *= 1 - cover
            self.layers[:, HEIGHT].lerp_(torch.full_like(cover, height).expand_as(self.layers[:, HEIGHT]), cover)

    def place(self, tiles: Tensor, x: Tensor, y: Tensor, which: Tensor) -> None:
        """Lay tiles [m, 7, t, t] over the pictures `which` [m], middles at pixels x, y [m], whole numbers."""
        h, w = self.layers.shape[2:]
        half = tiles.shape[-1] // 2
        if tiles.device.type == "cpu":  # no launches to save: plain windows are faster by far
            for k, (left, top) in enumerate(zip((x - half).tolist(), (y - half).tolist(), strict=True)):
                rows, columns = slice(max(top, 0), top + 2 * half), slice(max(left, 0), left + 2 * half)
                part = tiles[k, :, rows.start - top : h - top, columns.start - left : w - left]
                if part.numel():
                    under = self.layers[int(which[k]), :, rows, columns]
                    under.mul_(1 - part[COVER]).add_(part)
            return
        axis = torch.arange(2 * half, device=tiles.device) - half
        r, c = (y[:, None] + axis).clamp(0, h - 1), (x[:, None] + axis).clamp(0, w - 1)
        # what hangs over the rim repeats the rim's own pixel, so that pixels written twice get one value
        across, down = (c - x[:, None] + half).clamp(0, 2 * half - 1), (r - y[:, None] + half).clamp(0, 2 * half - 1)
        each = torch.arange(len(tiles), device=tiles.device)[:, None, None]
        top = tiles[each, :, down[:, :, None], across[:, None, :]]
        at = (which[:, None, None], slice(None), r[:, :, None], c[:, None, :])
        self.layers[at] = self.layers[at] * (1 - top[..., COVER:]) + top


@dataclass(frozen=True)
class Pen:
    """Draws in a frame of its own on each picture: origin (x, y) in pixels, one unit = `scale` pixels, all [n, 1, 1].

    `sign` is -1 where the picture will be turned round, so that light still falls from the left. `reach` holds the
    least and the greatest scale, `origin` where the frame's origin is, within a pixel; numbers of Python, so that
    windows of the canvas are known without asking the device.
    """

    canvas: Canvas
    x: Number
    y: Number
    scale: Number
    reach: tuple[float, float]
    origin: tuple[float, float]
    sign: Number = 1.0
    height: Number = 0.0

    def window(self, bounds: tuple[Number, Number, Number, Number]) -> tuple[slice, slice] | None:
        """Return rows and columns of the pixels that the bounds can touch."""
        h, w = self.canvas.layers.shape[2:]
        if any(isinstance(end, Tensor) for end in bounds):
            return slice(0, h), slice(0, w)
        ends = [[v * scale for scale in self.reach] for v in bounds]
        columns = slice(
            max(0, math.floor(self.origin[0] + min(ends[0]) - 2)), min(w, math.ceil(self.origin[0] + max(ends[2]) + 2))
        )
        rows = slice(
            max(0, math.floor(self.origin[1] + min(ends[1]) - 2)), min(h, math.ceil(self.origin[1] + max(ends[3]) + 2))
        )
        return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None

    def fill(
        self,
        shape: Shape,
        colour: Colour | Tensor,
        *,
        shade: float = 0.22,
        line: float = 1.0,
        alpha: Number = 1.0,
        glow: bool = False,
        soft: float = 0.0,
    ) -> None:
        """Fill a shape: lighter towards the upper left by `shade`, with a dark edge `line` times as wide as usual.

        `glow` keeps the colour as it is in any light; `soft` is how wide the rim fades out, in units of the frame.
        """
        left, top, right, bottom = shape.bounds()
        where = self.window((left, top, right, bottom))
        if where is None:
            return
        rows, columns = where
        device = self.canvas.layers.device
        u = (torch.arange(columns.start, columns.stop, device=device) + 0.5 - self.x) / self.scale
        v = ((torch.arange(rows.start, rows.stop, device=device) + 0.5)[None, :, None] - self.y) / self.scale
        d = shape.distance(u, v) * self.scale
        cover = (0.5 - d / (soft * self.scale)).clamp_(0, 1) if soft else (0.5 - d).clamp_(0, 1)
        if soft:
            cover = cover * cover * (3 - 2 * cover)
        if not isinstance(alpha, float) or alpha != 1:
            cover = cover * alpha
        base = as_rows(colour, d) if glow else self.canvas.light.on(colour)
        end = base[:, :, None, None]
        if shade:
            across = (u - (left + right) / 2) * (self.sign * (0.5 * shade)) / _width(left, right)
            down = (v - (top + bottom) / 2) * (0.9 * shade) / _width(top, bottom)
            end = (end * (1 - across - down)[:, None]).clamp_(0, 1)
        view = self.canvas.layers[:, :, rows, columns]
        weight = cover[:, None]
        view[:, RGB] += (end - view[:, RGB]) * weight
        edge = (d + (line * max(0.9, 0.009 * self.canvas.size) + 0.5)).clamp_(0, 1) if line else 0.0
        view[:, LINE] += (edge - view[:, LINE]) * cover
        view[:, GLOW] += (float(glow) - view[:, GLOW]) * cover
        view[:, HEIGHT] += (self.height - view[:, HEIGHT]) * cover
        view[:, COVER] += (1 - view[:, COVER]) * cover


def _width(a: Number, b: Number) -> Number:
    return (b - a).clamp_min(1e-6) if isinstance(b - a, Tensor) else max(b - a, 1e-6)


def whole(canvas: Canvas, height: float = 0.0) -> Pen:
    """Return a pen in the frame of the plane: its unit is the picture."""
    size = float(canvas.size)
    return Pen(canvas, 0.0, 0.0, torch.full((1, 1, 1), size, device=canvas.seeds.device), (size, size), (0, 0), 1.0, height)


@dataclass(frozen=True)
class Frames:
    """Where tiles lie: middles and scale in pixels [m], seen from the left or turned round, and how near [m]."""

    x: Tensor
    y: Tensor
    scale: Tensor
    mirror: Tensor
    height: Tensor
    reach: tuple[float, float]


def tiles(
    frames: Frames, light: Light, seeds: Tensor, size: int, room: float, draw: Callable[[Pen], None]
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw one thing once for every frame, and return the tiles [m, 7, t, t] with the pixels [m] of their middles.

    `room` is the half-width of what is drawn, in units of the frame.
    """
    t = 2 * math.ceil(frames.reach[1] * room + 2)
    x, y = frames.x.floor(), frames.y.floor()
    sign = 1 - 2 * frames.mirror.float()
    layers = torch.zeros(len(frames.x), CHANNELS, t, t, device=frames.x.device)
    canvas = Canvas(layers, size, light, seeds)
    pen = Pen(
        canvas,
        (t / 2 + (frames.x - x) * sign)[:, None, None],
        (t / 2 + frames.y - y)[:, None, None],
        frames.scale[:, None, None],
        frames.reach,
        (t / 2, t / 2),
        sign[:, None, None],
        frames.height[:, None, None],
    )
    draw(pen)
    turned = torch.where(frames.mirror[:, None, None, None], layers.flip(3), layers)
    return turned, x.long(), y.long()


def stamps(
    canvas: Canvas,
    draw: Callable[[Pen], None],
    x: Tensor,
    y: Tensor,
    scale: Tensor,
    most: float,
    *,
    room: float = 0.55,
    height: float = 0.0,
    alpha: Any = None,
) -> None:
    """Draw the same little thing k times on each picture: x, y, scale [n, k] in units of the plane, scale up to `most`.

    `alpha` [n, k] may fade some, or leave them out.
    """
    n, k = x.shape
    flat = [v.reshape(-1) * canvas.size for v in (x, y, scale.expand_as(x))]
    index = torch.arange(n, device=x.device).repeat_interleave(k)
    frames = Frames(
        *flat,
        mirror=torch.zeros(n * k, dtype=torch.bool, device=x.device),
        height=torch.full((n * k,), height, device=x.device),
        reach=(0.0, most * canvas.size),
    )
    drawn, at_x, at_y = tiles(frames, canvas.light.of(index), canvas.seeds[index], canvas.size, room, draw)
    if alpha is not None:
        drawn = drawn * alpha.reshape(-1)[:, None, None, None]
    drawn = drawn.view(n, k, *drawn.shape[1:])
    for j in range(k):
        canvas.place(drawn[:, j], at_x.view(n, k)[:, j], at_y.view(n, k)[:, j], index[::k])
