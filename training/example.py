"""Draw the example picture and its mask: a house in a meadow, and the ball beside it that is to be repainted."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from world import Scene, Thing, draw

THINGS = (
    Thing("house", "blue", "", "left", 0.28, 0.65, 0.43),
    Thing("ball", "red", "", "right", 0.73, 0.75, 0.29),
)
GARDEN = Scene("grass", "day", THINGS, seed=12)
MASK = (0.52, 0.47, 0.95, 0.94)
"""Left, top, right, bottom of what is repainted, in the unit square: room for more than the ball."""


def mask(size: int) -> Image.Image:
    """Return the mask, white where the picture is to be repainted."""
    picture = Image.new("L", (size, size), 0)
    box = tuple(round(v * size) for v in MASK)
    ImageDraw.Draw(picture).rounded_rectangle(box, radius=round(0.1 * size), fill=255)
    return picture


def main() -> None:
    """Write `garden.png` and `garden_mask.png`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("examples"))
    parser.add_argument("--size", type=int, default=128)
    args = parser.parse_args()
    pixels = np.rint(draw(GARDEN, args.size) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(args.out / "garden.png", optimize=True)
    mask(args.size).save(args.out / "garden_mask.png", optimize=True)


if __name__ == "__main__":
    main()
