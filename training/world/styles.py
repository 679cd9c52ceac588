"""Styles: the same layers, drawn with other tools."""

from __future__ import annotations

from torch import Tensor

from .canvas import LINE, RGB, Canvas


def flat(canvas: Canvas) -> Tensor:
    """Return clear colours with thin dark outlines."""
    return canvas.layers[:, RGB] * (1 - 0.55 * canvas.layers[:, LINE : LINE + 1])
