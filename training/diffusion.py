"""Training of the text encoder and the UNet together."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from autoencoder import load_vae, save
from configs import DOWNSCALE, INPAINT_CHANNELS, LATENT_CHANNELS, NETWORKS, POSITIONS, SCHEDULER
from fitting import Timing, fit
from scenes import BLOCK, CAPTIONS, Window, captions, dice, encode, pixels_of, tokens
from world import World

NAMES = {False: "unet.pt", True: "inpaint.pt"}
"""Checkpoints: of the plain UNet, and of the one that inpaints."""
USES = 6
"""How often a scene is drawn from memory before it makes room for another."""

DROPPED = 0.1
NOISY = 0.65
"""Below 1: more training where the noise is strong, for there the picture is planned."""
CAP = 5.0
"""Where the noise is weak, v is mostly noise that nobody can tell: weights fall as CAP / (SNR + 1) there."""


@torch.no_grad()
def start_silent(unet: UNet2DConditionModel) -> None:
    """Let every residual branch, and the output, begin at zero: the network starts simple and learns faster."""
    for name, module in unet.named_modules():
        if isinstance(module, nn.Conv2d) and name.endswith((".conv2", ".proj_out", "conv_out")):
            module.weight.zero_()
            if module.bias is not None:
                module.bias.zero_()


class Drawer(nn.Module):
    """The two networks that are trained together; with nine channels it paints into a mask."""

    def __init__(self, world: World, size: int, channels: int = LATENT_CHANNELS) -> None:
        super().__init__()
        sizes = NETWORKS[world.name]
        self.text = CLIPTextModel(CLIPTextConfig(**sizes.text))
        self.unet = UNet2DConditionModel(**{**sizes.unet, "sample_size": size // DOWNSCALE, "in_channels": channels})
        start_silent(self.unet)

    def forward(self, x: Tensor, t: Tensor, ids: Tensor) -> Tensor:
        """Return the prediction of v."""
        return self.unet(x, t, self.text(ids).last_hidden_state).sample


@torch.no_grad()
def widen(drawer: Drawer, plain: Drawer) -> None:
    """Begin an inpainting drawer as the plain one: it does not look at its five new channels yet."""
    state = plain.state_dict()
    old = state["unet.conv_in.weight"]
    state["unet.conv_in.weight"] = torch.zeros_like(drawer.unet.conv_in.weight)
    state["unet.conv_in.weight"][:, : old.shape[1]] = old
    drawer.load_state_dict(state)


def load_drawer(work: Path, world: World, size: int, device: str, *, inpaint: bool = False) -> Drawer:
    """Return the networks of the checkpoint in `work`, with the running average of their weights."""
    drawer = Drawer(world, size, INPAINT_CHANNELS if inpaint else LATENT_CHANNELS)
    state = torch.load(work / NAMES[inpaint], map_location="cpu", weights_only=True)
    drawer.load_state_dict(state["average"])
    return drawer.to(device).eval()


def new_optimizer(drawer: Drawer, peak: float) -> torch.optim.AdamW:
    """Return the optimizer of a training that begins."""
    return torch.optim.AdamW(drawer.parameters(), lr=peak, betas=(0.9, 0.99), weight_decay=0.01, fused=True)


def write_drawer(path: Path, drawer: Drawer, average: Drawer, optimizer: torch.optim.AdamW, *, step: int) -> None:
    """Write the checkpoint that `train_unet` goes on from."""
    states = {"model": drawer.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
    save(path, {**states, "step": step})


@torch.no_grad()
def follow(average: Drawer, drawer: Drawer, step: int) -> None:
    """Move the average on: it spans the last 6 % of the steps, however many they are (Karras et al. 2024)."""
    weight = 1 - (1 - 1 / (step + 1)) ** 17
    for a, b in zip(average.parameters(), drawer.parameters(), strict=True):
        a.lerp_(b, weight)


def masks(n: int, size: int, generator: torch.Generator) -> Tensor:
    """Return masks [n, 1, size, size], 1 = repaint: a box or a broad stroke, one in eight everything."""
    device = generator.device
    u = torch.rand(n, 6, generator=generator, device=device)[..., None, None]
    axis = (torch.arange(size, device=device) + 0.5) / size
    x, y = axis[None, None, :], axis[None, :, None]
    box = torch.maximum((x - u[:, 0]).abs() / (0.1 + 0.35 * u[:, 2]), (y - u[:, 1]).abs() / (0.1 + 0.35 * u[:, 3])) < 1
    bx, by = u[:, 2] - u[:, 0], u[:, 3] - u[:, 1]
    t = (((x - u[:, 0]) * bx + (y - u[:, 1]) * by) / (bx * bx + by * by + 1e-6)).clamp(0, 1)
    stroke = ((x - u[:, 0] - bx * t) ** 2 + (y - u[:, 1] - by * t) ** 2).sqrt() < 0.05 + 0.15 * u[:, 4]
    drawn = torch.where(u[:, 5] < 0.5, box, stroke) | (u[:, 5] > 0.875)
    return drawn[:, None].float()


def scenes_for(
    world: World, tokenizer: CLIPTokenizer, vae: AutoencoderKL, size: int, device: str, *, inpaint: bool
) -> Callable[[range], tuple[Tensor, ...]]:
    """Return what makes a block: latents and token ids; to inpaint, also the mask and the latents of what is kept."""

    def make(seeds: range) -> tuple[Tensor, ...]:
        pixels = pixels_of(world, seeds, size, device)
        ids = tokens(tokenizer, captions(world, seeds)).int().view(len(seeds), CAPTIONS, POSITIONS).to(device)
        extra: tuple[Tensor, ...] = ()
        if inpaint:
            mask = masks(len(seeds), size, dice(2, seeds.start, device))
            small = F.interpolate(mask, (size // DOWNSCALE, size // DOWNSCALE), mode="nearest")
            extra = (torch.cat([small, encode(vae, pixels * (1 - mask))], 1).half(),)
        return (encode(vae, pixels).half(), ids, *extra)

    return make


def batch_of(window: tuple[Tensor, ...], empty: Tensor, batch: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Return latents [n, 4, h, w], token ids [n, 77] (one caption in ten is empty), and what else the block has."""
    latents, ids, *extra = window
    device = latents.device
    which = torch.randint(len(latents), (batch,), generator=generator, device=device)
    caption = torch.randint(ids.shape[1], (batch,), generator=generator, device=device)
    dropped = torch.rand(batch, generator=generator, device=device) < DROPPED
    words = torch.where(dropped[:, None], empty, ids[which, caption])
    return (latents[which].float(), words.long(), *(part[which].float() for part in extra))


def loss_of(
    drawer: Drawer, latents: Tensor, ids: Tensor, *extra: Tensor, alphas: Tensor, generator: torch.Generator
) -> Tensor:
    """Return the squared error of v, weighted by min(SNR + 1, CAP) / (SNR + 1), after Hang et al. 2023."""
    n, device = len(latents), latents.device
    offset = torch.rand(n, generator=generator, device=device)
    spread = (torch.arange(n, device=device) + offset) / n  # every part of the schedule in every batch
    t = (spread**NOISY * len(alphas)).long().clamp(max=len(alphas) - 1)
    noise = torch.randn(latents.shape, generator=generator, device=device)
    signal, sigma = alphas[t].sqrt()[:, None, None, None], (1 - alphas[t]).sqrt()[:, None, None, None]
    x = torch.cat([signal * latents + sigma * noise, *extra], 1)
    v = signal * noise - sigma * latents
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        output = drawer(x.contiguous(memory_format=torch.channels_last), t, ids)
    weight = ((1 - alphas[t]) * CAP).clamp(max=1)
    return (F.mse_loss(output.float(), v, reduction="none").mean((1, 2, 3)) * weight).mean()


def rate(progress: float, step: int, peak: float) -> float:
    """Return the learning rate: warm-up, flat, and down to nothing in the last third."""
    return peak * min(1.0, (step + 1) / 200) * min(1.0, max(0.01, (1 - progress) * 3))


def train_unet(
    work: Path,
    world: World,
    tokenizer: CLIPTokenizer,
    *,
    steps: int,
    minutes: float,
    size: int,
    device: str,
    batch: int,
    peak: float,
    seed: int,
    blocks: int = 64,
    inpaint: bool = False,
) -> None:
    """Train from the checkpoint in `work`, if there is one, until step `steps`, or for some minutes.

    `blocks` of 64 scenes are kept in memory. `inpaint` trains the nine-channel variant; it begins as the plain one.
    """
    torch.manual_seed(seed)
    drawer = Drawer(world, size, INPAINT_CHANNELS if inpaint else LATENT_CHANNELS).to(device)
    drawer.text.requires_grad_(not inpaint)  # both variants share one text encoder
    path, first = work / NAMES[inpaint], 0
    if inpaint and not path.exists():
        widen(drawer, load_drawer(work, world, size, device))
    drawer.unet.to(memory_format=torch.channels_last)
    average = copy.deepcopy(drawer)
    optimizer = new_optimizer(drawer, peak)
    if path.exists():
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        drawer.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        first = int(state["step"])
    make = scenes_for(world, tokenizer, load_vae(work, world, device), size, device, inpaint=inpaint)
    window = Window(make, count=blocks, every=max(1, USES * BLOCK // batch))
    alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod.to(device)
    empty = tokens(tokenizer, [""])[0].int().to(device)

    def loss(step: int) -> Tensor:
        generator = dice(seed, step, device)
        chosen = batch_of(window.at(step), empty, batch, generator)
        return loss_of(drawer, *chosen, alphas=alphas, generator=generator)

    def keep(step: int) -> None:
        write_drawer(path, drawer, average, optimizer, step=step)

    timing = Timing(first, steps, minutes, batch, peak)
    keep(fit(path.stem, loss, optimizer, keep, timing, rate, after=partial(follow, average, drawer)))
