"""Illustrated scenes with captions, drawn from a seed."""

from .drawing import draw, draw_batch
from .kinds import COLOURS
from .scene import Scene, Thing
from .worlds import SMALL, WHOLE, WORLDS, World

__all__ = ["COLOURS", "SMALL", "WHOLE", "WORLDS", "Scene", "Thing", "World", "draw", "draw_batch"]
