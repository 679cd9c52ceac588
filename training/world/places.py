"""Where and when: the plain backgrounds, as two tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .canvas import RGB, Canvas, Colour, Pen, stamps, swatch, whole
from .chance import Chance, lattice
from .shapes import Box, Circle, Ellipse, Join, Polygon

HORIZON = 0.58
FAR, GROUND = 0.12, 0.25
"""Heights of the layers behind the things."""


@dataclass(frozen=True)
class Hour:
    """A time of day or weather: its sky from zenith to horizon, its light, and what hangs in the air.

    Light falls as `tint`, and things are `haze` of the way to `air`.
    """

    name: str
    phrases: tuple[str, ...]
    zenith: Colour
    low: Colour
    tint: Colour
    sky: Callable[[Canvas, Chance], None]
    haze: float = 0.0
    air: Colour = (1.0, 1.0, 1.0)
    weather: Callable[[Canvas, Chance], None] | None = None
    bend: float = 1.3
    """How late the sky turns from the zenith's colour to the horizon's."""
    shadow: float = 0.4


@dataclass(frozen=True)
class Ground:
    """What things stand on, and the phrases that name it."""

    name: str
    phrases: tuple[str, ...]
    paint: Callable[[Canvas, Chance], None]
    floats: bool = False
    indoors: bool = False


def mixed(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Return colours from `a` (t = 0) to `b` (t = 1): a, b [n, 3] or [1, 3] and t [n, h, w] give [n, 3, h, w]."""
    return a[:, :, None, None] + (b - a)[:, :, None, None] * t[:, None]


def colour(canvas: Canvas, value: Colour) -> Tensor:
    """Return a colour that no light changes [1, 3]."""
    return swatch(value, str(canvas.layers.device))


def disc(colour: Colour, alpha: float = 1.0, shade: float = 0.0) -> Callable[[Pen], None]:
    """Return what draws a shining disc of radius 0.5."""
    return lambda pen: pen.fill(Circle(0, 0, 0.5), colour, shade=shade, line=0, alpha=alpha, glow=True)


def puff(shining: Colour) -> Callable[[Pen], None]:
    """Return what draws a cloud, one unit wide."""
    parts = Join([Ellipse(0, 0, 0.5, 0.125), Circle(-0.2, -0.06, 0.15), Circle(0.08, -0.12, 0.2)])
    return lambda pen: pen.fill(parts, shining, shade=0.12, line=0, alpha=0.9, glow=True)


def some(chance: Chance, least: int, most: int) -> Tensor:
    """Return for each picture 1 for the first `least` to `most` places, then 0 [n, most]."""
    count = chance.uniform(least, most + 1).floor()
    return (torch.arange(most, device=count.device) < count[:, None]).float()


def day_sky(canvas: Canvas, chance: Chance) -> None:
    """Draw the sun and some white clouds."""
    x, y = chance.uniform(0.08, 0.92, 1), torch.full_like(canvas.seeds[:, None], 0.1, dtype=torch.float32)
    stamps(canvas, disc((1, 0.98, 0.8), 0.35), x, y, torch.full_like(x, 0.2), 0.2)
    stamps(canvas, disc((1, 0.93, 0.45), shade=0.1), x, y, torch.full_like(x, 0.13), 0.13)
    x, y, w = chance.uniform(0, 1, 3), chance.uniform(0.1, 0.4, 3), chance.uniform(0.18, 0.36, 3)
    stamps(canvas, puff((1, 1, 1)), x, y, w, 0.36, alpha=some(chance, 1, 3))


def sunset_sky(canvas: Canvas, chance: Chance) -> None:
    """Draw a low orange sun with streaks of cloud."""
    x, y = chance.uniform(0.1, 0.9, 1), torch.full_like(canvas.seeds[:, None], 0.5, dtype=torch.float32)
    stamps(canvas, disc((1, 0.8, 0.4), 0.35), x, y, torch.full_like(x, 0.36), 0.36)
    stamps(canvas, disc((1, 0.62, 0.2), shade=-0.2), x, y, torch.full_like(x, 0.22), 0.22)
    pen = whole(canvas)
    there = some(chance, 2, 4)
    for k in range(4):
        streak = Ellipse(chance.place(0, 1), chance.place(0.08, 0.45), chance.place(0.12, 0.3), 0.012)
        alpha = 0.6 * there[:, k, None, None]
        pen.fill(streak, (0.85, 0.35, 0.42), shade=0, line=0, alpha=alpha, glow=True)


def night_sky(canvas: Canvas, chance: Chance) -> None:
    """Draw stars and a moon."""
    x, y, r = chance.uniform(0, 1, 25), chance.uniform(0, HORIZON, 25), chance.uniform(0.008, 0.016, 25)
    stamps(canvas, disc((1, 1, 0.9)), x, y, r, 0.016, alpha=some(chance, 14, 25))
    x, y = chance.uniform(0.1, 0.9, 1), torch.full_like(canvas.seeds[:, None], 0.12, dtype=torch.float32)
    stamps(canvas, disc((0.7, 0.75, 1), 0.2), x, y, torch.full_like(x, 0.2), 0.2)
    stamps(canvas, disc((0.97, 0.96, 0.85), shade=0.15), x, y, torch.full_like(x, 0.12), 0.12)
    stamps(canvas, disc((0.85, 0.84, 0.74)), x + 0.018, y - 0.015, torch.full_like(x, 0.026), 0.026)


def grey_sky(canvas: Canvas, chance: Chance) -> None:
    """Draw heavy clouds."""
    for _ in range(5):
        x, y, w = chance.uniform(0, 1, 1), chance.uniform(0, 0.22, 1), chance.uniform(0.35, 0.6, 1)
        grey = chance.uniform(0.36, 0.5)
        shining = torch.stack([grey, grey + 0.02, grey + 0.06], 1)

        def cloud(pen: Pen, shining: Tensor = shining) -> None:
            parts = Join([Ellipse(0, 0, 0.5, 0.125), Circle(-0.2, -0.06, 0.15), Circle(0.08, -0.12, 0.2)])
            pen.fill(parts, shining, shade=0.12, line=0, alpha=0.9, glow=True)

        stamps(canvas, cloud, x, y, w, 0.6)


def fog_sky(canvas: Canvas, chance: Chance) -> None:
    """Draw faint banks of fog."""
    pen = whole(canvas)
    for _ in range(3):
        bank = Ellipse(chance.place(0, 1), chance.place(0.1, 0.5), chance.place(0.2, 0.5), 0.04)
        pen.fill(bank, (0.95, 0.95, 0.95), shade=0, line=0, alpha=0.4, glow=True)


def rain(canvas: Canvas, chance: Chance) -> None:
    """Streak the whole picture with slanting drops."""
    x, y = canvas.x, canvas.y
    across = (x + 0.25 * y) * 15 + chance.place(0, 1)
    lane = across.floor()
    offset = (torch.sin(lane * 12.9898) * 43758.547) % 1.0
    along = (y * 3.2 + offset * 7) % 1.0
    drop = (1 - (across - lane - 0.5).abs() * 6).clamp(0, 1) * (2 - (along - 0.5).abs() * 6).clamp(0, 1)
    canvas.lay(0.55 * drop, colour(canvas, (0.85, 0.9, 1.0)))


def fog(canvas: Canvas, chance: Chance) -> None:
    """Lay drifting fog, thickest at the horizon."""
    veil = 0.42 * torch.exp(-(((canvas.y - 0.5) / 0.22) ** 2)) + 0.1 + 0.05 * lattice(chance, canvas.axis, 5, 7)
    canvas.lay(veil.clamp(0, 1), colour(canvas, (0.86, 0.87, 0.88)))


HOURS: dict[str, Hour] = {
    hour.name: hour
    for hour in (
        Hour(
            "day",
            ("by day", "on a sunny day", "in daylight", "under a blue sky", "at noon", "on a clear day"),
            (0.27, 0.56, 0.93),
            (0.75, 0.9, 1.0),
            (1, 1, 1),
            day_sky,
        ),
        Hour(
            "sunset",
            ("at sunset", "at dusk", "in the evening", "under an orange sky", "in the evening light"),
            (0.36, 0.22, 0.5),
            (1.0, 0.62, 0.3),
            (1.0, 0.82, 0.7),
            sunset_sky,
        ),
        Hour(
            "night",
            ("at night", "by night", "under the stars", "in the moonlight", "under a starry sky"),
            (0.02, 0.03, 0.14),
            (0.13, 0.17, 0.42),
            (0.56, 0.6, 0.78),
            night_sky,
        ),
        Hour(
            "fog",
            ("in the fog", "on a foggy day", "in the mist", "on a misty morning"),
            (0.78, 0.8, 0.82),
            (0.9, 0.9, 0.9),
            (0.95, 0.95, 0.95),
            fog_sky,
            haze=0.2,
            air=(0.86, 0.87, 0.88),
            weather=fog,
        ),
        Hour(
            "rain",
            ("in the rain", "on a rainy day", "in rainy weather", "while it rains", "under dark clouds"),
            (0.33, 0.37, 0.44),
            (0.58, 0.63, 0.7),
            (0.78, 0.81, 0.88),
            grey_sky,
            weather=rain,
        ),
    )
}


def earth(
    canvas: Canvas, chance: Chance, near: Colour, far: Colour, hills: float = 0.02, rough: float = 0.05
) -> Tensor:
    """Fill the ground under a rolling horizon, and return how far down each row lies [1, size, 1], 0 to 1."""
    phase, pace = chance.place(0, 6.28), chance.place(4, 8)
    line = HORIZON + hills * torch.sin(canvas.x * pace + phase)
    cover = ((canvas.y - line) * canvas.size + 0.5).clamp(0, 1)
    depth = ((canvas.y - HORIZON) / (1 - HORIZON)).clamp(0, 1)
    ground = mixed(canvas.light.on(far), canvas.light.on(near), depth)
    field = 1 + rough * lattice(chance, canvas.axis, 9, 30)
    canvas.lay(cover, (ground * field[:, None]).clamp_(0, 1), GROUND)
    return depth


def far_hills(canvas: Canvas, chance: Chance, tone: Colour, y: float, wide: tuple[float, float], ry: float) -> None:
    """Draw two rounded hills behind the ground."""
    pen = whole(canvas, FAR)
    for _ in range(2):
        hill = Ellipse(chance.place(0, 1), y, chance.place(*wide), ry)
        pen.fill(hill, tone, shade=0.3 if ry > 0.145 else 0.2, line=0)


def grass(canvas: Canvas, chance: Chance) -> None:
    """Paint a green meadow with far hills and daisies."""
    far_hills(canvas, chance, (0.35, 0.62, 0.38), HORIZON + 0.06, (0.25, 0.4), 0.15)
    earth(canvas, chance, (0.3, 0.66, 0.2), (0.55, 0.82, 0.38))
    x, y = chance.uniform(0, 1, 11), chance.uniform(0.64, 0.98, 11)
    stamps(canvas, lit(Circle(0, 0, 0.5), (1, 1, 0.95)), x, y, 0.01 + 0.024 * (y - HORIZON), 0.02, alpha=some(chance, 5, 11))


def lit(shape: Circle | Ellipse, tone: Colour, shade: float = 0.0) -> Callable[[Pen], None]:
    """Return what draws a small shape in the light of the hour."""
    return lambda pen: pen.fill(shape, tone, shade=shade, line=0)


def sand(canvas: Canvas, chance: Chance) -> None:
    """Paint a beach: a strip of sea, foam, pale sand."""
    earth(canvas, chance, (0.97, 0.88, 0.65), (0.99, 0.93, 0.75), 0.0)
    pen = whole(canvas, GROUND)
    pen.fill(Box(0.5, HORIZON + 0.035, 1.2, 0.09), (0.16, 0.6, 0.75), shade=0.3, line=0)
    foam = Ellipse(chance.place(0.2, 0.8), HORIZON + 0.082, 0.8, 0.012)
    pen.fill(foam, (1, 1, 1), shade=0, line=0, alpha=0.9)
    x, y = chance.uniform(0, 1, 6), chance.uniform(0.72, 0.97, 6)
    pebble = lit(Ellipse(0, 0, 0.5, 0.286), (0.85, 0.7, 0.55), 0.3)
    stamps(canvas, pebble, x, y, torch.full_like(x, 0.028), 0.028, alpha=some(chance, 3, 6))


def snow(canvas: Canvas, chance: Chance) -> None:
    """Paint snowfields with blue shade."""
    far_hills(canvas, chance, (0.8, 0.87, 0.96), HORIZON + 0.05, (0.25, 0.45), 0.14)
    earth(canvas, chance, (0.97, 0.98, 1.0), (0.86, 0.92, 0.99), 0.025, 0.025)


def sea(canvas: Canvas, chance: Chance) -> None:
    """Paint open water with waves."""
    depth = earth(canvas, chance, (0.05, 0.3, 0.58), (0.2, 0.58, 0.78), 0.0, 0.03)
    wobble = 0.9 * torch.sin(canvas.x * 16 + chance.place(0, 6) + depth * 9)
    wave = (torch.sin((depth + 0.25) ** 0.6 * 52 + wobble) * 4 - 2.9).clamp(0, 1) * (depth > 0.02)
    canvas.lay(0.45 * wave, canvas.light.on((0.85, 0.95, 1.0)))


def desert(canvas: Canvas, chance: Chance) -> None:
    """Paint orange dunes with a mesa far away."""
    mesa = Polygon([(-0.17, 0.075), (-0.12, -0.075), (0.1, -0.075), (0.16, 0.075)])
    x = chance.uniform(0.1, 0.9, 1)
    stamps(
        canvas,
        lambda pen: pen.fill(mesa, (0.75, 0.4, 0.25), shade=0.3, line=0),
        x,
        torch.full_like(x, 0.545),
        torch.ones_like(x),
        1.0,
        room=0.18,
        height=FAR,
    )
    earth(canvas, chance, (0.85, 0.5, 0.22), (0.95, 0.68, 0.38), 0.03, 0.04)
    pen = whole(canvas, GROUND)
    for y in (0.72, 0.88):
        pen.fill(Ellipse(chance.place(0, 1), y + 0.1, 0.55, 0.1), (0.9, 0.56, 0.27), shade=0.5, line=0)


def street(canvas: Canvas, chance: Chance) -> None:
    """Paint a town: house fronts far away, a pavement, asphalt with a dashed line."""
    pen = whole(canvas, FAR)
    left = torch.full_like(chance.place(0, 1), -0.05)
    for _ in range(11):
        w, h, g = chance.place(0.1, 0.18), chance.place(0.1, 0.28), chance.place(0.5, 0.68)[:, 0]
        tone = torch.cat([g, g * 0.97, g * 1.02], 1)
        pen.fill(Box(left + w / 2, HORIZON - h / 2, w, h), tone, shade=0.15, line=0.6)
        left = left + w
    earth(canvas, chance, (0.34, 0.35, 0.38), (0.42, 0.43, 0.46), 0.0, 0.02)
    pen = whole(canvas, GROUND)
    pen.fill(Box(0.5, HORIZON + 0.03, 1.2, 0.06), (0.72, 0.71, 0.7), shade=0.2, line=0.8)
    start = chance.uniform(-0.2, 0, 1)
    dash = Polygon([(0, -0.015), (0.14, -0.015), (0.13, 0.015), (-0.015, 0.015)])
    x = start + 0.27 * torch.arange(5, device=start.device)
    stamps(
        canvas,
        lambda pen: pen.fill(dash, (0.95, 0.93, 0.85), shade=0, line=0),
        x,
        torch.full_like(x, 0.845),
        torch.ones_like(x),
        1.0,
        room=0.15,
        height=GROUND,
    )


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


def paint_sky(canvas: Canvas, hour: Hour, horizon: Tensor | float = HORIZON) -> None:
    """Paint the sky of an hour over every picture."""
    t = (canvas.y / horizon).clamp(0, 1) ** hour.bend
    sky = mixed(colour(canvas, hour.zenith), colour(canvas, hour.low), t)
    canvas.layers[:] = 0
    canvas.layers[:, RGB] = sky
    hour.sky(canvas, canvas.chance(1))
