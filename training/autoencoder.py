"""Training of the AutoencoderKL."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional as F

from beginning import start_as_pyramid
from configs import VAE
from pool import pool, textures, to_pixels

TEXTURES = 0.08
"""The share of pictures that are noise like photographs'."""


def edges(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return horizontal and vertical differences."""
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def reconstruction_loss(output: Tensor, target: Tensor) -> Tensor:
    """Return L1 + 2 MSE + L1 of the differences, which keeps edges sharp."""
    sharp = sum((F.l1_loss(a, b) for a, b in zip(edges(output), edges(target), strict=True)), torch.zeros(()))
    return F.l1_loss(output, target) + 2 * F.mse_loss(output, target) + sharp


def rate(progress: float, step: int, peak: float) -> float:
    """Return the learning rate: a short warm-up, then a cosine down to a fiftieth."""
    return peak * min(1.0, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint so that an interruption leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    unfinished.replace(path)


def load_vae(work: Path, device: str) -> AutoencoderKL:
    """Return the autoencoder of the checkpoint in `work`."""
    vae = AutoencoderKL(**VAE)
    vae.load_state_dict(torch.load(work / "vae.pt", map_location="cpu", weights_only=True)["model"])
    return vae.to(device, memory_format=torch.channels_last).eval()


@torch.no_grad()
def whiten(vae: AutoencoderKL, pixels: Tensor) -> None:
    """Give every latent channel mean 0 and deviation 1 / scaling_factor, undone before the decoder.

    Both maps are folded into the 1x1 convolutions around the latents, so that the model keeps SD1's layout and factor.
    """
    means = torch.cat([vae.encode(part).latent_dist.mode() for part in pixels.split(32)])
    shift = means.mean((0, 2, 3))
    gain = 1 / (means.std((0, 2, 3)) * vae.config["scaling_factor"])
    inner, outer = vae.quant_conv, vae.post_quant_conv
    assert inner is not None and outer is not None
    n = len(gain)
    inner.weight[:n] *= gain[:, None, None, None]
    inner.bias[:n] = (inner.bias[:n] - shift) * gain
    inner.bias[n:] += 2 * gain.log()
    outer.bias += outer.weight[:, :, 0, 0] @ shift
    outer.weight /= gain[None, :, None, None]


def train_vae(
    work: Path,
    *,
    minutes: float,
    size: int,
    device: str,
    batch: int,
    peak: float,
    seed: int,
    scenes: int,
    decoder_only: bool,
) -> None:
    """Train for some minutes from the checkpoint in `work`, if there is one.

    `decoder_only` leaves the latents as they are: what a UNet has learnt stays valid.
    """
    torch.manual_seed(seed)
    pictures = pool(work, scenes, size)
    vae = AutoencoderKL(**VAE).to(device, memory_format=torch.channels_last)
    path = work / "vae.pt"
    step = 0
    if path.exists():
        state = torch.load(path, map_location=device, weights_only=True)
        vae.load_state_dict(state["model"])
        step = int(state["step"])
    else:
        start_as_pyramid(vae, to_pixels(pictures[:16], device))
    trained = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()] if decoder_only else list(vae.parameters())
    optimizer = torch.optim.AdamW(trained, lr=peak, betas=(0.9, 0.98), weight_decay=1e-4)
    rng = np.random.default_rng((seed, step))
    generator = torch.Generator().manual_seed(seed + step)
    start = saved = time.monotonic()
    first, mean = step, 0.0
    while (progress := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate(progress, step - first, peak)
        drawn = to_pixels(pictures[np.sort(rng.integers(0, len(pictures), batch))], device)
        others = int(rng.binomial(batch, TEXTURES))
        x = torch.cat([drawn[others:], textures(others, size, generator).to(device)]) if others else drawn
        if rng.random() < 0.5:
            x = x.flip(3)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.set_grad_enabled(not decoder_only):
            posterior = vae.encode(x).latent_dist
        loss = reconstruction_loss(vae.decode(posterior.sample()).sample, x)
        if not decoder_only:
            loss = loss + 1e-7 * posterior.kl().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        step += 1
        mean += (float(loss.detach()) - mean) / min(step - first, 100)
        if step % 50 == 0:
            done = (step - first) * batch
            print(f"vae step {step} loss {mean:.4f} {done / (time.monotonic() - start):.1f} pictures/s", flush=True)
        if time.monotonic() - saved > 90:
            save(path, {"model": vae.state_dict(), "step": step})
            saved = time.monotonic()
    if not decoder_only:
        whiten(vae, to_pixels(pictures[:512], device))
    save(path, {"model": vae.state_dict(), "step": step})
