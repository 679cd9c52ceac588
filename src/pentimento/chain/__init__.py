"""The chain: a picture, and edits of it as layers that can be muted, moved and run again."""

from .chain import Chain
from .step import Step

__all__ = ["Chain", "Step"]
