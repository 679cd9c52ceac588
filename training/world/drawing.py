"""From scenes to pictures: all of a batch at once, on any device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .canvas import CHANNELS, COVER, GLOW, HEIGHT, LINE, RGB, Canvas, Frames, Light, Pen, tiles
from .kinds import COLOURS, Kind
from .places import GROUND, paint_sky
from .scene import Scene, Thing
from .worlds import SMALL, World

ROOM = 0.72
"""Half-width of a thing's tile with its shadow, in units of its frame."""


def groups(names: Iterable[str], device: str) -> Iterator[tuple[str, Tensor]]:
    """Give each name with the indices where it stands."""
    found: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        found[name].append(index)
    for name, indices in found.items():
        yield name, torch.tensor(indices, device=device)


def lighting(world: World, scenes: Sequence[Scene], device: str) -> Light:
    """Return the light of every scene's hour."""
    hours = [world.hours[scene.hour] for scene in scenes]
    rows = [torch.tensor([getattr(h, name) for h in hours], device=device) for name in ("tint", "air")]
    return Light(rows[0].float(), torch.tensor([[h.haze] for h in hours], device=device), rows[1].float())


def contact(pen: Pen, wide: float, strength: Tensor) -> None:
    """Lay the soft shadow of what stands on the ground, `wide` across."""
    layers = pen.canvas.layers
    h, w = layers.shape[2:]
    u = (torch.arange(w, device=layers.device) + 0.5 - pen.x) / (pen.scale * wide / 2)
    v = ((torch.arange(h, device=layers.device) + 0.5)[None, :, None] - pen.y - pen.scale / 2) / (pen.scale * wide / 7)
    dark = 0.75 * strength[:, None, None] * (1 - u * u - v * v).clamp_(0, 1)
    layers[:, COVER] = dark
    layers[:, HEIGHT] = GROUND * dark


def drawn_things(
    kind: Kind, things: Sequence[Thing], light: Light, seeds: Tensor, shadow: Tensor, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw things of one kind as tiles, with the pixels of their middles."""
    device = seeds.device
    rows = [[t.x * size, t.y * size, t.scale * size, t.mirror, min(0.95, 0.4 + 0.5 * t.y), t.far] for t in things]
    x, y, scale, mirror, height, far = torch.tensor(rows, dtype=torch.float32, device=device).unbind(1)
    scales = [t.scale * size for t in things]
    frames = Frames(x, y, scale, mirror > 0, height, (min(scales), max(scales)))
    colours = torch.tensor([COLOURS[t.colour] for t in things], device=device)
    standing = shadow * torch.tensor([0.0 if t.perched else 1.0 for t in things], device=device)

    def draw(pen: Pen) -> None:
        if not kind.sky:
            contact(pen, kind.wide, standing)
        kind.draw(pen, colours)

    return tiles(frames, light.far(far[:, None]), seeds, size, ROOM, draw)


def place_things(canvas: Canvas, world: World, scenes: Sequence[Scene]) -> None:
    """Draw the things of every scene, from back to front."""
    device = str(canvas.layers.device)
    flat = [(n, slot, thing) for n, scene in enumerate(scenes) for slot, thing in enumerate(scene.things)]
    shadow = torch.tensor([world.hours[scene.hour].shadow for scene in scenes], device=device)
    parts: list[list[tuple[Tensor, Tensor, Tensor, Tensor]]] = [[] for _ in range(4)]
    for name, which in groups((thing.kind for _, _, thing in flat), device):
        some = [flat[k] for k in which.tolist()]
        owner = torch.tensor([n for n, _, _ in some], device=device)
        drawn, x, y = drawn_things(
            world.kinds[name],
            [thing for _, _, thing in some],
            canvas.light.of(owner),
            canvas.seeds[owner],
            shadow[owner],
            canvas.size,
        )
        for slot, at in groups((str(slot) for _, slot, _ in some), device):
            parts[int(slot)].append((drawn[at], x[at], y[at], owner[at]))
    for part in parts:
        for drawn, x, y, owner in part:
            canvas.place(drawn, x, y, owner)


def paint(world: World, scenes: Sequence[Scene], size: int, device: str) -> Canvas:
    """Return the layers of scenes, without the weather."""
    seeds = torch.tensor([scene.seed for scene in scenes], device=device)
    layers = torch.empty(len(scenes), CHANNELS, size, size, device=device)
    canvas = Canvas(layers, size, lighting(world, scenes, device), seeds)
    horizons = torch.tensor([scene.horizon for scene in scenes], device=device)[:, None, None]
    for hour, which in groups((scene.hour for scene in scenes), device):
        part = canvas.of(which)
        paint_sky(part, world.hours[hour], horizons[which])
        layers[which] = part.layers
    for ground, which in groups((scene.ground for scene in scenes), device):
        part = canvas.of(which)
        world.grounds[ground].paint(part, part.chance(2))
        layers[which] = part.layers
    place_things(canvas, world, scenes)
    return canvas


def draw_batch(scenes: Sequence[Scene], size: int, *, world: World = SMALL, device: str = "cpu") -> Tensor:
    """Draw scenes as float32 RGB [n, 3, size, size] in [0, 1]."""
    canvas = paint(world, scenes, size, device)
    for name, which in groups((scene.hour for scene in scenes), device):
        weather = world.hours[name].weather
        if weather is not None:
            part = canvas.of(which)
            weather(part, part.chance(3))
            canvas.layers[which] = part.layers
    pictures = torch.empty(len(scenes), 3, size, size, device=device)
    for name, which in groups((scene.style for scene in scenes), device):
        pictures[which] = world.styles[name](canvas.of(which))
    return pictures.clamp_(0, 1)


def draw(scene: Scene, size: int = 128, *, world: World = SMALL) -> NDArray[np.float32]:
    """Draw a scene as float32 RGB [size, size, 3] in [0, 1]."""
    return draw_batch([scene], size, world=world)[0].permute(1, 2, 0).numpy()
