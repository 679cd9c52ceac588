"""A scene as data, and how those of the small world are dreamt up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .kinds import COLOURS
from .places import GROUNDS, HORIZON, HOURS
from .things import THINGS

Rng = np.random.Generator
SIZES = {"small": 0.74, "": 1.0, "large": 1.24}
PLACES = {"left": 0.26, "centre": 0.5, "right": 0.74}


@dataclass(frozen=True)
class Thing:
    """One thing of a scene: names of the tables, and its exact place in the unit square (x centre, y middle, scale).

    `far` is how much of the air lies before it (0 to 1), `perched` that it stands on another thing.
    """

    kind: str
    colour: str
    size: str
    place: str
    x: float
    y: float
    scale: float
    mirror: bool = False
    far: float = 0.0
    perched: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of its frame, in the unit square."""
        r = self.scale / 2
        return (self.x - r, self.y - r, self.x + r, self.y + r)


@dataclass(frozen=True)
class Scene:
    """A place, an hour, the things in it from back to front, and the seed of what is left to chance.

    `relation` tells how its first two things stand to each other, where that can be said (`wording.py`).
    """

    ground: str
    hour: str
    things: tuple[Thing, ...]
    seed: int
    style: str = "flat"
    horizon: float = HORIZON
    relation: str = ""


def pick(rng: Rng, names: Sequence[str]) -> str:
    """Return one of the names."""
    return names[int(rng.integers(len(names)))]


def _thing(rng: Rng, ground: str, place: str, *, pair: bool) -> Thing:
    floats = GROUNDS[ground].floats
    kinds = {kind.name: kind for kind in THINGS if kind.floats or kind.sky or not floats}
    kind = kinds[pick(rng, list(kinds))]
    size = pick(rng, ["small", "", "", "large"])
    scale = kind.size * SIZES[size] * (0.86 if pair else 1.06) * float(rng.uniform(0.95, 1.05))
    x = PLACES[place] + float(rng.uniform(-0.05, 0.05))
    base = 0.9 + float(rng.uniform(-0.06, 0.05))
    y = 0.34 + float(rng.uniform(-0.07, 0.07)) if kind.sky else base - scale / 2
    colour = pick(rng, list(COLOURS))
    return Thing(kind.name, colour, size, place, x, y, scale, bool(rng.integers(2)))


def small_scene(seed: int) -> Scene:
    """Return the small world's scene of a seed: one thing in six of ten scenes, else two side by side."""
    rng = np.random.default_rng((seed, 1))
    ground, hour = pick(rng, list(GROUNDS)), pick(rng, list(HOURS))
    if rng.random() < 0.6:
        things = [_thing(rng, ground, pick(rng, ["left", "centre", "centre", "right"]), pair=False)]
    else:
        things = [_thing(rng, ground, place, pair=True) for place in ("left", "right")]
    return Scene(ground, hour, tuple(sorted(things, key=lambda t: t.y + t.scale / 2)), seed)
