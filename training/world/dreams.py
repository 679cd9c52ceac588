"""How the scenes of the whole world are dreamt up: one to four things, composed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from . import creatures, objects, things
from .kinds import COLOURS, Kind
from .landscapes import GROUNDS
from .scene import SIZES, Rng, Scene, Thing, pick
from .skies import HOURS
from .styles import STYLES

KINDS: dict[str, Kind] = {kind.name: kind for part in (things, creatures, objects) for kind in part.THINGS}
NEAR, DISTANT = 0.93, 0.72
"""Where on the picture nearest and farthest feet stand."""


def fitting(ground: str, want: Callable[[Kind], bool] = lambda kind: True) -> list[str]:
    """Return the kinds that belong on a ground and are wanted."""
    where = GROUNDS[ground]

    def belongs(kind: Kind) -> bool:
        if where.indoors:
            return kind.indoors
        return kind.outdoors and (not where.floats or kind.floats or kind.sky)

    return [kind.name for kind in KINDS.values() if belongs(kind) and want(kind)]


def standing(kind: Kind) -> bool:
    """Tell whether a kind stands on the ground."""
    return not kind.sky


def sized(rng: Rng, name: str, x: float, base: float, factor: float) -> Thing:
    """Return a thing of a kind with its feet at `base`, smaller the farther off."""
    size = pick(rng, ["small", "", "", "", "large"])
    kind = KINDS[name]
    depth = (base - 0.6) / (NEAR - 0.6)
    scale = kind.size * SIZES[size] * factor * (0.5 + 0.5 * depth) * float(rng.uniform(0.95, 1.05))
    x = min(max(x, 0.45 * scale), 1 - 0.45 * scale)
    colour = pick(rng, list(COLOURS))
    far = max(0.0, 0.3 * (1 - depth))
    place = "left" if x < 0.39 else "right" if x > 0.61 else "centre"
    return Thing(name, colour, size, place, x, base - scale / 2, scale, bool(rng.integers(2)), far)


def aloft(rng: Rng, name: str, x: float, factor: float) -> Thing:
    """Return a thing in the sky."""
    thing = sized(rng, name, x, NEAR, factor)
    return replace(thing, y=float(rng.uniform(0.5, 0.75)) * thing.scale + float(rng.uniform(0.06, 0.14)))


def lonely(rng: Rng, ground: str) -> tuple[list[Thing], str]:
    """One thing, where the eye goes first."""
    name = pick(rng, fitting(ground))
    x = float(rng.choice([0.5, 0.5, 0.3, 0.7])) + float(rng.uniform(-0.05, 0.05))
    if KINDS[name].sky:
        return [aloft(rng, name, x, 1.15)], ""
    return [sized(rng, name, x, float(rng.uniform(0.86, NEAR)), 1.12)], ""


def beside(rng: Rng, ground: str) -> tuple[list[Thing], str]:
    """Two things side by side."""
    base = float(rng.uniform(0.84, 0.9))
    found = [
        sized(rng, pick(rng, fitting(ground, standing)), x, base + float(rng.uniform(-0.04, 0.03)), 0.92)
        for x in (0.27 + float(rng.uniform(-0.05, 0.03)), 0.73 + float(rng.uniform(-0.03, 0.05)))
    ]
    return found, "beside"


def behind(rng: Rng, ground: str) -> tuple[list[Thing], str]:
    """Something large farther off, partly covered by something near."""
    large = fitting(ground, lambda kind: kind.large or (GROUNDS[ground].floats and standing(kind)))
    if not large:
        return beside(rng, ground)
    x = float(rng.uniform(0.36, 0.64))
    back = sized(rng, pick(rng, large), x, float(rng.uniform(0.74, 0.79)), 1.2)
    small = fitting(ground, lambda kind: standing(kind) and not kind.large)
    front = sized(rng, pick(rng, small), x + float(rng.choice([-1, 1])) * float(rng.uniform(0.1, 0.16)), NEAR, 0.8)
    return [back, front], "behind"


def on_top(rng: Rng, ground: str) -> tuple[list[Thing], str]:
    """One thing on another."""
    bases = fitting(ground, lambda kind: kind.top is not None)
    if not bases:
        return beside(rng, ground)
    under = sized(rng, pick(rng, bases), float(rng.uniform(0.38, 0.62)), float(rng.uniform(0.88, NEAR)), 1.05)
    upper = pick(rng, [name for name, kind in KINDS.items() if kind.perches and name != under.kind])
    scale = min(KINDS[upper].size * 0.72, 0.62 * under.scale)
    feet = under.y + (KINDS[under.kind].top or 0.0) * under.scale + 0.015
    x = under.x + under.scale * float(rng.uniform(-0.1, 0.1))
    colour = pick(rng, list(COLOURS))
    rider = Thing(upper, colour, "", under.place, x, feet - scale / 2, scale, bool(rng.integers(2)), under.far, True)
    return [under, rider], "on"


def above(rng: Rng, ground: str) -> tuple[list[Thing], str]:
    """Something in the sky over something on the ground."""
    skies = fitting(ground, lambda kind: kind.sky)
    if not skies:
        return on_top(rng, ground)
    x = float(rng.uniform(0.3, 0.7))
    low = sized(rng, pick(rng, fitting(ground, standing)), x, float(rng.uniform(0.87, NEAR)), 0.85)
    high = aloft(rng, pick(rng, skies), 1 - x + float(rng.uniform(-0.08, 0.08)), 0.75)
    return [high, low], "above"


def trio(rng: Rng, ground: str) -> tuple[list[Thing], str]:
    """Three things in a row."""
    names = fitting(ground, standing)
    return [
        sized(
            rng,
            pick(rng, names),
            x + float(rng.uniform(-0.03, 0.03)),
            0.86 + lower + float(rng.uniform(-0.02, 0.02)),
            0.72,
        )
        for x, lower in ((0.2, 0.0), (0.5, 0.04), (0.8, 0.0))
    ], "row"


def crowd(rng: Rng, ground: str) -> tuple[list[Thing], str]:
    """Two things before a third, and one more above or beside."""
    found, relation = behind(rng, ground)
    front = [sized(rng, pick(rng, fitting(ground, standing)), x, 0.9, 0.62) for x in (0.16, 0.84)]
    skies = fitting(ground, lambda kind: kind.sky)
    extra = aloft(rng, pick(rng, skies), float(rng.choice([0.2, 0.8])), 0.6) if skies and rng.random() < 0.5 else None
    return [*found, front[int(found[-1].x < found[0].x)], *([extra] if extra else [])], relation


ARRANGEMENTS = (
    (0.34, lonely),
    (0.2, beside),
    (0.13, behind),
    (0.11, on_top),
    (0.1, above),
    (0.07, trio),
    (0.05, crowd),
)


def whole_scene(seed: int) -> Scene:
    """Return the whole world's scene of a seed; half of them are flat, the rest in the other styles."""
    rng = np.random.default_rng((seed, 11))
    ground, hour = pick(rng, list(GROUNDS)), pick(rng, list(HOURS))
    style = "flat" if rng.random() < 0.5 else pick(rng, [name for name in STYLES if name != "flat"])
    shares = np.array([share for share, _ in ARRANGEMENTS])
    arrange = ARRANGEMENTS[int(rng.choice(len(shares), p=shares / shares.sum()))][1]
    found, relation = arrange(rng, ground)
    horizon = float(rng.uniform(0.5, 0.6))
    order = found if relation == "on" else sorted(found, key=lambda thing: thing.y + thing.scale / 2)
    return Scene(ground, hour, tuple(order), seed, style, horizon, relation)
