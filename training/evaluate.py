"""Measure the built-in model: the autoencoder's PSNR, and whether pictures show what the caption asked.

Everything but the autoencoder goes through `pentimento.Studio`, as a user's request would.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pentimento as pm
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from pentimento.diffusion.samplers import SAMPLERS
from PIL import Image, ImageDraw

from judge import NAME, Judge, distances, load_judge, marks, train_judge
from scenes import HELD_OUT
from world import SMALL, WORLDS, Scene, World, draw_batch

Pictures = NDArray[np.uint8]
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
NEAR_PX = 8


@torch.no_grad()
def round_trip(vae: AutoencoderKL, pictures: Pictures) -> Pictures:
    """Return pictures uint8 [n, h, w, 3] after encoding and decoding."""
    pixels = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
    parts = [vae.decode(vae.encode(part).latent_dist.mode()).sample for part in pixels.split(16)]
    return ((torch.cat(parts).clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def psnr(a: Pictures, b: Pictures) -> float:
    """Return the peak signal-to-noise ratio in dB, the mean over pictures."""
    error = ((a.astype(np.float64) - b) ** 2).mean((1, 2, 3))
    return float((10 * np.log10(255**2 / np.maximum(error, 1e-9))).mean())


@dataclasses.dataclass(frozen=True)
class Maker:
    """Makes a picture for every caption, each with a seed of its own."""

    studio: pm.Studio
    world: World
    size: int
    fields: dict[str, Any]
    seed: int = 0

    def __call__(self, captions: Sequence[str], others: Sequence[dict[str, Any]] = (), **fields: Any) -> Pictures:
        """Return pictures uint8 [n, size, size, 3]; `others` are fields of single pictures."""
        made = [
            self.studio.run(
                pm.Request(
                    **{"width": self.size, "height": self.size, **self.fields, **fields, **other},
                    prompt=caption,
                    seed=self.seed + k,
                )
            ).images[0]
            for k, (caption, other) in enumerate(zip(captions, others or [{}] * len(captions), strict=True))
        ]
        return np.stack([np.asarray(image.convert("RGB")) for image in made])


def generate(folder: Path, captions: Sequence[str], *, size: int, seed: int, **fields: Any) -> Pictures:
    """Return one picture for every caption from the model in a folder."""
    return Maker(pm.Studio(model=str(folder)), SMALL, size, fields, seed)(captions)


def sheet(pictures: Pictures, columns: int = 8) -> Image.Image:
    """Return a contact sheet."""
    n, h, w, _ = pictures.shape
    rows = -(-n // columns)
    padded = np.full((rows * columns, h, w, 3), 255, dtype=np.uint8)
    padded[:n] = pictures
    return Image.fromarray(padded.reshape(rows, columns, h, w, 3).swapaxes(1, 2).reshape(rows * h, columns * w, 3))


def get_judge(work: Path, world: World, *, size: int, steps: int, device: str) -> Judge:
    """Return the judge of `work`, training it first if there is none."""
    if not (work / NAME.format(world.name)).exists():
        return train_judge(work, world, steps=steps, size=size, device=device)
    return load_judge(work, world)


def photographs(folder: Path) -> list[Pictures]:
    """Return the pictures of a folder, cropped to multiples of 8."""
    result = []
    for path in sorted(folder.glob("*.png")):
        picture = np.asarray(Image.open(path).convert("RGB"))
        h, w = (v // 8 * 8 for v in picture.shape[:2])
        result.append(picture[None, :h, :w])
    return result


def other(names: Sequence[str], name: str, k: int) -> str:
    """Return another row of a table, a different one for every k."""
    rest = [one for one in names if one != name]
    return rest[k * 7 % len(rest)]


def drawn(world: World, scenes: Sequence[Scene], size: int) -> Pictures:
    """Draw scenes as uint8 [n, size, size, 3]."""
    parts = [draw_batch(scenes[k : k + 32], size, world=world) for k in range(0, len(scenes), 32)]
    return (torch.cat(parts) * 255).round().byte().permute(0, 2, 3, 1).numpy()


def held_out(world: World, count: int, start: int = 0) -> list[Scene]:
    """Return scenes that nothing was trained on."""
    return [world.sample(HELD_OUT + start + k) for k in range(count)]


def alone(world: World, count: int) -> list[Scene]:
    """Return held-out scenes of one thing."""
    scenes = (world.sample(seed) for seed in range(HELD_OUT + 100_000, HELD_OUT + 200_000))
    return list(itertools.islice((scene for scene in scenes if len(scene.things) == 1), count))


def text_to_image(make: Maker, judge: Judge, count: int, work: Path) -> dict[str, float]:
    """Tell how often a picture shows what its caption says."""
    scenes = held_out(make.world, count)
    made = make([make.world.plain_caption(scene) for scene in scenes])
    sheet(made[:64]).save(work / "sheet_generated.png")
    return marks(judge, make.world, made, scenes)


def replaced(make: Maker, judge: Judge, count: int, work: Path) -> dict[str, float]:
    """Paint another thing over the thing of a drawn scene; tell how often it is there."""
    world = make.world
    sources = alone(world, count)
    asked = []
    for k, scene in enumerate(sources):
        thing = scene.things[0]
        same = [name for name, kind in world.kinds.items() if kind.sky == world.kinds[thing.kind].sky]
        fresh = dataclasses.replace(
            thing, kind=other(same, thing.kind, k), colour=other(world.colours, thing.colour, k)
        )
        asked.append(dataclasses.replace(scene, things=(fresh,)))
    pictures, masks = [], []
    for scene, pixels in zip(sources, drawn(world, sources, make.size), strict=True):
        mask = Image.new("L", (make.size, make.size))
        left, top, right, bottom = scene.things[0].box
        margin = 0.06
        ImageDraw.Draw(mask).rectangle(
            [round(v * make.size) for v in (left - margin, top - margin, right + margin, bottom + margin)], fill=255
        )
        pictures.append(Image.fromarray(pixels))
        masks.append(mask)
    made = make(
        [world.plain_caption(scene) for scene in asked],
        [{"init_image": picture, "mask": mask} for picture, mask in zip(pictures, masks, strict=True)],
        denoising_strength=1.0,
    )
    sheet(np.stack([np.stack([np.asarray(p) for p in pictures[:32]]), made[:32]], 1).reshape(-1, *made.shape[1:])).save(
        work / "sheet_inpaint.png"
    )
    found = marks(judge, make.world, made, asked)
    return {name: found[name] for name in ("kind_only", "colour_only")}


def repainted(make: Maker, judge: Judge, count: int, work: Path) -> dict[str, float]:
    """Ask for another hour: at 0.4 the thing stays in its place, at 0.7 the hour is the new one."""
    world = make.world
    sources = alone(world, count)
    asked = [
        dataclasses.replace(scene, hour=other(list(world.hours), scene.hour, k)) for k, scene in enumerate(sources)
    ]
    pictures = [{"init_image": Image.fromarray(pixels)} for pixels in drawn(world, sources, make.size)]
    captions = [world.plain_caption(scene) for scene in asked]
    little, much = (make(captions, pictures, denoising_strength=strength) for strength in (0.4, 0.7))
    sheet(np.stack([little[:16], much[:16]], 1).reshape(-1, *much.shape[1:])).save(work / "sheet_img2img.png")
    near = distances(judge, world, little, sources) <= NEAR_PX / 256
    return {
        "thing within 8 of 256 px at 0.4": float(near.mean()),
        "hour at 0.7": marks(judge, make.world, much, asked)["hour"],
    }


def agreement(make: Maker, judge: Judge, count: int, work: Path) -> dict[str, float]:
    """Return the PSNR to the source at every strength; it has to fall."""
    world = make.world
    sources = alone(world, count)
    pixels = drawn(world, sources, make.size)
    pictures = [{"init_image": Image.fromarray(one)} for one in pixels]
    captions = [world.plain_caption(scene) for scene in sources]
    return {
        f"dB at {strength:g}": psnr(pixels, make(captions, pictures, denoising_strength=strength))
        for strength in STRENGTHS
    }


def by_sampler(make: Maker, judge: Judge, count: int, work: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """Give the marks of every sampler."""
    for sampler in SAMPLERS:
        other_sampler = dataclasses.replace(make, fields={**make.fields, "sampler": sampler.name})
        yield sampler.label, text_to_image(other_sampler, judge, count, work)


def say(title: str, figures: dict[str, float]) -> None:
    """Print a row of the table; shares as percentages."""
    told = (f"{name} {value:.1f}" if "dB" in name else f"{name} {value:.1%}" for name, value in figures.items())
    print(f"{title:24s}" + "  ".join(told), flush=True)


PARTS = {"txt2img": text_to_image, "inpaint": replaced, "img2img": repainted, "strength": agreement}


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(description=__doc__)
    result.add_argument("--model", type=Path, default=Path("src/pentimento/models/builtin"))
    result.add_argument("--work", type=Path, default=Path("training/runs"), help="holds the judge; sheets go here")
    result.add_argument("--device", default="cpu")
    result.add_argument("--world", default="small", choices=list(WORLDS))
    result.add_argument("--size", type=int, default=128)
    result.add_argument("--count", type=int, default=96, help="held-out scenes for every row of the table")
    result.add_argument(
        "--judge-steps", type=int, default=2000, help="times 48 drawn scenes that the judge learns from"
    )
    result.add_argument("--steps", type=int, default=20)
    result.add_argument("--cfg", type=float, default=5.0)
    result.add_argument("--seed", type=int, default=0)
    result.add_argument("--parts", default=",".join(PARTS), help="rows of the table")
    result.add_argument("--samplers", type=int, default=0, metavar="COUNT", help="also every sampler, on COUNT scenes")
    result.add_argument("--photographs", type=Path, help="a folder of PNG files to measure the autoencoder on")
    result.add_argument("--threads", type=int, default=1)
    return result


def main() -> None:
    """Print the table and write the contact sheets."""
    args = parser().parse_args()
    torch.set_num_threads(args.threads)
    world = WORLDS[args.world]
    scenes = held_out(world, args.count)
    pictures = drawn(world, scenes, args.size)
    vae = AutoencoderKL.from_pretrained(args.model / "vae", dtype=torch.float32)
    back = round_trip(vae, pictures)
    print(f"autoencoder: {psnr(pictures, back):.2f} dB on {args.count} held-out scenes")
    if args.photographs:
        values = [psnr(p, round_trip(vae, p)) for p in photographs(args.photographs)]
        print(f"autoencoder: {np.mean(values):.2f} dB on {len(values)} pictures of {args.photographs.name}")
    sheet(np.stack([pictures[:32], back[:32]], 1).reshape(-1, *pictures.shape[1:])).save(args.work / "sheet_vae.png")

    judge = get_judge(args.work, world, size=args.size, steps=args.judge_steps, device=args.device)
    near = distances(judge, world, pictures, scenes) <= NEAR_PX / 256
    say("drawn, held out", {**marks(judge, world, pictures, scenes), "position": float(near.mean())})
    studio = pm.Studio(model=str(args.model), device=args.device)
    make = Maker(studio, world, args.size, {"steps": args.steps, "cfg_scale": args.cfg}, args.seed)
    rows = {name: partial(PARTS[name], make, judge, args.count, args.work) for name in args.parts.split(",") if name}
    for name, row in rows.items():
        say(name, row())
    if args.samplers:
        for label, figures in by_sampler(make, judge, args.samplers, args.work):
            say(label, figures)


if __name__ == "__main__":
    main()
