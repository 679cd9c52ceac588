"""Where and when: the backgrounds of the world, as two tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .canvas import Canvas, Colour, Light, Pen
from .shapes import Array, Box, Circle, Ellipse, Join, Polygon

Rng = np.random.Generator
HORIZON = 0.58


@dataclass(frozen=True)
class Hour:
    """A time of day or weather: its sky from zenith to horizon, its light, and what hangs in the air."""

    name: str
    phrases: tuple[str, ...]
    zenith: Colour
    low: Colour
    light: Light
    sky: Callable[[Pen, Rng], None]
    air: Callable[[Canvas, Rng], None] | None = None


@dataclass(frozen=True)
class Ground:
    """What things stand on, and the phrases that name it."""

    name: str
    phrases: tuple[str, ...]
    paint: Callable[[Canvas, Rng], None]
    floats: bool = False


def mixed(a: Array, b: Array, t: Array) -> Array:
    """Return colours from `a` (t = 0) to `b` (t = 1), [..., 3]."""
    return a + (b - a) * t[..., None]


def lattice(canvas: Canvas, rng: Rng, columns: int, rows: int) -> Array:
    """Return smooth noise of unit variance [size, size], the same field at every size."""
    values = rng.standard_normal((rows, columns)).astype(np.float32)

    def weights(n: int) -> Array:
        at = canvas.axis * (n - 1)
        t = np.clip(1 - np.abs(at[:, None] - np.arange(n, dtype=np.float32)[None, :]), 0, 1)
        return (t * t * (3 - 2 * t)).astype(np.float32)

    return weights(rows) @ values @ weights(columns).T


def puff(pen: Pen, x: float, y: float, w: float, colour: Colour, alpha: float = 0.9) -> None:
    """Draw a cloud of width `w`."""
    parts = [
        Ellipse(x, y, w / 2, w / 8),
        Circle(x - w * 0.2, y - w * 0.06, w * 0.15),
        Circle(x + w * 0.08, y - w * 0.12, w * 0.2),
    ]
    pen.fill(Join(parts), colour, shade=0.12, line=0, alpha=alpha, glow=True)


def day_sky(pen: Pen, rng: Rng) -> None:
    """Draw the sun and some white clouds."""
    x = float(rng.uniform(0.08, 0.92))
    pen.fill(Circle(x, 0.1, 0.1), (1, 0.98, 0.8), shade=0, line=0, alpha=0.35, glow=True)
    pen.fill(Circle(x, 0.1, 0.065), (1, 0.93, 0.45), shade=0.1, line=0, glow=True)
    for _ in range(int(rng.integers(1, 4))):
        puff(pen, float(rng.uniform(0, 1)), float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.18, 0.36)), (1, 1, 1))


def sunset_sky(pen: Pen, rng: Rng) -> None:
    """Draw a low orange sun with streaks of cloud."""
    x = float(rng.uniform(0.1, 0.9))
    pen.fill(Circle(x, 0.5, 0.18), (1, 0.8, 0.4), shade=0, line=0, alpha=0.35, glow=True)
    pen.fill(Circle(x, 0.5, 0.11), (1, 0.62, 0.2), shade=-0.2, line=0, glow=True)
    for _ in range(int(rng.integers(2, 5))):
        at = (float(rng.uniform(0, 1)), float(rng.uniform(0.08, 0.45)))
        pen.fill(
            Ellipse(*at, float(rng.uniform(0.12, 0.3)), 0.012),
            (0.85, 0.35, 0.42),
            shade=0,
            line=0,
            alpha=0.6,
            glow=True,
        )


def night_sky(pen: Pen, rng: Rng) -> None:
    """Draw stars and a moon."""
    for _ in range(int(rng.integers(14, 26))):
        at = (float(rng.uniform(0, 1)), float(rng.uniform(0, HORIZON)))
        pen.fill(Circle(*at, float(rng.uniform(0.004, 0.008))), (1, 1, 0.9), shade=0, line=0, glow=True)
    x = float(rng.uniform(0.1, 0.9))
    pen.fill(Circle(x, 0.12, 0.1), (0.7, 0.75, 1), shade=0, line=0, alpha=0.2, glow=True)
    pen.fill(Circle(x, 0.12, 0.06), (0.97, 0.96, 0.85), shade=0.15, line=0, glow=True)
    pen.fill(Circle(x + 0.018, 0.105, 0.013), (0.85, 0.84, 0.74), shade=0, line=0, glow=True)


def grey_sky(pen: Pen, rng: Rng) -> None:
    """Draw heavy clouds."""
    for _ in range(5):
        at = (float(rng.uniform(0, 1)), float(rng.uniform(0, 0.22)))
        g = float(rng.uniform(0.36, 0.5))
        puff(pen, *at, float(rng.uniform(0.35, 0.6)), (g, g + 0.02, g + 0.06))


def fog_sky(pen: Pen, rng: Rng) -> None:
    """Draw faint banks of fog."""
    for _ in range(3):
        at = (float(rng.uniform(0, 1)), float(rng.uniform(0.1, 0.5)))
        pen.fill(
            Ellipse(*at, float(rng.uniform(0.2, 0.5)), 0.04), (0.95, 0.95, 0.95), shade=0, line=0, alpha=0.4, glow=True
        )


def rain(canvas: Canvas, rng: Rng) -> None:
    """Streak the whole picture with slanting drops."""
    x, y = canvas.axis[None, :], canvas.axis[:, None]
    across = (x + 0.25 * y) * 15 + float(rng.uniform(0, 1))
    lane = np.floor(across)
    offset = (np.sin(lane * 12.9898) * 43758.547) % 1.0
    along = (y * 3.2 + offset * 7) % 1.0
    drop = np.clip(1 - np.abs(across - lane - 0.5) * 6, 0, 1) * np.clip(2 - np.abs(along - 0.5) * 6, 0, 1)
    canvas.blend((slice(None), slice(None)), (0.55 * drop).astype(np.float32), np.float32([0.85, 0.9, 1.0]))


def fog(canvas: Canvas, rng: Rng) -> None:
    """Lay drifting fog, thickest at the horizon."""
    y = canvas.axis[:, None]
    veil = 0.42 * np.exp(-(((y - 0.5) / 0.22) ** 2)) + 0.1 + 0.05 * lattice(canvas, rng, 5, 7)
    canvas.blend((slice(None), slice(None)), np.clip(veil, 0, 1).astype(np.float32), np.float32([0.86, 0.87, 0.88]))


HOURS: dict[str, Hour] = {
    hour.name: hour
    for hour in (
        Hour(
            "day",
            ("by day", "on a sunny day", "in daylight", "under a blue sky", "at noon", "on a clear day"),
            (0.27, 0.56, 0.93),
            (0.75, 0.9, 1.0),
            Light((1, 1, 1)),
            day_sky,
        ),
        Hour(
            "sunset",
            ("at sunset", "at dusk", "in the evening", "under an orange sky", "in the evening light"),
            (0.36, 0.22, 0.5),
            (1.0, 0.62, 0.3),
            Light((1.0, 0.82, 0.7)),
            sunset_sky,
        ),
        Hour(
            "night",
            ("at night", "by night", "under the stars", "in the moonlight", "under a starry sky"),
            (0.02, 0.03, 0.14),
            (0.13, 0.17, 0.42),
            Light((0.56, 0.6, 0.78)),
            night_sky,
        ),
        Hour(
            "fog",
            ("in the fog", "on a foggy day", "in the mist", "on a misty morning"),
            (0.78, 0.8, 0.82),
            (0.9, 0.9, 0.9),
            Light((0.95, 0.95, 0.95), 0.2, (0.86, 0.87, 0.88)),
            fog_sky,
            fog,
        ),
        Hour(
            "rain",
            ("in the rain", "on a rainy day", "in rainy weather", "while it rains", "under dark clouds"),
            (0.33, 0.37, 0.44),
            (0.58, 0.63, 0.7),
            Light((0.78, 0.81, 0.88)),
            grey_sky,
            rain,
        ),
    )
}


def earth(canvas: Canvas, rng: Rng, near: Colour, far: Colour, hills: float = 0.02, rough: float = 0.05) -> Array:
    """Fill the ground under a rolling horizon, and return how far down each row lies [size, 1], 0 to 1."""
    x, y = canvas.axis[None, :], canvas.axis[:, None]
    phase, pace = float(rng.uniform(0, 6.28)), float(rng.uniform(4, 8))
    line = HORIZON + hills * np.sin(x * pace + phase)
    cover = np.clip((y - line) * canvas.size + 0.5, 0, 1).astype(np.float32)
    depth = np.clip((y - HORIZON) / (1 - HORIZON), 0, 1)
    colour = mixed(canvas.light.on(far), canvas.light.on(near), depth)
    field = 1 + rough * lattice(canvas, rng, 9, 30)
    canvas.blend((slice(None), slice(None)), cover, np.clip(colour * field[..., None], 0, 1).astype(np.float32))
    return depth


def grass(canvas: Canvas, rng: Rng) -> None:
    """Paint a green meadow with far hills and daisies."""
    pen = Pen(canvas, 0, 0, 1)
    for _ in range(2):
        at = float(rng.uniform(0, 1))
        pen.fill(
            Ellipse(at, HORIZON + 0.06, float(rng.uniform(0.25, 0.4)), 0.15), (0.35, 0.62, 0.38), shade=0.3, line=0
        )
    earth(canvas, rng, (0.3, 0.66, 0.2), (0.55, 0.82, 0.38))
    for _ in range(int(rng.integers(5, 12))):
        x, y = float(rng.uniform(0, 1)), float(rng.uniform(0.64, 0.98))
        pen.fill(Circle(x, y, 0.005 + 0.012 * (y - HORIZON)), (1, 1, 0.95), shade=0, line=0)


def sand(canvas: Canvas, rng: Rng) -> None:
    """Paint a beach: a strip of sea, foam, pale sand."""
    earth(canvas, rng, (0.97, 0.88, 0.65), (0.99, 0.93, 0.75), 0.0)
    pen = Pen(canvas, 0, 0, 1)
    pen.fill(Box(0.5, HORIZON + 0.035, 1.2, 0.09), (0.16, 0.6, 0.75), shade=0.3, line=0)
    pen.fill(Ellipse(float(rng.uniform(0.2, 0.8)), HORIZON + 0.082, 0.8, 0.012), (1, 1, 1), shade=0, line=0, alpha=0.9)
    for _ in range(int(rng.integers(3, 7))):
        x, y = float(rng.uniform(0, 1)), float(rng.uniform(0.72, 0.97))
        pen.fill(Ellipse(x, y, 0.014, 0.008), (0.85, 0.7, 0.55), shade=0.3, line=0)


def snow(canvas: Canvas, rng: Rng) -> None:
    """Paint snowfields with blue shade."""
    pen = Pen(canvas, 0, 0, 1)
    for _ in range(2):
        at = float(rng.uniform(0, 1))
        pen.fill(
            Ellipse(at, HORIZON + 0.05, float(rng.uniform(0.25, 0.45)), 0.14), (0.8, 0.87, 0.96), shade=0.2, line=0
        )
    earth(canvas, rng, (0.97, 0.98, 1.0), (0.86, 0.92, 0.99), 0.025, 0.025)


def sea(canvas: Canvas, rng: Rng) -> None:
    """Paint open water with waves."""
    depth = earth(canvas, rng, (0.05, 0.3, 0.58), (0.2, 0.58, 0.78), 0.0, 0.03)
    x = canvas.axis[None, :]
    wobble = 0.9 * np.sin(x * 16 + float(rng.uniform(0, 6)) + depth * 9)
    wave = np.clip(np.sin((depth + 0.25) ** 0.6 * 52 + wobble) * 4 - 2.9, 0, 1) * (depth > 0.02)
    canvas.blend((slice(None), slice(None)), (0.45 * wave).astype(np.float32), canvas.light.on((0.85, 0.95, 1.0)))


def desert(canvas: Canvas, rng: Rng) -> None:
    """Paint orange dunes with a cactus or a mesa far away."""
    pen = Pen(canvas, 0, 0, 1)
    x = float(rng.uniform(0.1, 0.9))
    mesa = [(x - 0.17, 0.62), (x - 0.12, 0.47), (x + 0.1, 0.47), (x + 0.16, 0.62)]
    pen.fill(Polygon(mesa), (0.75, 0.4, 0.25), shade=0.3, line=0)
    earth(canvas, rng, (0.85, 0.5, 0.22), (0.95, 0.68, 0.38), 0.03, 0.04)
    for y in (0.72, 0.88):
        at = float(rng.uniform(0, 1))
        pen.fill(Ellipse(at, y + 0.1, 0.55, 0.1), (0.9, 0.56, 0.27), shade=0.5, line=0)


def street(canvas: Canvas, rng: Rng) -> None:
    """Paint a town: house fronts far away, a pavement, asphalt with a dashed line."""
    pen = Pen(canvas, 0, 0, 1)
    x = -0.05
    while x < 1.05:
        w, h = float(rng.uniform(0.1, 0.18)), float(rng.uniform(0.1, 0.28))
        g = float(rng.uniform(0.5, 0.68))
        pen.fill(Box(x + w / 2, HORIZON - h / 2, w, h), (g, g * 0.97, g * 1.02), shade=0.15, line=0.6)
        x += w
    earth(canvas, rng, (0.34, 0.35, 0.38), (0.42, 0.43, 0.46), 0.0, 0.02)
    pen.fill(Box(0.5, HORIZON + 0.03, 1.2, 0.06), (0.72, 0.71, 0.7), shade=0.2, line=0.8)
    start = float(rng.uniform(-0.2, 0))
    for k in range(5):
        left = start + 0.27 * k
        dash = [(left, 0.83), (left + 0.14, 0.83), (left + 0.13, 0.86), (left - 0.015, 0.86)]
        pen.fill(Polygon(dash), (0.95, 0.93, 0.85), shade=0, line=0)


GROUNDS: dict[str, Ground] = {
    ground.name: ground
    for ground in (
        Ground("grass", ("on the grass", "in a meadow", "on a green field", "on a lawn"), grass),
        Ground("sand", ("on the beach", "on the sand", "on a sandy beach", "by the sea"), sand),
        Ground("snow", ("in the snow", "on a snowy field", "on the snow", "in winter"), snow),
        Ground("sea", ("on the sea", "on the water", "on the ocean", "on blue water"), sea, floats=True),
        Ground("desert", ("in the desert", "on the dunes", "among the dunes", "in a dry desert"), desert),
        Ground("street", ("on a street", "in the town", "on the road", "in a city street"), street),
    )
}


def paint_place(canvas: Canvas, ground: Ground, hour: Hour, rng: Rng) -> None:
    """Paint the sky and the ground."""
    t = np.clip(canvas.axis / HORIZON, 0, 1)[:, None]
    canvas.pixels[:] = mixed(np.float32(hour.zenith), np.float32(hour.low), t.astype(np.float32) ** 1.3)
    hour.sky(Pen(canvas, 0, 0, 1), rng)
    ground.paint(canvas, rng)


def star_points(x: float, y: float, r: float, n: int = 5, inner: float = 0.45) -> list[tuple[float, float]]:
    """Return the corners of a star with one point up."""
    radii = (r, r * inner)
    turns = [(-math.pi / 2 + math.pi * k / n, radii[k % 2]) for k in range(2 * n)]
    return [(x + q * math.cos(a), y + q * math.sin(a)) for a, q in turns]
