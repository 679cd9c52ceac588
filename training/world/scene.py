"""A scene as data, how it is dreamt up, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas, Pen
from .places import GROUNDS, HOURS, paint_place
from .shapes import Array
from .things import COLOURS, KINDS

Rng = np.random.Generator
SIZES = {"small": 0.74, "": 1.0, "large": 1.24}
PLACES = {"left": 0.26, "centre": 0.5, "right": 0.74}


@dataclass(frozen=True)
class Thing:
    """One thing of a scene: names of the tables, and its exact place in the unit square (x centre, y middle, scale)."""

    kind: str
    colour: str
    size: str
    place: str
    x: float
    y: float
    scale: float
    mirror: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of its frame, in the unit square."""
        r = self.scale / 2
        return (self.x - r, self.y - r, self.x + r, self.y + r)


@dataclass(frozen=True)
class Scene:
    """A place, an hour, the things in it from back to front, and the seed of what is left to chance."""

    ground: str
    hour: str
    things: tuple[Thing, ...]
    seed: int


def _pick(rng: Rng, names: list[str]) -> str:
    return names[int(rng.integers(len(names)))]


def _thing(rng: Rng, ground: str, place: str, *, pair: bool) -> Thing:
    floats = GROUNDS[ground].floats
    kind = KINDS[_pick(rng, [k.name for k in KINDS.values() if k.floats or k.sky or not floats])]
    size = _pick(rng, ["small", "", "", "large"])
    scale = kind.size * SIZES[size] * (0.86 if pair else 1.06) * float(rng.uniform(0.95, 1.05))
    x = PLACES[place] + float(rng.uniform(-0.05, 0.05))
    base = 0.9 + float(rng.uniform(-0.06, 0.05))
    y = 0.34 + float(rng.uniform(-0.07, 0.07)) if kind.sky else base - scale / 2
    colour = _pick(rng, list(COLOURS))
    return Thing(kind.name, colour, size, place, x, y, scale, bool(rng.integers(2)))


def sample_scene(seed: int) -> Scene:
    """Return the scene of a seed: one thing in six of ten scenes, else two side by side."""
    rng = np.random.default_rng((seed, 1))
    ground, hour = _pick(rng, list(GROUNDS)), _pick(rng, list(HOURS))
    if rng.random() < 0.6:
        things = [_thing(rng, ground, _pick(rng, ["left", "centre", "centre", "right"]), pair=False)]
    else:
        things = [_thing(rng, ground, place, pair=True) for place in ("left", "right")]
    return Scene(ground, hour, tuple(sorted(things, key=lambda t: t.y + t.scale / 2)), seed)


def draw(scene: Scene, size: int = 128) -> Array:
    """Draw a scene as float32 RGB [size, size, 3] in [0, 1]."""
    rng = np.random.default_rng((scene.seed, 2))
    ground, hour = GROUNDS[scene.ground], HOURS[scene.hour]
    canvas = Canvas(size, hour.light)
    paint_place(canvas, ground, hour, rng)
    for thing in scene.things:
        kind = KINDS[thing.kind]
        pen = Pen(canvas, thing.x, thing.y, thing.scale, thing.mirror)
        if not kind.sky:
            pen.shadow(0.9)
        kind.draw(pen, COLOURS[thing.colour])
    if hour.air is not None:
        hour.air(canvas, rng)
    return np.clip(canvas.pixels, 0, 1)
