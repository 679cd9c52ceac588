"""Training of the decoder for previews: an AutoencoderTiny that learns from the AutoencoderKL's own pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from torch import Tensor
from torch.nn import functional as F

from autoencoder import rate, reconstruction_loss, save
from configs import PREVIEW
from fitting import Timing, fit
from scenes import HELD_OUT, Window, dice, encode, pixels_of
from world import World

BLOCKS = 4
"""Times 64 scenes in memory."""
SOFTENED = 0.5
"""The share of latents that are blurred, as what is predicted early in a run is."""


def new_decoder() -> AutoencoderTiny:
    """Return a fresh one whose residual branches add nothing yet; its encoder is the smallest there is, and unused."""
    tiny = AutoencoderTiny(**PREVIEW)
    for block in tiny.decoder.layers:
        if hasattr(block, "conv"):
            torch.nn.init.zeros_(block.conv[-1].weight)
            torch.nn.init.zeros_(block.conv[-1].bias)
    return tiny


@torch.no_grad()
def decoded(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """Return what the whole decoder makes of scaled latents, clamped to -1..1."""
    parts = [vae.decode(part / vae.config["scaling_factor"]).sample for part in latents.split(16)]
    return torch.cat(parts).clamp(-1, 1)


def softened(latents: Tensor, generator: torch.Generator) -> Tensor:
    """Blur some of the latents, each by a share of its own."""
    device = latents.device
    chance = torch.rand(2, len(latents), 1, 1, 1, generator=generator, device=device)
    blurred = F.avg_pool2d(F.pad(latents, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    return torch.lerp(latents, blurred, chance[0] * (chance[1] < SOFTENED))


def lessons(vae: AutoencoderKL, world: World, seeds: range, size: int, device: str) -> tuple[Tensor, Tensor]:
    """Return scaled latents of some scenes and what the whole decoder makes of them, in half precision."""
    pixels = pixels_of(world, seeds, size, device)
    latents = torch.cat([encode(vae, part) for part in pixels.split(16)])
    latents = softened(latents, dice(1, seeds.start, device))
    return latents.half(), decoded(vae, latents).half()


def train_preview(
    work: Path,
    vae: AutoencoderKL,
    world: World,
    *,
    steps: int,
    minutes: float,
    size: int,
    device: str,
    batch: int,
    peak: float,
    seed: int,
) -> None:
    """Train from the checkpoint in `work`, if there is one, until step `steps`, or for some minutes."""
    torch.manual_seed(seed)
    vae = vae.to(device).eval()
    every = max(1, 256 // batch)
    window = Window(lambda seeds: lessons(vae, world, seeds, size, device), count=BLOCKS, every=every)
    tiny = new_decoder().to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(tiny.decoder.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=1e-4)
    path, first = work / "preview.pt", 0
    if path.exists():
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        tiny.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = int(state["step"])

    def keep(step: int) -> None:
        save(path, {"model": tiny.state_dict(), "optimizer": optimizer.state_dict(), "step": step})

    def loss(step: int) -> Tensor:
        latents, pictures = window.at(step)
        which = torch.randint(len(latents), (batch,), generator=dice(seed, step, device), device=device)
        drawn = tiny.decoder(latents[which].float().contiguous(memory_format=torch.channels_last))
        return reconstruction_loss(drawn, pictures[which].float())

    keep(fit("preview", loss, optimizer, keep, Timing(first, steps, minutes, batch, peak), rate))


def load_preview(work: Path) -> AutoencoderTiny:
    """Return the decoder of the checkpoint in `work`."""
    tiny = AutoencoderTiny(**PREVIEW)
    tiny.load_state_dict(torch.load(work / "preview.pt", map_location="cpu", weights_only=True)["model"])
    return tiny.eval()


@torch.no_grad()
def figures(
    vae: AutoencoderKL, tiny: AutoencoderTiny, rows: list[list[float]], world: World, *, size: int, scenes: int = 64
) -> dict[str, float]:
    """Return how near the linear map and the tiny decoder come to the whole decoder on held-out scenes, PSNR in dB."""
    latents = encode(vae, pixels_of(world, range(HELD_OUT, HELD_OUT + scenes), size))
    wanted = decoded(vae, latents)
    cells = torch.einsum("nchw,cr->nrhw", latents, latents.new_tensor(rows))
    made = {
        "linear": F.interpolate(cells, size=wanted.shape[-2:], mode="bilinear"),
        "tiny": torch.cat([tiny.decode(part).sample for part in latents.split(16)]),
    }
    errors = {name: ((pictures.clamp(-1, 1) - wanted) ** 2).mean((1, 2, 3)) for name, pictures in made.items()}
    return {name: float((10 * torch.log10(4 / error)).mean()) for name, error in errors.items()}
