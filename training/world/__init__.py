"""Illustrated scenes with captions, drawn from a seed."""

from .captions import caption, plain_caption
from .places import GROUNDS, HOURS
from .scene import Scene, Thing, draw, sample_scene
from .things import COLOURS, KINDS

__all__ = ["COLOURS", "GROUNDS", "HOURS", "KINDS", "Scene", "Thing", "caption", "draw", "plain_caption", "sample_scene"]
