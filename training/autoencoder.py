"""Training of the AutoencoderKL."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional as F

from beginning import start_as_pyramid
from configs import NETWORKS
from fitting import Timing, fit
from scenes import Window, dice, pixels_of, textures
from world import World

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


def load_vae(work: Path, world: World, device: str) -> AutoencoderKL:
    """Return the autoencoder of the checkpoint in `work`."""
    vae = AutoencoderKL(**NETWORKS[world.name].vae)
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
    world: World,
    *,
    steps: int,
    minutes: float,
    size: int,
    device: str,
    batch: int,
    peak: float,
    seed: int,
    decoder_only: bool = False,
) -> None:
    """Train from the checkpoint in `work`, if there is one, until step `steps`, or for some minutes.

    `decoder_only` leaves the latents as they are: what a UNet has learnt stays valid.
    """
    torch.manual_seed(seed)
    window = Window(lambda seeds: (pixels_of(world, seeds, size, device).half(),), count=8, every=max(1, 256 // batch))
    vae = AutoencoderKL(**NETWORKS[world.name].vae).to(device, memory_format=torch.channels_last)
    trained = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()] if decoder_only else list(vae.parameters())
    optimizer = torch.optim.AdamW(trained, lr=peak, betas=(0.9, 0.98), weight_decay=1e-4)
    path, first = work / "vae.pt", 0
    if path.exists():
        state = torch.load(path, map_location=device, weights_only=True)
        vae.load_state_dict(state["model"])
        if state.get("decoder_only") == decoder_only:  # else it is a training of its own, from the weights alone
            optimizer.load_state_dict(state["optimizer"])
            first = int(state["step"])
    else:
        start_as_pyramid(vae, pixels_of(world, range(16), size, device))

    def keep(step: int) -> None:
        states = {"model": vae.state_dict(), "optimizer": optimizer.state_dict()}
        save(path, {**states, "step": step, "decoder_only": decoder_only})

    def loss(step: int) -> Tensor:
        generator = dice(seed, step, device)
        x = picked(window.at(step)[0], batch, generator)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            return vae_loss(vae, x, generator, decoder_only=decoder_only)

    timing = Timing(first, steps, minutes, batch, peak)
    done = fit("vae", loss, optimizer, keep, timing, rate)
    if first < steps == done and not decoder_only:
        whiten(vae, pixels_of(world, range(256), size, device))
    keep(done)


def picked(pictures: Tensor, batch: int, generator: torch.Generator) -> Tensor:
    """Return a batch of the pictures, some turned round, some replaced by textures."""
    device = pictures.device
    which = torch.randint(len(pictures), (batch,), generator=generator, device=device)
    chance = torch.rand(batch, 2, generator=generator, device=device)
    x = pictures[which].float()
    noise = textures(batch, x.shape[-1], generator)
    x = torch.where((chance[:, 0] < TEXTURES)[:, None, None, None], noise, x)
    x = torch.where((chance[:, 1] < 0.5)[:, None, None, None], x.flip(3), x)
    return x.contiguous(memory_format=torch.channels_last)


def vae_loss(vae: AutoencoderKL, x: Tensor, generator: torch.Generator, *, decoder_only: bool) -> Tensor:
    """Return the loss of the way there and back."""
    with torch.set_grad_enabled(not decoder_only):
        posterior = vae.encode(x).latent_dist
    noise = torch.randn(posterior.mean.shape, generator=generator, device=x.device)
    loss = reconstruction_loss(vae.decode(posterior.mean + posterior.std * noise).sample.float(), x)
    return loss if decoder_only else loss + 1e-7 * posterior.kl().mean()
