"""Pictures to train on: scenes of the world, and textures that the world lacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from world import caption, draw, plain_caption, sample_scene

HELD_OUT = 1 << 30
"""Seeds from here on are for evaluation only."""


def draw_batch(seeds: range, size: int) -> NDArray[np.uint8]:
    """Draw the scenes of some seeds as uint8 [n, size, size, 3]."""
    pictures = np.empty((len(seeds), size, size, 3), dtype=np.uint8)
    for k, seed in enumerate(seeds):
        pictures[k] = np.rint(draw(sample_scene(seed), size) * 255).astype(np.uint8)
    return pictures


def pool(folder: Path, count: int, size: int) -> NDArray[np.uint8]:
    """Return the first `count` scenes, drawn once and kept in `folder`."""
    path = folder / f"pool_{count}_{size}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.npy")
        store = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.uint8, shape=(count, size, size, 3))
        for start in range(0, count, 256):
            store[start : start + 256] = draw_batch(range(start, min(count, start + 256)), size)
        store.flush()
        unfinished.rename(path)
    return np.load(path, mmap_mode="r")


def captions(seeds: range, draws: int = 1) -> list[list[str]]:
    """Return for each seed the plain caption, and other ones to make them `draws`."""
    result: list[list[str]] = []
    for seed in seeds:
        scene = sample_scene(seed)
        others = [caption(scene, np.random.default_rng((seed, 3, k))) for k in range(draws - 1)]
        result.append([plain_caption(scene), *others])
    return result


def to_pixels(pictures: NDArray[np.uint8], device: str = "cpu") -> Tensor:
    """Return uint8 [n, h, w, 3] as float32 [n, 3, h, w] in [-1, 1]."""
    return torch.from_numpy(np.array(pictures)).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1


def textures(n: int, size: int, generator: torch.Generator) -> Tensor:
    """Return coloured noise with photographs' spectra, some with hard edges, [n, 3, size, size] in [-1, 1]."""
    fy, fx = torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None, :]
    power = torch.rand(n, 1, 1, 1, generator=generator) * 1.4 + 0.8
    spectrum = torch.fft.rfft2(torch.randn(n, 3, size, size, generator=generator))
    field = torch.fft.irfft2(spectrum / (fy**2 + fx**2).sqrt().clamp_min(1 / size) ** power, s=(size, size))
    field = field - field.mean((2, 3), keepdim=True)
    field = field / field.std((1, 2, 3), keepdim=True)
    grey = torch.rand(n, 1, 1, 1, generator=generator)
    field = field * (1 - grey) + field.mean(1, keepdim=True) * grey * 1.5
    edges = torch.rand(n, 1, 1, 1, generator=generator) < 0.4
    field = torch.where(edges, torch.tanh(field * 6) * 0.8 + field * 0.3, field)
    contrast = torch.rand(n, 1, 1, 1, generator=generator) * 0.6 + 0.15
    return (field * contrast + torch.randn(n, 3, 1, 1, generator=generator) * 0.35).clamp(-1, 1)
