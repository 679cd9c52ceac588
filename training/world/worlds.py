"""The worlds: which rows of the tables a model is to learn, how its scenes are dreamt up, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from . import dreams, landscapes, places, skies
from .canvas import Canvas
from .captions import small_caption, small_plain_caption
from .kinds import COLOURS, Kind
from .places import Ground, Hour
from .scene import Scene, small_scene
from .styles import STYLES, flat
from .things import THINGS
from .wording import whole_caption, whole_plain_caption


@dataclass(frozen=True)
class World:
    """Tables of names, what makes a scene of a seed, and what is said of a scene."""

    name: str
    kinds: dict[str, Kind]
    grounds: dict[str, Ground]
    hours: dict[str, Hour]
    styles: dict[str, Callable[[Canvas], Tensor]]
    sample: Callable[[int], Scene]
    caption: Callable[[Scene, np.random.Generator], str]
    plain_caption: Callable[[Scene], str]

    @property
    def colours(self) -> tuple[str, ...]:
        """The names of the colours."""
        return tuple(COLOURS)

    @property
    def whole(self) -> dict[str, tuple[str, ...]]:
        """What can be asked of a picture as a whole: attributes of a scene, and the names each may have."""
        asked = {"ground": tuple(self.grounds), "hour": tuple(self.hours), "style": tuple(self.styles)}
        return {name: names for name, names in asked.items() if len(names) > 1}


SMALL = World(
    "small",
    {kind.name: kind for kind in THINGS},
    places.GROUNDS,
    places.HOURS,
    {"flat": flat},
    small_scene,
    small_caption,
    small_plain_caption,
)
WHOLE = World(
    "whole",
    dreams.KINDS,
    landscapes.GROUNDS,
    skies.HOURS,
    STYLES,
    dreams.whole_scene,
    whole_caption,
    whole_plain_caption,
)
WORLDS = {world.name: world for world in (SMALL, WHOLE)}
