"""Measure the built-in model: the autoencoder's PSNR, and how often generated pictures show what the caption asked."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image

from judge import Judge, marks, train_judge
from pool import HELD_OUT, draw_batch, pool, to_pixels
from world import Scene, plain_caption, sample_scene

Pictures = NDArray[np.uint8]


@torch.no_grad()
def round_trip(vae: AutoencoderKL, pictures: Pictures) -> Pictures:
    """Return pictures uint8 [n, h, w, 3] after encoding and decoding."""
    parts = [vae.decode(vae.encode(part).latent_dist.mode()).sample for part in to_pixels(pictures).split(16)]
    return ((torch.cat(parts).clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def psnr(a: Pictures, b: Pictures) -> float:
    """Return the peak signal-to-noise ratio in dB, the mean over pictures."""
    error = ((a.astype(np.float64) - b) ** 2).mean((1, 2, 3))
    return float((10 * np.log10(255**2 / np.maximum(error, 1e-9))).mean())


def generate(folder: Path, captions: list[str], *, size: int, steps: int, cfg: float, seed: int) -> Pictures:
    """Return pictures for captions, by DPM++ 2M, in one reproducible order."""
    pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config, use_karras_sigmas=True)
    pipe.set_progress_bar_config(disable=True)
    parts = []
    for k in range(0, len(captions), 16):
        generator = [torch.Generator().manual_seed(seed + k + i) for i in range(len(captions[k : k + 16]))]
        parts.append(
            pipe(
                captions[k : k + 16],
                height=size,
                width=size,
                num_inference_steps=steps,
                guidance_scale=cfg,
                generator=generator,
                output_type="np",
            ).images
        )
    return np.rint(np.concatenate(parts) * 255).astype(np.uint8)


def sheet(pictures: Pictures, columns: int = 8) -> Image.Image:
    """Return a contact sheet."""
    n, h, w, _ = pictures.shape
    rows = -(-n // columns)
    padded = np.full((rows * columns, h, w, 3), 255, dtype=np.uint8)
    padded[:n] = pictures
    return Image.fromarray(padded.reshape(rows, columns, h, w, 3).swapaxes(1, 2).reshape(rows * h, columns * w, 3))


def get_judge(work: Path, *, size: int, scenes: int, minutes: float) -> Judge:
    """Return the judge of `work`, training it first if there is none."""
    path = work / "judge.pt"
    if not path.exists():
        return train_judge(work, pool(work, scenes, size), minutes=minutes)
    judge = Judge()
    judge.load_state_dict(torch.load(path, weights_only=True))
    return judge.eval()


def report(title: str, figures: dict[str, float]) -> None:
    """Print a row of shares."""
    print(f"{title:22s}" + "  ".join(f"{name} {value:.1%}" for name, value in figures.items()), flush=True)


def photographs(folder: Path) -> list[Pictures]:
    """Return the pictures of a folder, cropped to multiples of 8."""
    result = []
    for path in sorted(folder.glob("*.png")):
        picture = np.asarray(Image.open(path).convert("RGB"))
        h, w = (v // 8 * 8 for v in picture.shape[:2])
        result.append(picture[None, :h, :w])
    return result


def main() -> None:
    """Print the table and write the contact sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("src/pentimento/models/builtin"))
    parser.add_argument(
        "--work", type=Path, default=Path("training/runs"), help="holds the judge; sheets are written here"
    )
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--count", type=int, default=128, help="held-out scenes")
    parser.add_argument("--scenes", type=int, default=30000, help="drawn scenes that the judge learns from")
    parser.add_argument("--judge-minutes", type=float, default=4.0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cfg", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--photographs", type=Path, help="a folder of PNG files to measure the autoencoder on")
    args = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.getLogger("diffusers").setLevel(logging.ERROR)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))

    seeds = range(HELD_OUT, HELD_OUT + args.count)
    scenes: list[Scene] = [sample_scene(seed) for seed in seeds]
    drawn = draw_batch(seeds, args.size)
    vae = AutoencoderKL.from_pretrained(args.model / "vae", dtype=torch.float32)
    back = round_trip(vae, drawn)
    print(f"autoencoder: {psnr(drawn, back):.2f} dB on {args.count} held-out scenes")
    if args.photographs:
        values = [psnr(p, round_trip(vae, p)) for p in photographs(args.photographs)]
        print(f"autoencoder: {np.mean(values):.2f} dB on {len(values)} pictures of {args.photographs.name}")
    sheet(np.stack([drawn[:32], back[:32]], 1).reshape(-1, *drawn.shape[1:])).save(args.work / "sheet_vae.png")

    judge = get_judge(args.work, size=args.size, scenes=args.scenes, minutes=args.judge_minutes)
    report("drawn, held out", marks(judge, drawn, scenes))
    captions = [plain_caption(scene) for scene in scenes]
    made = generate(args.model, captions, size=args.size, steps=args.steps, cfg=args.cfg, seed=args.seed)
    sheet(made[:64]).save(args.work / "sheet_generated.png")
    report(f"generated, CFG {args.cfg:g}", marks(judge, made, scenes))


if __name__ == "__main__":
    main()
