"""The grounds of the whole world: layers from the horizon to the feet, each in the air of its distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from .canvas import Canvas, Colour, Pen, stamps, swatch, whole
from .chance import Chance, lattice, ridge
from .places import FAR, GROUND, Ground, mixed, some
from .places import GROUNDS as SMALL_GROUNDS
from .shapes import Box, Circle, Cut, Ellipse, Join, Line, Polygon
from .skies import light_up, sun_x


def layer(
    canvas: Canvas,
    line: Tensor,
    top: Colour | Tensor,
    bottom: Colour | Tensor,
    *,
    deep: float = 0.2,
    haze: float = 0.0,
    height: float = FAR,
    field: Tensor | None = None,
) -> Tensor:
    """Fill everything below a line [n, 1, w], from one colour to another over `deep`; return the coverage."""
    cover = ((canvas.y - line) * canvas.size + 0.5).clamp(0, 1)
    light = canvas.light.far(haze)
    t = ((canvas.y - line) / deep).clamp(0, 1)
    tone = mixed(light.on(top), light.on(bottom), t)
    canvas.lay(cover, tone if field is None else (tone * field[:, None]).clamp_(0, 1), height)
    return cover


def hills(canvas: Canvas, chance: Chance, up: float, swing: float, points: int) -> Tensor:
    """Return a rolling line about `up` above the horizon."""
    return canvas.horizon - up + swing * ridge(chance, canvas.axis, points)


def peaks(canvas: Canvas, chance: Chance, up: float, swing: float, count: int) -> Tensor:
    """Return a jagged line of mountains about `up` above the horizon."""
    x = canvas.axis[None, None, :]
    line = torch.zeros(len(canvas.seeds), 1, canvas.axis.shape[0], device=canvas.axis.device)
    for scale in (1.0, 0.4, 0.16):
        pace = count / scale
        saw = ((x * pace + chance.place(0, 1)) % 1.0 - 0.5).abs() * 2
        line = line + scale * saw * (0.6 + 0.4 * ridge(chance, canvas.axis, max(2, round(pace))))
    return canvas.horizon - up - swing * (0.9 - line)


def meadow_field(canvas: Canvas, chance: Chance, rough: float = 0.05) -> Tensor:
    """Return the mottle of the ground [n, h, w], around 1."""
    return 1 + rough * (lattice(chance, canvas.axis, 8, 26) + 0.6 * lattice(chance, canvas.axis, 24, 70))


def tufts(tone: Colour) -> Callable[[Pen], None]:
    """Return what draws a tuft of grass."""
    blades = [Line(0.12 * k, 0.5, 0.3 * k, -0.3 + 0.12 * abs(k), 0.11) for k in (-1.5, -0.5, 0.5, 1.5)]
    return lambda pen: pen.fill(Join(blades), tone, shade=0, line=0)


def bloom(petals: Colour) -> Callable[[Pen], None]:
    """Return what draws a small flower in the grass."""

    def draw(pen: Pen) -> None:
        pen.fill(Line(0, 0, 0, 0.5, 0.1), (0.25, 0.5, 0.2), shade=0, line=0)
        ring = [Circle(x, y, 0.16) for x, y in ((-0.18, -0.1), (0.18, -0.1), (0, -0.27), (-0.11, 0.08), (0.11, 0.08))]
        pen.fill(Join(ring), petals, shade=0, line=0)
        pen.fill(Circle(0, -0.08, 0.11), (0.98, 0.82, 0.3), shade=0, line=0)

    return draw


def fir(tone: Colour, snowy: bool = False) -> Callable[[Pen], None]:
    """Return what draws a fir tree far away."""

    def draw(pen: Pen) -> None:
        for top, bottom, w in ((-0.05, 0.5, 0.27), (-0.3, 0.22, 0.21), (-0.5, -0.08, 0.14)):
            pen.fill(Polygon([(0, top), (w, bottom), (-w, bottom)]), tone, shade=0.25, line=0)
            if snowy:
                pen.fill(Polygon([(0, top), (w * 0.55, top + 0.2), (-w * 0.6, top + 0.24)]), (0.95, 0.97, 1), line=0)

    return draw


def spread(
    canvas: Canvas, chance: Chance, draw: Callable[[Pen], None], count: int, size: float, low: float = 0.1
) -> None:
    """Scatter little things over the near ground, larger towards the feet."""
    x, t = chance.uniform(0, 1, count), chance.uniform(low, 1, count)
    horizon = canvas.horizon[:, 0]
    y = horizon + (1.0 - horizon) * t
    stamps(
        canvas,
        draw,
        x,
        y,
        size * (0.35 + 0.65 * t),
        size,
        room=0.6,
        height=GROUND,
        alpha=some(chance, count // 2, count),
    )


def row(
    canvas: Canvas, chance: Chance, draw: Callable[[Pen], None], count: int, size: float, down: float, haze: float
) -> None:
    """Set little things on the horizon, in the haze."""
    x, s = chance.uniform(0, 1, count), chance.uniform(0.55 * size, size, count)
    y = canvas.horizon[:, 0] + down - s * 0.5
    far = Canvas(canvas.layers, canvas.size, canvas.light.far(haze), canvas.seeds, canvas.horizon)
    stamps(far, draw, x, y, s, size, height=FAR, alpha=some(chance, count // 2, count))


def grass(canvas: Canvas, chance: Chance) -> None:
    """Paint a meadow before blue hills."""
    layer(canvas, peaks(canvas, chance, 0.0, 0.1, 3), (0.42, 0.55, 0.7), (0.6, 0.72, 0.8), haze=0.45, deep=0.15)
    layer(canvas, hills(canvas, chance, 0.03, 0.035, 5), (0.36, 0.58, 0.45), (0.5, 0.7, 0.5), haze=0.3, height=0.15)
    layer(canvas, hills(canvas, chance, 0.0, 0.025, 4), (0.4, 0.66, 0.33), (0.52, 0.74, 0.38), haze=0.12, height=0.2)
    row(canvas, chance, fir((0.2, 0.42, 0.28)), 9, 0.075, 0.012, 0.2)
    field = meadow_field(canvas, chance)
    line = hills(canvas, chance, -0.02, 0.016, 4)
    layer(canvas, line, (0.58, 0.78, 0.32), (0.27, 0.58, 0.2), deep=0.42, height=GROUND, field=field)
    spread(canvas, chance, tufts((0.22, 0.5, 0.17)), 22, 0.055)
    for petals in ((0.99, 0.98, 0.95), (0.95, 0.4, 0.45), (0.98, 0.85, 0.3)):
        spread(canvas, chance, bloom(petals), 8, 0.034, 0.2)


def sand(canvas: Canvas, chance: Chance) -> None:
    """Paint a beach: the sea, surf, wet and dry sand."""
    water(canvas, chance, 0.0, 0.14)
    shore = canvas.horizon + 0.085 + 0.022 * ridge(chance, canvas.axis, 5)
    layer(canvas, shore - 0.012, (0.98, 0.99, 1.0), (0.98, 0.99, 1.0), height=0.2)
    layer(canvas, shore, (0.72, 0.62, 0.46), (0.93, 0.83, 0.62), deep=0.05, height=0.22)
    field = meadow_field(canvas, chance, 0.022)
    layer(canvas, shore + 0.045, (0.96, 0.87, 0.66), (0.97, 0.86, 0.6), deep=0.25, height=GROUND, field=field)
    shell = [Cut(Circle(0, 0.2, 0.45), Box(0, -0.2, 2, 0.9)), Box(0, 0.24, 0.2, 0.12)]
    spread(canvas, chance, lambda pen: pen.fill(Join(shell), (0.97, 0.75, 0.68), shade=0.3, line=0.5), 5, 0.03, 0.45)
    stone = Ellipse(0, 0.1, 0.5, 0.3)
    spread(canvas, chance, lambda pen: pen.fill(stone, (0.7, 0.62, 0.52), shade=0.5, line=0), 9, 0.024, 0.4)


def snow(canvas: Canvas, chance: Chance) -> None:
    """Paint snowfields under white mountains, with firs."""
    snowy_peaks(canvas, chance, 0.13)
    layer(canvas, hills(canvas, chance, 0.015, 0.03, 4), (0.84, 0.9, 0.97), (0.72, 0.82, 0.93), haze=0.12, height=0.15)
    row(canvas, chance, fir((0.24, 0.4, 0.42), snowy=True), 10, 0.12, 0.02, 0.2)
    line = hills(canvas, chance, -0.02, 0.02, 4)
    layer(
        canvas,
        line,
        (0.98, 0.99, 1.0),
        (0.86, 0.91, 0.98),
        deep=0.4,
        height=GROUND,
        field=meadow_field(canvas, chance, 0.012),
    )
    for down in (0.14, 0.27):
        drift = canvas.horizon + down + 0.03 * ridge(chance, canvas.axis, 4)
        layer(canvas, drift, (0.99, 0.995, 1.0), (0.84, 0.9, 0.98), deep=0.16, height=GROUND)


def snowy_peaks(canvas: Canvas, chance: Chance, high: float) -> None:
    """Draw mountains with snow on their tops."""
    line = peaks(canvas, chance, 0.02, high, 2)
    layer(canvas, line, (0.48, 0.54, 0.66), (0.66, 0.72, 0.8), haze=0.28, deep=0.25, height=FAR)
    jag = 0.35 * high * (0.7 + 0.5 * (lattice(chance, canvas.axis, 26, 14)))
    cap = ((canvas.y - line) * canvas.size + 0.5).clamp(0, 1) * ((line + jag - canvas.y) * canvas.size + 0.5).clamp(
        0, 1
    )
    canvas.lay(
        cap * ((canvas.horizon - 0.35 * high - canvas.y) * 30).clamp(0, 1), canvas.light.far(0.1).on((0.97, 0.98, 1.0))
    )


def water(canvas: Canvas, chance: Chance, start: float, deep: float) -> None:
    """Fill with the sea from the horizon, waves growing towards the feet, and the way of the sun upon it."""
    line = canvas.horizon + start + torch.zeros_like(canvas.x)
    layer(canvas, line, (0.32, 0.64, 0.78), (0.06, 0.34, 0.56), deep=max(deep, 0.42), haze=0.06, height=GROUND)
    depth = ((canvas.y - canvas.horizon) / 0.42).clamp(1e-3, 1)
    wobble = 1.3 * lattice(chance, canvas.axis, 9, 22) + 0.7 * torch.sin(
        canvas.x * 19 + chance.place(0, 6) + depth * 11
    )
    phase = (depth + 0.05) ** 0.5 * 62
    crest = (torch.sin(phase + wobble) * 3 - 2.0).clamp(0, 1) * (canvas.y > line)
    canvas.lay(0.34 * crest * (0.3 + 0.7 * depth), canvas.light.on((0.85, 0.96, 1.0)))
    trough = (-torch.sin(phase + wobble + 0.7) * 2 - 1.2).clamp(0, 1) * (canvas.y > line)
    canvas.lay(0.22 * trough * depth, canvas.light.on((0.02, 0.2, 0.4)))
    way = torch.exp(-(((canvas.x - sun_x(canvas)[:, None, None]) / (0.05 + 0.1 * depth)) ** 2))
    glitter = (torch.sin(phase * 1.7 + 2.3 * wobble) * 3 - 1.2).clamp(0, 1) * way * (canvas.y > line)
    canvas.lay(0.6 * glitter, (canvas.light.on((1.0, 1.0, 0.9)) * 1.25).clamp(0, 1))


def sea(canvas: Canvas, chance: Chance) -> None:
    """Paint open water, an island far away."""
    far = canvas.horizon + 0.004 - (0.05 * ridge(chance, canvas.axis, 5) - 0.012).clamp_min(0)
    layer(canvas, far, (0.4, 0.52, 0.6), (0.5, 0.62, 0.66), haze=0.5, deep=0.05, height=FAR)
    water(canvas, chance, 0.0, 0.42)


def desert(canvas: Canvas, chance: Chance) -> None:
    """Paint dunes before red rocks."""
    x = canvas.axis[None, None, :]
    middle, wide = chance.place(0.1, 0.9), chance.place(0.1, 0.2)
    steep = ((wide - (x - middle).abs()) / 0.035 + 0.03 * ridge(chance, canvas.axis, 30)).clamp(0, 1)
    rocks = canvas.horizon + 0.02 - steep * (chance.place(0.09, 0.15) + 0.008 * ridge(chance, canvas.axis, 16))
    layer(canvas, rocks, (0.78, 0.42, 0.3), (0.86, 0.56, 0.4), haze=0.25, deep=0.14)
    layer(canvas, hills(canvas, chance, 0.015, 0.03, 4), (0.93, 0.7, 0.46), (0.86, 0.56, 0.32), haze=0.15, height=0.18)
    field = meadow_field(canvas, chance, 0.02)
    for down, top, bottom in (
        (0.01, (0.96, 0.74, 0.45), (0.85, 0.54, 0.27)),
        (0.12, (0.98, 0.78, 0.48), (0.87, 0.56, 0.28)),
        (0.26, (0.99, 0.8, 0.5), (0.9, 0.6, 0.32)),
    ):
        line = canvas.horizon + down + (0.03 + 0.1 * down) * ridge(chance, canvas.axis, 4)
        ripples = 1 + 0.025 * torch.sin((canvas.y - line) * 190 + 3 * field * 9)
        layer(canvas, line, top, bottom, deep=0.2, height=GROUND, field=field * ripples)
    spread(canvas, chance, tufts((0.5, 0.5, 0.25)), 6, 0.05, 0.2)


PLASTER = (
    (0.93, 0.8, 0.62),
    (0.85, 0.6, 0.5),
    (0.7, 0.78, 0.8),
    (0.9, 0.87, 0.78),
    (0.62, 0.68, 0.6),
    (0.8, 0.66, 0.7),
)


def chosen(chance: Chance, colours: tuple[Colour, ...], count: int) -> Tensor:
    """Return colours drawn from a table [n, count, 3]."""
    table = torch.cat([swatch(c, str(chance.key.device)) for c in colours])
    return table[chance.uniform(0, len(colours), count).long()]


def street(canvas: Canvas, chance: Chance) -> None:
    """Paint a town: coloured fronts with windows and roofs, a pavement, a road."""
    fronts = 7
    widths = chance.uniform(0.11, 0.19, fronts)
    ends = widths.cumsum(1) * (1.08 / widths.sum(1, keepdim=True)) - 0.04
    x = canvas.axis
    which = (x[None, :, None] >= ends[:, None, :]).sum(2).clamp(max=fronts - 1)
    left = torch.cat([torch.full_like(ends[:, :1], -0.04), ends[:, :-1]], 1).gather(1, which)
    wide = (ends - torch.cat([torch.full_like(ends[:, :1], -0.04), ends[:, :-1]], 1)).gather(1, which)
    across = ((x[None] - left) / wide)[:, None]
    top = canvas.horizon - chance.uniform(0.13, 0.26, fronts).gather(1, which)[:, None]
    tone = chosen(chance, PLASTER, fronts).gather(1, which[..., None].expand(-1, -1, 3)).transpose(1, 2)[:, :, None]
    light = canvas.light.far(0.12)
    roof = top - 0.055 * (1 - (across - 0.5).abs() * 2).clamp(0, 1)
    canvas.lay(((canvas.y - roof) * canvas.size + 0.5).clamp(0, 1), light.on((0.55, 0.3, 0.27)), FAR)
    lit = (
        tone * light.tint[:, :, None, None] * (1 - light.haze)[:, :, None, None]
        + (light.air * light.haze)[:, :, None, None]
    )
    rows = canvas.y + 0 * across
    shade = (1 - 0.12 * across + 0.06)[:, None]
    cover = ((canvas.y - top) * canvas.size + 0.5).clamp(0, 1)
    canvas.lay(cover, (lit * shade).expand(-1, -1, len(x), -1).clamp(0, 1), FAR)
    cell, floor = across * 3 % 1.0, ((rows - top) / 0.07) % 1.0
    pane = ((0.5 - (cell - 0.5).abs() * 1.9) * 9).clamp(0, 1) * ((0.5 - (floor - 0.55).abs() * 1.6) * 9).clamp(0, 1)
    pane = pane * cover * (rows < canvas.horizon - 0.045)
    dark = (canvas.light.tint.mean(1) < 0.72).float()[:, None, None]
    canvas.lay(pane * (1 - dark), light.on((0.42, 0.5, 0.6)))
    dice = (
        torch.sin((across * 3).floor() * 12.7 + ((rows - top) / 0.07).floor() * 7.3 + left[:, None] * 91) * 437.5
    ) % 1.0
    canvas.lay(pane * dark, canvas.light.on((0.2, 0.22, 0.34)))
    light_up(canvas, pane * dark * (dice < 0.6), (1.0, 0.82, 0.45))
    road(canvas, chance)


def road(canvas: Canvas, chance: Chance) -> None:
    """Paint a pavement and a road with a dashed line."""
    pen = whole(canvas, GROUND)
    flat = canvas.horizon + torch.zeros_like(canvas.x)
    layer(canvas, flat, (0.7, 0.68, 0.66), (0.76, 0.74, 0.71), deep=0.08, height=0.22)
    layer(canvas, flat + 0.085, (0.55, 0.54, 0.54), (0.55, 0.54, 0.54), height=GROUND)
    field = meadow_field(canvas, chance, 0.018)
    layer(canvas, flat + 0.098, (0.36, 0.37, 0.41), (0.44, 0.44, 0.48), deep=0.3, height=GROUND, field=field)
    start = chance.place(-0.25, 0.0)
    for k in range(5):
        dash = Box(start + 0.27 * k + 0.07, canvas.horizon + 0.27, 0.14, 0.022)
        pen.fill(dash, (0.95, 0.92, 0.82), shade=0, line=0, alpha=0.9)


def forest(canvas: Canvas, chance: Chance) -> None:
    """Paint a glade between firs, deeper and deeper."""
    for up, swing, count, tone, haze in (
        (0.2, 0.09, 9, (0.3, 0.48, 0.44), 0.5),
        (0.12, 0.1, 7, (0.22, 0.43, 0.34), 0.3),
        (0.04, 0.1, 6, (0.16, 0.36, 0.25), 0.14),
    ):
        x = canvas.axis[None, None, :]
        tips = ((x * count * 1.7 + chance.place(0, 1)) % 1.0 - 0.5).abs() * 2
        twigs = ((x * count * 14) % 1.0 - 0.5).abs()
        line = (
            canvas.horizon
            - up
            - swing * (1 - tips) * (0.8 + 0.5 * ridge(chance, canvas.axis, 2 * count))
            + 0.015 * twigs
        )
        layer(canvas, line, tone, tuple(0.75 * c + 0.1 for c in tone), haze=haze, deep=0.3)  # type: ignore[arg-type]
    field = meadow_field(canvas, chance, 0.06)
    line = hills(canvas, chance, -0.015, 0.012, 5)
    layer(canvas, line, (0.4, 0.58, 0.26), (0.2, 0.38, 0.16), deep=0.42, height=GROUND, field=field)
    path = chance.place(0.3, 0.7) + 0.1 * torch.sin(canvas.y * 9 + chance.place(0, 6)) * (canvas.y - canvas.horizon)
    half = 0.02 + 0.3 * (canvas.y - canvas.horizon).clamp_min(0)
    way = (1.2 - (canvas.x - path).abs() / half).clamp(0, 1) * ((canvas.y - line) * canvas.size).clamp(0, 1)
    canvas.lay(0.55 * way * field.clamp(max=1), canvas.light.on((0.76, 0.66, 0.44)))
    spread(canvas, chance, tufts((0.15, 0.36, 0.16)), 26, 0.07)
    frond = tufts((0.3, 0.55, 0.25))
    spread(canvas, chance, frond, 8, 0.09, 0.4)


def mountains(canvas: Canvas, chance: Chance) -> None:
    """Paint high mountains over a lake and an alpine meadow with rocks."""
    layer(canvas, peaks(canvas, chance, 0.1, 0.16, 3), (0.55, 0.62, 0.76), (0.72, 0.78, 0.86), haze=0.5, deep=0.25)
    snowy_peaks(canvas, chance, 0.27)
    layer(canvas, hills(canvas, chance, 0.02, 0.03, 6), (0.26, 0.44, 0.38), (0.4, 0.58, 0.44), haze=0.2, height=0.15)
    row(canvas, chance, fir((0.16, 0.34, 0.28)), 14, 0.09, 0.012, 0.12)
    lake = canvas.horizon + 0.006 + torch.zeros_like(canvas.x)
    layer(canvas, lake, (0.62, 0.8, 0.86), (0.25, 0.52, 0.66), deep=0.1, haze=0.08, height=0.2)
    band = (torch.sin(canvas.y * 420 + lattice(chance, canvas.axis, 6, 10)) * 2 - 1.2).clamp(0, 1) * (canvas.y > lake)
    canvas.lay(0.3 * band, canvas.light.on((0.92, 0.98, 1.0)))
    line = canvas.horizon + 0.075 + 0.025 * ridge(chance, canvas.axis, 4)
    field = meadow_field(canvas, chance)
    layer(canvas, line, (0.6, 0.72, 0.36), (0.33, 0.52, 0.26), deep=0.35, height=GROUND, field=field)
    rock = Polygon([(-0.45, 0.35), (-0.3, -0.1), (0.05, -0.3), (0.35, -0.05), (0.45, 0.35)], 0.04)
    spread(canvas, chance, lambda pen: pen.fill(rock, (0.6, 0.6, 0.62), shade=0.6, line=0.5), 7, 0.07, 0.3)
    spread(canvas, chance, tufts((0.28, 0.48, 0.2)), 16, 0.05, 0.3)
    spread(canvas, chance, bloom((0.72, 0.5, 0.9)), 8, 0.032, 0.35)


WALLS = (
    (0.93, 0.86, 0.74),
    (0.75, 0.84, 0.83),
    (0.88, 0.78, 0.76),
    (0.8, 0.82, 0.7),
    (0.78, 0.78, 0.88),
    (0.95, 0.9, 0.82),
)
RUGS = ((0.72, 0.3, 0.28), (0.3, 0.45, 0.6), (0.4, 0.52, 0.4), (0.78, 0.6, 0.34))


def room(canvas: Canvas, chance: Chance) -> None:
    """Paint a room: a wall with a window that shows the hour, boards, a rug."""
    floor = canvas.horizon + 0.08
    wall = chosen(chance, WALLS, 1)[:, 0]
    side = (chance.uniform() < 0.5).float()[:, None, None]
    x0, y0, w, h = 0.24 + 0.52 * side, 0.27 + 0 * side, 0.29, 0.32
    across, down = (canvas.x - x0).abs() - w / 2, (canvas.y - y0).abs() - h / 2
    outside = torch.maximum(
        across.expand(-1, canvas.axis.shape[0], -1), down.expand_as(across.expand(-1, canvas.axis.shape[0], -1))
    )
    stripes = 1 + 0.025 * torch.sign(torch.sin(canvas.x * 75))
    glow = 1.06 - 0.16 * ((canvas.x - x0).abs() + (canvas.y - 0.2).abs())
    tone = mixed(canvas.light.on(wall), canvas.light.on(wall * 0.93), (canvas.y / floor).clamp(0, 1))
    cover = (outside * canvas.size + 0.5).clamp(0, 1)
    canvas.lay(cover, (tone * (stripes * glow)[:, None]).clamp(0, 1), 0.1)
    pen = whole(canvas, 0.14)
    frame = Cut(Box(x0, y0, w + 0.035, h + 0.035), Box(x0, y0, w, h), keep=False)
    bars = Join([frame, Box(x0, y0, 0.014, h), Box(x0, y0, w, 0.014)])
    pen.fill(bars, (0.97, 0.96, 0.93), shade=0.1, line=0.5)
    pen.fill(Box(x0, y0 + h / 2 + 0.03, w + 0.09, 0.024), (0.95, 0.94, 0.9), shade=0.1, line=0.6)
    cloth = chosen(chance, RUGS, 1)[:, 0]
    for s in (-1, 1):
        pen.fill(Box(x0 + s * (w / 2 + 0.012), y0, 0.075, h + 0.1, 0.02), cloth, shade=0.25, line=0.5)
    pen.fill(Box(x0, y0 - h / 2 - 0.045, w + 0.15, 0.022, 0.008), (0.5, 0.34, 0.22), line=0.5)
    other = 0.76 - 0.52 * side + chance.place(-0.04, 0.04)
    pen.fill(Box(other, 0.25 + 0 * side, 0.17, 0.14), (0.5, 0.34, 0.22), line=0.5)
    pen.fill(Box(other, 0.25 + 0 * side, 0.135, 0.105), chosen(chance, WALLS, 1)[:, 0], shade=0.5, line=0)
    boards(canvas, chance, floor)
    rug = Ellipse(chance.place(0.42, 0.58), floor + 0.19, 0.36, 0.085)
    for grow, part in ((1.0, cloth * 0.8), (0.86, cloth * 0.6 + 0.38), (0.72, cloth)):
        pen = whole(canvas, GROUND)
        pen.fill(Ellipse(rug.x, rug.y, rug.rx * grow, rug.ry * grow), part, shade=0.1, line=0.4)


def boards(canvas: Canvas, chance: Chance, floor: Tensor) -> None:
    """Lay a floor of boards, and the skirting above it."""
    t = (canvas.y - floor).clamp_min(1e-3)
    across = (canvas.x - 0.5) / (0.25 + t) * 4 + 20
    lane = across.floor()
    grain = 0.06 * ((torch.sin(lane * 12.9898 + chance.place(0, 3)) * 437.58) % 1.0 - 0.5)
    seam = ((0.035 - (across - lane - 0.5).abs() + 0.465) * 30).clamp(0, 1)
    field = (1 + grain) * (0.78 + 0.22 * seam)
    line = floor + torch.zeros_like(canvas.x)
    layer(canvas, line, (0.7, 0.5, 0.33), (0.62, 0.42, 0.26), deep=0.3, height=GROUND, field=field)
    skirting = ((canvas.y - floor + 0.035) * canvas.size + 0.5).clamp(0, 1) * (
        (floor - canvas.y) * canvas.size + 0.5
    ).clamp(0, 1)
    canvas.lay(skirting.expand(-1, -1, canvas.axis.shape[0]), canvas.light.on((0.95, 0.93, 0.89)), 0.14)


# The small world's grounds are called here as there, and painted anew.
_PAINTED_ANEW = {"grass": grass, "sand": sand, "snow": snow, "sea": sea, "desert": desert, "street": street}

GROUNDS: dict[str, Ground] = {
    ground.name: ground
    for ground in (
        *(replace(SMALL_GROUNDS[name], paint=paint) for name, paint in _PAINTED_ANEW.items()),
        Ground("forest", ("in the forest", "in the woods", "in a glade", "among the firs"), forest),
        Ground(
            "mountains", ("in the mountains", "by a mountain lake", "below the mountains", "in the Alps"), mountains
        ),
        Ground("room", ("in a room", "indoors", "at home", "in a living room"), room, indoors=True),
    )
}
