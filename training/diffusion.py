"""Training of the text encoder and the UNet together."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from autoencoder import save
from configs import DOWNSCALE, SCHEDULER, TEXT, UNET
from latents import read_shards, tokens

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
    """The two networks that are trained together."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.text = CLIPTextModel(CLIPTextConfig(**TEXT))
        self.unet = UNet2DConditionModel(sample_size=size // DOWNSCALE, **UNET)
        start_silent(self.unet)

    def forward(self, x: Tensor, t: Tensor, ids: Tensor) -> Tensor:
        """Return the prediction of v."""
        return self.unet(x, t, self.text(ids).last_hidden_state).sample


def load_drawer(work: Path, size: int, device: str, *, averaged: bool) -> Drawer:
    """Return the networks of the checkpoint in `work`: the running average of their weights, or as trained."""
    drawer = Drawer(size)
    state = torch.load(work / "unet.pt", map_location="cpu", weights_only=True)
    drawer.load_state_dict(state["average" if averaged else "model"])
    return drawer.to(device).eval()


def new_optimizer(drawer: Drawer, peak: float) -> torch.optim.AdamW:
    """Return the optimizer of a training that begins."""
    return torch.optim.AdamW(drawer.parameters(), lr=peak, betas=(0.9, 0.99), weight_decay=0.01, fused=True)


def write_drawer(work: Path, drawer: Drawer, average: Drawer, optimizer: torch.optim.AdamW, *, step: int) -> None:
    """Write the checkpoint that `train_unet` goes on from."""
    states = {"model": drawer.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
    save(work / "unet.pt", {**states, "step": step})


@torch.no_grad()
def follow(average: Drawer, drawer: Drawer, step: int) -> None:
    """Move the average on: it spans the last 6 % of the steps, however many they are (Karras et al. 2024)."""
    weight = 1 - (1 - 1 / (step + 1)) ** 17
    for a, b in zip(average.parameters(), drawer.parameters(), strict=True):
        a.lerp_(b, weight)


class Batches:
    """Draws random batches from the shards, and looks for new ones every minute."""

    def __init__(
        self, work: Path, tokenizer: CLIPTokenizer, batch: int, device: str, generator: torch.Generator
    ) -> None:
        self.work, self.batch, self.device, self.generator = work, batch, device, generator
        self.empty = tokens(tokenizer, [""])[0].int()
        self.read()

    def read(self) -> None:
        self.latents, self.ids = read_shards(self.work)
        self.looked = time.monotonic()

    def next(self) -> tuple[Tensor, Tensor]:
        """Return latents [n, 4, h, w] and token ids [n, 77]; one caption in ten is empty."""
        known = len(list(self.work.glob("latents_*.pt"))) if time.monotonic() - self.looked > 60 else 0
        if known:
            self.read()
        which = torch.randint(len(self.latents), (self.batch,), generator=self.generator)
        caption = torch.randint(self.ids.shape[1], (self.batch,), generator=self.generator)
        ids = self.ids[which, caption]
        ids[torch.rand(self.batch, generator=self.generator) < DROPPED] = self.empty
        return self.latents[which].float().to(self.device), ids.long().to(self.device)


def loss_of(drawer: Drawer, latents: Tensor, ids: Tensor, alphas: Tensor, generator: torch.Generator) -> Tensor:
    """Return the squared error of v, weighted by min(SNR + 1, CAP) / (SNR + 1), after Hang et al. 2023."""
    n = len(latents)
    spread = (torch.arange(n) + torch.rand(n, generator=generator)) / n  # every part of the schedule in every batch
    t = (spread**NOISY * len(alphas)).long().clamp(max=len(alphas) - 1).to(latents.device)
    noise = torch.randn(latents.shape, generator=generator).to(latents.device)
    signal, sigma = alphas[t].sqrt()[:, None, None, None], (1 - alphas[t]).sqrt()[:, None, None, None]
    x = signal * latents + sigma * noise
    v = signal * noise - sigma * latents
    output = drawer(x.contiguous(memory_format=torch.channels_last), t, ids)
    weight = ((1 - alphas[t]) * CAP).clamp(max=1)
    return (F.mse_loss(output, v, reduction="none").mean((1, 2, 3)) * weight).mean()


def rate(progress: float, step: int, peak: float) -> float:
    """Return the learning rate: warm-up, flat, and down to nothing in the last third."""
    return peak * min(1.0, (step + 1) / 200) * min(1.0, max(0.01, (1 - progress) * 3))


def train_unet(
    work: Path, tokenizer: CLIPTokenizer, *, minutes: float, size: int, device: str, batch: int, peak: float, seed: int
) -> None:
    """Train for some minutes from the checkpoint in `work`, if there is one."""
    torch.manual_seed(seed)
    drawer = Drawer(size).to(device)
    drawer.unet.to(memory_format=torch.channels_last)
    average = copy.deepcopy(drawer)
    optimizer = new_optimizer(drawer, peak)
    path, step = work / "unet.pt", 0
    if path.exists():
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        drawer.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step = int(state["step"])
    generator = torch.Generator().manual_seed(seed + step)
    batches = Batches(work, tokenizer, batch, device, generator)
    alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod.to(device)

    start = saved = time.monotonic()
    first, mean = step, 0.0
    while (progress := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate(progress, step, peak)
        loss = loss_of(drawer, *batches.next(), alphas, generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(drawer.parameters(), 1.0)
        optimizer.step()
        follow(average, drawer, step)
        step += 1
        mean += (float(loss.detach()) - mean) / min(step - first, 200)
        if step % 100 == 0:
            pace = (step - first) * batch / (time.monotonic() - start)
            print(f"unet step {step} loss {mean:.4f} {pace:.1f} samples/s of {len(batches.latents)}", flush=True)
        if time.monotonic() - saved > 120:
            write_drawer(work, drawer, average, optimizer, step=step)
            saved = time.monotonic()
    write_drawer(work, drawer, average, optimizer, step=step)
