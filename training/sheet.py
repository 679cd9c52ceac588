"""Draw contact sheets of a world: 64 scenes, and one scene in every style and hour."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from world import WORLDS, draw_batch


def sheet(pictures: Tensor, columns: int) -> Image.Image:
    """Return pictures [n, 3, h, w] in [0, 1] as one, so many beside each other."""
    n, _, h, w = pictures.shape
    rows = pictures.view(n // columns, columns, 3, h, w).permute(0, 3, 1, 4, 2)
    return Image.fromarray((rows.reshape(n // columns * h, columns * w, 3) * 255).round().byte().numpy())


def main() -> None:
    """Write `sheet_scenes.png` and `sheet_styles.png`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", default="whole", choices=list(WORLDS))
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("training/runs"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    world = WORLDS[args.world]
    args.out.mkdir(parents=True, exist_ok=True)
    scenes = [world.sample(args.seed + k) for k in range(64)]
    sheet(draw_batch(scenes, args.size, world=world), 8).save(args.out / "sheet_scenes.png")
    one = next(scene for scene in scenes if len(scene.things) > 1)
    redrawn = [replace(one, style=style, hour=hour) for style in world.styles for hour in world.hours]
    sheet(draw_batch(redrawn, args.size, world=world), len(world.hours)).save(args.out / "sheet_styles.png")


if __name__ == "__main__":
    main()
