"""Scenes to train on, drawn while training goes on: pictures, captions, and textures that the world lacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTokenizer

from configs import POSITIONS
from world import World, draw_batch

HELD_OUT = 1 << 30
"""Seeds from here on are for evaluation only."""
BLOCK = 64
"""Scenes that are drawn at once."""
CAPTIONS = 3


def pixels_of(world: World, seeds: range, size: int, device: str = "cpu") -> Tensor:
    """Draw the scenes of some seeds as pixels [n, 3, size, size] in [-1, 1], as if they had been saved with 8 bits."""
    pictures = draw_batch([world.sample(seed) for seed in seeds], size, world=world, device=device)
    return (pictures * 255).round() / 127.5 - 1


def captions(world: World, seeds: range) -> list[str]:
    """Return CAPTIONS captions of each seed's scene, one after another: the plain one first."""
    texts: list[str] = []
    for seed in seeds:
        scene = world.sample(seed)
        others = [world.caption(scene, np.random.default_rng((seed, 3, k))) for k in range(CAPTIONS - 1)]
        texts += [world.plain_caption(scene), *others]
    return texts


def tokens(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Return int64 [n, 77] token ids."""
    encoded: Any = tokenizer(texts, padding="max_length", max_length=POSITIONS, truncation=True, return_tensors="pt")
    return encoded.input_ids


@torch.no_grad()
def encode(vae: AutoencoderKL, pixels: Tensor) -> Tensor:
    """Return the means of the posterior times the scaling factor."""
    return vae.encode(pixels).latent_dist.mode() * vae.config["scaling_factor"]


class Window:
    """The scenes that a step may take: `count` blocks in memory, the oldest replaced by a new one every `every` steps.

    Which blocks there are depends on the number of the step alone, so a training that stopped goes on as if it had not.
    """

    def __init__(self, make: Callable[[range], tuple[Tensor, ...]], *, count: int, every: int) -> None:
        self.make, self.count, self.every = make, count, every
        self.blocks: dict[int, tuple[Tensor, ...]] = {}
        self.joined: tuple[Tensor, ...] = ()

    def at(self, step: int) -> tuple[Tensor, ...]:
        """Return the tensors of all blocks that step may take, joined."""
        first = step // self.every
        if first not in self.blocks or len(self.blocks) < self.count:
            wanted = range(first, first + self.count)
            self.blocks = {k: self.blocks.get(k) or self.make(range(k * BLOCK, (k + 1) * BLOCK)) for k in wanted}
            self.joined = tuple(torch.cat(parts) for parts in zip(*self.blocks.values(), strict=True))
        elif min(self.blocks) < first:
            self.blocks = {k: block for k, block in self.blocks.items() if k >= first}
            return self.at(step)
        return self.joined


def course(first: int, steps: int, minutes: float) -> Iterator[int]:
    """Give the numbers of the steps that are left, one at least, until the minutes are over."""
    start = time.monotonic()
    for step in range(first, steps):
        yield step
        if time.monotonic() - start >= 60 * minutes:
            return


def dice(seed: int, step: int, device: str) -> torch.Generator:
    """Return the random numbers of a step: they depend on seed and step alone."""
    return torch.Generator(device).manual_seed(seed * 1_000_003 + step)


def textures(n: int, size: int, generator: torch.Generator) -> Tensor:
    """Return coloured noise with photographs' spectra, some with hard edges, [n, 3, size, size] in [-1, 1]."""
    device = generator.device
    fy, fx = torch.fft.fftfreq(size, device=device)[:, None], torch.fft.rfftfreq(size, device=device)[None, :]

    def random(*shape: int, kind: Callable[..., Tensor] = torch.rand) -> Tensor:
        return kind(*shape, generator=generator, device=device)

    power = random(n, 1, 1, 1) * 1.4 + 0.8
    spectrum = torch.fft.rfft2(random(n, 3, size, size, kind=torch.randn))
    field = torch.fft.irfft2(spectrum / (fy**2 + fx**2).sqrt().clamp_min(1 / size) ** power, s=(size, size))
    field = field - field.mean((2, 3), keepdim=True)
    field = field / field.std((1, 2, 3), keepdim=True)
    grey = random(n, 1, 1, 1)
    field = field * (1 - grey) + field.mean(1, keepdim=True) * grey * 1.5
    field = torch.where(random(n, 1, 1, 1) < 0.4, torch.tanh(field * 6) * 0.8 + field * 0.3, field)
    contrast = random(n, 1, 1, 1) * 0.6 + 0.15
    return (field * contrast + random(n, 3, 1, 1, kind=torch.randn) * 0.35).clamp(-1, 1)
