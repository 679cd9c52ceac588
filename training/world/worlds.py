"""The worlds: which rows of the tables a model is to learn, how its scenes are dreamt up, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from .canvas import Canvas
from .kinds import Kind
from .places import GROUNDS, HOURS, Ground, Hour
from .scene import Scene, small_scene
from .styles import flat
from .things import THINGS


@dataclass(frozen=True)
class World:
    """Tables of names, and what makes a scene of a seed."""

    name: str
    kinds: dict[str, Kind]
    grounds: dict[str, Ground]
    hours: dict[str, Hour]
    styles: dict[str, Callable[[Canvas], Tensor]]
    sample: Callable[[int], Scene]


SMALL = World("small", {kind.name: kind for kind in THINGS}, GROUNDS, HOURS, {"flat": flat}, small_scene)
