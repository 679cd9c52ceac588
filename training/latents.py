"""Shards of encoded scenes with their captions as tokens: what the UNet trains on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTokenizer

from autoencoder import load_vae, save
from configs import POSITIONS
from pool import captions, pool, to_pixels

SHARD = 1500
CAPTIONS = 3


def tokens(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Return int64 [n, 77] token ids."""
    encoded: Any = tokenizer(texts, padding="max_length", max_length=POSITIONS, truncation=True, return_tensors="pt")
    return encoded.input_ids


@torch.no_grad()
def encode(vae: AutoencoderKL, pixels: Tensor, batch: int = 50) -> Tensor:
    """Return the means of the posterior times the scaling factor."""
    parts = [vae.encode(part).latent_dist.mode() for part in pixels.split(batch)]
    return torch.cat(parts) * vae.config["scaling_factor"]


def write_shards(work: Path, tokenizer: CLIPTokenizer, *, size: int, device: str, scenes: int) -> None:
    """Encode the pool of scenes with the autoencoder in `work`; shards that exist stay."""
    vae = load_vae(work, device)
    pictures = pool(work, scenes, size)
    for start in range(0, scenes, SHARD):
        path = work / f"latents_{start:07d}.pt"
        if path.exists():
            continue
        seeds = range(start, min(scenes, start + SHARD))
        latents = encode(vae, to_pixels(pictures[seeds.start : seeds.stop], device)).half().cpu()
        texts = [text for group in captions(seeds, CAPTIONS) for text in group]
        ids = tokens(tokenizer, texts).int().view(len(seeds), CAPTIONS, POSITIONS)
        save(path, {"latents": latents, "tokens": ids})
        print(f"{path.name}: {len(seeds)} scenes, latent std {float(latents.float().std()):.3f}", flush=True)


def read_shards(work: Path) -> tuple[Tensor, Tensor]:
    """Return all latents [n, 4, h, w] half and tokens [n, captions, 77] that are encoded so far."""
    shards = [torch.load(path, weights_only=True) for path in sorted(work.glob("latents_*.pt"))]
    return torch.cat([s["latents"] for s in shards]), torch.cat([s["tokens"] for s in shards])
