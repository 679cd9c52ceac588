"""The shipped model, on scenes it never saw: what it must be able to do at the least."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "training"))

from evaluate import generate, psnr, round_trip  # noqa: E402
from pool import HELD_OUT, draw_batch  # noqa: E402

MODEL = ROOT / "src" / "pentimento" / "models" / "builtin"


def test_its_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in MODEL.rglob("*.safetensors")) <= 20_000_000


def test_a_picture_survives_the_trip() -> None:
    torch.set_num_threads(1)
    vae = AutoencoderKL.from_pretrained(MODEL / "vae", dtype=torch.float32)
    scenes = draw_batch(range(HELD_OUT, HELD_OUT + 16), 128)
    assert psnr(scenes, round_trip(vae, scenes)) > 26


@pytest.mark.filterwarnings("ignore::DeprecationWarning:diffusers")
@pytest.mark.parametrize("ground", ["on the grass", "on the beach"])
def test_hours_are_followed(ground: str) -> None:
    hours = ("by day", "at sunset", "at night")
    made = generate(MODEL, [f"a red ball {ground} {hour}" for hour in hours], size=128, steps=8, cfg=4, seed=0)
    skies = made[:, :40].astype(np.float64).mean((1, 2))
    day, sunset, night = skies
    assert day[2] > day[0] + 20  # blue
    assert sunset[0] > sunset[2] + 10  # red
    assert night.mean() < min(day.mean(), sunset.mean()) - 30
