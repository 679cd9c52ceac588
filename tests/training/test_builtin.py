"""The shipped model, on scenes it never saw: what it must be able to do at the least."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "training"))

from evaluate import drawn, generate, held_out, psnr, round_trip  # noqa: E402
from world import SMALL, Scene, draw  # noqa: E402

MODEL = ROOT / "src" / "pentimento" / "models" / "builtin"


def test_its_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in MODEL.rglob("*.safetensors")) <= 20_000_000


def test_a_picture_survives_the_trip() -> None:
    torch.set_num_threads(1)
    vae = AutoencoderKL.from_pretrained(MODEL / "vae", dtype=torch.float32)
    scenes = drawn(SMALL, held_out(SMALL, 16), 128)
    assert psnr(scenes, round_trip(vae, scenes)) > 26


def sky(pictures: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the mean colour of the upper third [n, 3]."""
    return pictures[:, : pictures.shape[1] // 3].astype(np.float64).mean((1, 2))


@pytest.mark.parametrize("ground", ["grass", "sand"])
def test_the_sky_is_that_of_the_hour(ground: str) -> None:
    where = SMALL.grounds[ground].phrases[0]
    captions = [f"a red ball {where} {hour.phrases[0]}" for hour in SMALL.hours.values()]
    made = sky(generate(MODEL, captions, size=128, seed=0, steps=8, cfg_scale=4.0))
    right_sky = sky(np.stack([draw(Scene(ground, hour, (), seed=1), 128) * 255 for hour in SMALL.hours]))
    distances = np.linalg.norm(made[:, None] - right_sky[None], axis=2)
    right = distances.argmin(1) == np.arange(len(SMALL.hours))
    assert right.sum() >= len(SMALL.hours) - 1  # 99 of 100 at 20 steps; 8 steps may miss one
