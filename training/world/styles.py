"""Styles: the same layers, drawn with other tools."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from .canvas import GLOW, HEIGHT, LINE, RGB, Canvas
from .chance import lattice


def flat(canvas: Canvas) -> Tensor:
    """Return clear colours with thin dark outlines."""
    return canvas.layers[:, RGB] * (1 - 0.55 * canvas.layers[:, LINE : LINE + 1])


def blurred(x: Tensor, radius: float) -> Tensor:
    """Return a Gaussian blur of [n, c, h, w]; the radius is in pixels."""
    reach = max(1, round(2.5 * radius))
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=x.device) / max(radius, 0.3)) ** 2)
    taps = (taps / taps.sum()).to(x.dtype)
    c = x.shape[1]
    x = F.conv2d(F.pad(x, (reach, reach, 0, 0), mode="replicate"), taps.view(1, 1, 1, -1).expand(c, 1, 1, -1), groups=c)
    return F.conv2d(
        F.pad(x, (0, 0, reach, reach), mode="replicate"), taps.view(1, 1, -1, 1).expand(c, 1, -1, 1), groups=c
    )


def moved(x: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Return pictures read at places shifted by dx, dy [n, h, w] in units of the picture."""
    n, _, h, w = x.shape
    v, u = torch.meshgrid(
        torch.linspace(-1, 1, h, device=x.device), torch.linspace(-1, 1, w, device=x.device), indexing="ij"
    )
    grid = torch.stack([u + 2 * dx, v + 2 * dy], 3).expand(n, h, w, 2)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=True)


def edges(x: Tensor) -> Tensor:
    """Return how fast [n, c, h, w] changes from pixel to pixel [n, 1, h, w]."""
    across = F.pad((x[..., 1:] - x[..., :-1]).abs(), (0, 1, 0, 0)).amax(1, keepdim=True)
    down = F.pad((x[..., 1:, :] - x[..., :-1, :]).abs(), (0, 0, 0, 1)).amax(1, keepdim=True)
    return torch.maximum(across, down)


def grey(x: Tensor) -> Tensor:
    """Return the luminance [n, 1, h, w]."""
    return (x * x.new_tensor([0.3, 0.59, 0.11])[:, None, None]).sum(1, keepdim=True)


def watercolour(canvas: Canvas) -> Tensor:
    """Return washes on paper: running edges, pigment that gathers at the rims, a white margin."""
    chance, axis, unit = canvas.chance(21), canvas.axis, canvas.size / 128
    dx, dy = (0.004 * (lattice(chance, axis, 18, 18) + 0.5 * lattice(chance, axis, 50, 50)) for _ in range(2))
    picture = moved(canvas.layers[:, RGB] * (1 - 0.4 * canvas.layers[:, LINE : LINE + 1]), dx, dy)
    wash = blurred(picture, 0.5 * unit)
    rim = (blurred(picture, 2.5 * unit) - picture).clamp(0, 1).mean(1, keepdim=True)
    bloom = 1 + 0.1 * lattice(chance, axis, 7, 7)[:, None] + 0.05 * lattice(chance, axis, 28, 28)[:, None]
    paper = 1 + 0.018 * lattice(chance, axis, 96, 96)[:, None]
    density = (1 - wash) * bloom * 0.86 + 0.55 * rim
    margin = torch.minimum(torch.minimum(canvas.x, 1 - canvas.x), torch.minimum(canvas.y, 1 - canvas.y))
    ragged = ((margin + 0.014 * lattice(chance, axis, 22, 22) - 0.024) * 45).clamp(0, 1)[:, None]
    return (canvas.layers.new_tensor([0.985, 0.975, 0.95])[:, None, None] - density * ragged) * paper


def ink(canvas: Canvas) -> Tensor:
    """Return a pen drawing: black lines, hatching where it is dark, a thin wash of colour."""
    picture, unit = canvas.layers[:, RGB], canvas.size / 128
    light = grey(picture)
    chance = canvas.chance(22)
    wobble = 0.006 * lattice(chance, canvas.axis, 14, 14)
    lines = torch.maximum(
        canvas.layers[:, LINE : LINE + 1], (edges(blurred(picture, 0.5 * unit)) * 7 * unit - 0.35).clamp(0, 1)
    )
    stroke = torch.zeros_like(light)
    for k, (slope, dark) in enumerate(((1.0, 0.62), (-1.0, 0.42), (0.25, 0.24))):
        along = (canvas.x + slope * canvas.y + wobble) * (46 if k < 2 else 58)
        hatch = ((0.24 - (along % 1.0 - 0.5).abs()) * 5 + 0.5).clamp(0, 1)[:, None]
        stroke = torch.maximum(stroke, hatch * ((dark - light) * 7).clamp(0, 1))
    paper = canvas.layers.new_tensor([0.97, 0.95, 0.9])[:, None, None]
    wash = paper * (1 - 0.62 * (1 - blurred(picture, 1.2 * unit)) * 0.9)
    pen = torch.maximum(lines, 0.8 * stroke)
    return wash + (canvas.layers.new_tensor([0.1, 0.1, 0.14])[:, None, None] - wash) * pen * 0.92


def pixel_art(canvas: Canvas) -> Tensor:
    """Return 64 x 64 blocks in few colours, dithered."""
    picture = canvas.layers[:, RGB] * (1 - 0.6 * canvas.layers[:, LINE : LINE + 1])
    small = F.interpolate(picture, (64, 64), mode="area")
    bayer = small.new_tensor([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    order = ((bayer + 0.5) / 16 - 0.5).repeat(16, 16)
    steps = 7.0
    small = (small * steps + 0.4 * order).round() / steps
    return F.interpolate(small, canvas.layers.shape[2:], mode="nearest")


def paper_cut(canvas: Canvas) -> Tensor:
    """Return layers of cut paper: few tones, and shadows that the nearer sheets throw."""
    unit, chance = canvas.size / 128, canvas.chance(23)
    height = canvas.layers[:, HEIGHT : HEIGHT + 1]
    picture = blurred(canvas.layers[:, RGB], 0.8 * unit)
    level = grey(picture)
    tones = (picture / level.clamp_min(1e-3)) * ((level * 7).round() / 7).clamp_min(0.06)
    shift = torch.full_like(height[:, 0], 0.016)
    near = blurred(moved(height, -shift, -1.3 * shift), 1.6 * unit)
    cast = ((near - height) * 3.2).clamp(0, 1)
    rise = (height - moved(height, torch.zeros_like(shift), -0.4 * shift)).clamp(0, 1)
    grain = 1 + 0.022 * lattice(chance, canvas.axis, 110, 110)[:, None]
    return (tones * (1 - 0.45 * cast) + 0.35 * rise * (height > 0.2)) * grain


def neon(canvas: Canvas) -> Tensor:
    """Return glowing tubes in the dark, in the colours of what they outline."""
    picture, unit = canvas.layers[:, RGB], canvas.size / 128
    soft = blurred(picture, 0.6 * unit)
    near = blurred(picture, 2.0 * unit)
    vivid = near / near.amax(1, keepdim=True).clamp_min(0.05)
    floor = vivid.amin(1, keepdim=True)
    vivid = (vivid - 0.75 * floor) / (1 - 0.75 * floor).clamp_min(0.1)
    rim = (edges(soft) * 5 * unit - 0.18).clamp(0, 1)
    tube = torch.maximum(blurred(canvas.layers[:, LINE : LINE + 1], 0.5 * unit), rim * 0.7)
    glow = torch.maximum(tube, canvas.layers[:, GLOW : GLOW + 1] * 0.45 * grey(picture))
    light = vivid * glow
    halo = 1.1 * blurred(light, 2.2 * unit) + 0.9 * blurred(light, 7 * unit)
    dark = canvas.layers.new_tensor([0.05, 0.03, 0.11])[:, None, None] + 0.2 * picture * picture
    return dark + halo + light + 0.35 * tube * vivid.amax(1, keepdim=True)


DRY = {"ink"}
"""Styles that weather falls over, instead of being drawn in them: rings around snowflakes are no ink drawing."""
STYLES: dict[str, Callable[[Canvas], Tensor]] = {
    "flat": flat,
    "watercolour": watercolour,
    "ink": ink,
    "pixel art": pixel_art,
    "paper cut": paper_cut,
    "neon": neon,
}
