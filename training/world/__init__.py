"""Illustrated scenes with captions, drawn from a seed."""

from .captions import caption, plain_caption
from .drawing import draw, draw_batch
from .kinds import COLOURS
from .scene import Scene, Thing
from .worlds import SMALL, World

__all__ = ["COLOURS", "SMALL", "Scene", "Thing", "World", "caption", "draw", "draw_batch", "plain_caption"]
