"""The times of day and the weathers of the whole world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .canvas import GLOW, RGB, Canvas, Colour, stamps
from .chance import Chance, lattice
from .places import Hour, colour, disc, mixed

SUN = 7
"""The stream of chances that says where the sun or the moon is."""


@dataclass(frozen=True)
class Body:
    """The sun or the moon: how high (of the sky's height), how large, its colours, and how bright its halo."""

    high: float
    r: float
    disc: Colour
    halo: Colour
    strength: float = 0.6
    spread: float = 0.3
    moon: bool = False


@dataclass(frozen=True)
class Clouds:
    """How much of the sky they fill (0 to 1), how thick they are, and their colours in light and in shade."""

    amount: float
    thick: float
    light: Colour
    shade: Colour
    flat: float = 1.0
    """How much wider than high."""


def sun_x(canvas: Canvas) -> Tensor:
    """Return where the sun or the moon stands [n]."""
    return canvas.chance(SUN).uniform(0.14, 0.86)


def painted_sky(clouds: Clouds, body: Body | None = None, stars: int = 0) -> Callable[[Canvas, Chance], None]:
    """Return what paints a sky: stars, a halo with its sun or moon, clouds."""

    def paint(canvas: Canvas, chance: Chance) -> None:
        if stars:
            x, y, r = chance.uniform(0, 1, stars), chance.uniform(0, 0.55, stars), chance.uniform(0.004, 0.012, stars)
            stamps(canvas, disc((1, 1, 0.92)), x, y, r, 0.012, alpha=chance.uniform(0.3, 1, stars))
        if body is not None:
            shine(canvas, body)
        cover_with(canvas, chance, clouds)

    return paint


def shine(canvas: Canvas, body: Body) -> None:
    """Draw the sun or the moon with its halo."""
    x, y = sun_x(canvas), body.high * canvas.horizon[:, 0, 0]
    distance = ((canvas.x - x[:, None, None]) ** 2 + (canvas.y - y[:, None, None]) ** 2).sqrt()
    halo = body.strength * torch.exp(-((distance / body.spread) ** 1.2))
    canvas.lay(halo.clamp(0, 1), colour(canvas, body.halo))
    one = torch.full_like(x, 2 * body.r)[:, None]
    stamps(canvas, disc(body.disc, shade=0.08), x[:, None], y[:, None], one, 2 * body.r)
    if body.moon:
        dark = disc(tuple(0.9 * c for c in body.disc), 0.8)  # type: ignore[arg-type]
        for dx, dy, r in ((0.3, -0.25, 0.42), (-0.35, 0.2, 0.3), (0.1, 0.45, 0.24)):
            stamps(canvas, dark, x[:, None] + dx * body.r, y[:, None] + dy * body.r, one * r, 2 * body.r)


def cover_with(canvas: Canvas, chance: Chance, clouds: Clouds) -> None:
    """Paint soft clouds, lit from above."""
    axis = canvas.axis
    columns = max(3, round(6 / clouds.flat))
    field = lattice(chance, axis, columns, 9) + 0.5 * lattice(chance, axis, 2 * columns, 19)
    field = field + 0.25 * lattice(chance, axis, 5 * columns, 41)
    at = clouds.amount + 0.15 * chance.place(-1, 1)
    cover = ((field + 2.2 * at - 1.5) * 1.4).clamp(0, 1)
    step = max(1, canvas.size // 32)
    above = torch.cat([field[:, :1].expand(-1, step, -1), field[:, :-step]], 1)
    lit = (0.5 + 0.9 * (field - above)).clamp(0, 1)
    tone = mixed(colour(canvas, clouds.shade), colour(canvas, clouds.light), lit)
    rim = ((canvas.horizon + 0.03 - canvas.y) / 0.2).clamp(0, 1)
    canvas.lay(cover * cover * (3 - 2 * cover) * clouds.thick * rim, tone)


def mist(canvas: Canvas, chance: Chance) -> None:
    """Lay drifting fog, thickest at the horizon."""
    far = torch.exp(-(((canvas.y - canvas.horizon) / 0.2) ** 2))
    veil = 0.5 * far + 0.1 + 0.06 * lattice(chance, canvas.axis, 4, 12) * (0.4 + far)
    canvas.lay(veil.clamp(0, 0.85), colour(canvas, (0.87, 0.89, 0.9)))


def shower(canvas: Canvas, chance: Chance) -> None:
    """Let it rain, far and near."""
    x, y = canvas.x, canvas.y
    for lanes, pace, alpha in ((46, 7.0, 0.22), (24, 3.6, 0.4)):
        across = (x + 0.16 * y) * lanes + chance.place(0, 1)
        lane = across.floor()
        start = (torch.sin(lane * 12.9898 + 4.1 * lanes) * 43758.547) % 1.0
        along = (y * pace + start * 7) % 1.0
        drop = (1 - (across - lane - 0.5).abs() * 7).clamp(0, 1) * (1.6 - (along - 0.5).abs() * 5).clamp(0, 1)
        canvas.lay(alpha * drop, colour(canvas, (0.88, 0.93, 1.0)))


def flakes(canvas: Canvas, chance: Chance) -> None:
    """Let it snow, far and near."""
    for cells, r, alpha in ((22, 0.1, 0.7), (12, 0.11, 0.85), (6, 0.1, 0.9)):
        x, y = canvas.x * cells + chance.place(0, 9), canvas.y * cells + chance.place(0, 9)
        column, row = x.floor(), y.floor()
        dice = (torch.sin(column * 127.1 + row * 311.7) * 43758.547) % 1.0
        other = (torch.sin(column * 269.5 + row * 183.3) * 43758.547) % 1.0
        distance = ((x - column - 0.2 - 0.6 * dice) ** 2 + (y - row - 0.2 - 0.6 * other) ** 2).sqrt()
        size = r * (0.6 + 0.8 * other)
        flake = ((size - distance) * canvas.size / cells + 0.5).clamp(0, 1)
        canvas.lay(alpha * flake * (dice < 0.62), colour(canvas, (1, 1, 1)))


def light_up(canvas: Canvas, cover: Tensor, shining: Colour) -> None:
    """Lay light of its own over places [n, h, w]."""
    canvas.layers[:, RGB].lerp_(
        colour(canvas, shining)[:, :, None, None].expand_as(canvas.layers[:, RGB]), cover[:, None]
    )
    canvas.layers[:, GLOW] += (1 - canvas.layers[:, GLOW]) * cover


HOURS: dict[str, Hour] = {
    hour.name: hour
    for hour in (
        Hour(
            "dawn",
            ("at dawn", "at sunrise", "early in the morning", "in the first light", "under a pink sky"),
            (0.45, 0.55, 0.82),
            (1.0, 0.8, 0.74),
            (1.0, 0.9, 0.9),
            painted_sky(
                Clouds(0.42, 0.75, (1.0, 0.88, 0.84), (0.84, 0.66, 0.78), 1.8),
                Body(0.78, 0.055, (1.0, 0.93, 0.78), (1.0, 0.86, 0.7), 0.8, 0.35),
            ),
            haze=0.04,
            air=(1.0, 0.84, 0.8),
            bend=1.2,
            shadow=0.35,
        ),
        Hour(
            "day",
            ("by day", "on a sunny day", "in daylight", "under a blue sky", "at noon", "on a clear day"),
            (0.2, 0.5, 0.88),
            (0.72, 0.89, 0.98),
            (1, 1, 0.99),
            painted_sky(
                Clouds(0.45, 0.95, (1.0, 1.0, 1.0), (0.78, 0.86, 0.95), 1.2),
                Body(0.22, 0.06, (1.0, 0.96, 0.72), (1.0, 0.98, 0.85), 0.55, 0.2),
            ),
            air=(0.78, 0.9, 0.98),
            bend=1.1,
            shadow=0.45,
        ),
        Hour(
            "sunset",
            ("at sunset", "at dusk", "in the evening", "under an orange sky", "in the evening light"),
            (0.3, 0.22, 0.5),
            (1.0, 0.58, 0.28),
            (1.0, 0.8, 0.68),
            painted_sky(
                Clouds(0.5, 0.85, (1.0, 0.62, 0.42), (0.55, 0.28, 0.48), 2.0),
                Body(0.8, 0.085, (1.0, 0.86, 0.5), (1.0, 0.72, 0.35), 0.9, 0.34),
            ),
            haze=0.03,
            air=(0.96, 0.5, 0.36),
            bend=1.5,
            shadow=0.5,
        ),
        Hour(
            "night",
            ("at night", "by night", "under the stars", "in the moonlight", "under a starry sky"),
            (0.025, 0.04, 0.16),
            (0.13, 0.2, 0.44),
            (0.44, 0.52, 0.76),
            painted_sky(
                Clouds(0.3, 0.55, (0.3, 0.36, 0.58), (0.12, 0.16, 0.34), 1.8),
                Body(0.24, 0.055, (0.98, 0.96, 0.86), (0.6, 0.68, 0.95), 0.55, 0.16, moon=True),
                stars=60,
            ),
            air=(0.1, 0.16, 0.36),
            shadow=0.5,
        ),
        Hour(
            "fog",
            ("in the fog", "on a foggy day", "in the mist", "on a misty morning"),
            (0.74, 0.78, 0.82),
            (0.9, 0.91, 0.91),
            (0.94, 0.95, 0.96),
            painted_sky(
                Clouds(0.3, 0.3, (0.95, 0.95, 0.95), (0.84, 0.86, 0.88), 2.5),
                Body(0.4, 0.05, (0.98, 0.98, 0.95), (0.97, 0.97, 0.95), 0.6, 0.2),
            ),
            haze=0.16,
            air=(0.86, 0.88, 0.9),
            weather=mist,
            shadow=0.25,
        ),
        Hour(
            "rain",
            ("in the rain", "on a rainy day", "in rainy weather", "while it rains", "under dark clouds"),
            (0.3, 0.35, 0.43),
            (0.58, 0.64, 0.7),
            (0.74, 0.79, 0.86),
            painted_sky(Clouds(0.9, 0.95, (0.5, 0.55, 0.62), (0.27, 0.31, 0.38), 1.4)),
            haze=0.06,
            air=(0.6, 0.66, 0.72),
            weather=shower,
            shadow=0.3,
        ),
        Hour(
            "snowfall",
            ("while it snows", "in falling snow", "in a snowfall", "on a snowy day", "among snowflakes"),
            (0.6, 0.67, 0.77),
            (0.86, 0.89, 0.93),
            (0.9, 0.93, 0.98),
            painted_sky(Clouds(0.75, 0.7, (0.88, 0.9, 0.94), (0.64, 0.7, 0.79), 1.6)),
            haze=0.08,
            air=(0.86, 0.89, 0.93),
            weather=flakes,
            shadow=0.3,
        ),
    )
}
