"""Trainings at their smallest: they learn, they go on where they stopped, and their weights travel in small files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from transformers import CLIPTokenizer

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "training"))

from autoencoder import load_vae, train_vae  # noqa: E402
from configs import SCHEDULER  # noqa: E402
from export import export  # noqa: E402
from preview import train_preview  # noqa: E402
from scenes import BLOCK, Window, captions, encode, pixels_of, tokens  # noqa: E402
from shards import join, split  # noqa: E402
from world import SMALL  # noqa: E402

from diffusion import Drawer, load_drawer, loss_of, train_unet  # noqa: E402

TOKENIZER = CLIPTokenizer.from_pretrained(ROOT / "src/pentimento/models/builtin/tokenizer")
COMMON: dict[str, Any] = {"size": 32, "device": "cpu", "batch": 4, "seed": 0}
FOREVER = 1e9


def run(work: Path, *, minutes: float, times: int) -> None:
    """Train everything for four steps, in so many calls."""
    torch.set_num_threads(1)
    for _ in range(times):
        train_vae(work, SMALL, steps=4, minutes=minutes, peak=2e-3, **COMMON)
    for _ in range(times):
        train_preview(work, load_vae(work, SMALL, "cpu"), SMALL, steps=4, minutes=minutes, peak=2e-3, **COMMON)
    for inpaint in (False, True):
        for _ in range(times):
            train_unet(work, SMALL, TOKENIZER, steps=4, minutes=minutes, peak=2e-2, blocks=1, inpaint=inpaint, **COMMON)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the checkpoints of a run without a break."""
    work = tmp_path_factory.mktemp("whole")
    run(work, minutes=FOREVER, times=1)
    return work


def same(a: Any, b: Any) -> bool:
    """Tell whether two checkpoints hold the same bits."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


def test_an_interrupted_run_ends_as_one_without_a_break(whole: Path, tmp_path: Path) -> None:
    run(tmp_path, minutes=0, times=5)  # a step each, and one call more, which finds nothing left to do
    for name in ("vae.pt", "preview.pt", "unet.pt", "inpaint.pt"):
        a, b = (torch.load(work / name, weights_only=True) for work in (whole, tmp_path))
        assert a["step"] == b["step"] == 4
        assert same(a, b), name


def test_the_loss_falls(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "vae.pt").write_bytes((whole / "vae.pt").read_bytes())
    train_unet(tmp_path, SMALL, TOKENIZER, steps=24, minutes=FOREVER, peak=2e-2, blocks=1, **COMMON)
    latents = encode(load_vae(tmp_path, SMALL, "cpu"), pixels_of(SMALL, range(BLOCK), 32))
    ids = tokens(TOKENIZER, captions(SMALL, range(BLOCK)))[::3]
    alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod

    @torch.no_grad()
    def loss(drawer: Drawer) -> float:
        return float(loss_of(drawer, latents, ids, alphas=alphas, generator=torch.Generator().manual_seed(3)))

    assert loss(load_drawer(tmp_path, SMALL, 32, "cpu")) < 0.93 * loss(Drawer(SMALL, 32))


def test_shards_are_small_and_join_to_the_same_weights(whole: Path, tmp_path: Path) -> None:
    paths = split(whole, tmp_path / "shards")
    assert all(path.stat().st_size <= 16 * 2**20 for path in paths) and len(paths) > 1
    join(tmp_path / "shards", tmp_path / "work", SMALL, size=32)
    for name, kept in (("vae.pt", "model"), ("unet.pt", "average"), ("inpaint.pt", "average")):
        a, b = (torch.load(work / name, weights_only=True) for work in (whole, tmp_path / "work"))
        assert b["step"] == 4
        assert all(torch.equal(value.half(), b[kept][key].half()) for key, value in a[kept].items())
    with pytest.raises(FileExistsError, match="move it away"):
        join(tmp_path / "shards", tmp_path / "work", SMALL, size=32)


def test_both_variants_are_exported_and_share_what_they_can(whole: Path, tmp_path: Path) -> None:
    for inpaint in (False, True):
        assert export(whole, SMALL, TOKENIZER, tmp_path / str(inpaint), size=32, inpaint=inpaint) < 20e6
    for part in ("text_encoder/model.safetensors", "vae/diffusion_pytorch_model.safetensors"):
        assert (tmp_path / "False" / part).read_bytes() == (tmp_path / "True" / part).read_bytes()


def test_a_window_depends_on_the_step_alone() -> None:
    made: list[int] = []

    def make(seeds: range) -> tuple[torch.Tensor]:
        made.append(seeds.start // BLOCK)
        return (torch.tensor([seeds.start // BLOCK]),)

    window = Window(make, count=3, every=2)
    seen = [window.at(step)[0].tolist() for step in range(6)]
    assert seen == [[0, 1, 2]] * 2 + [[1, 2, 3]] * 2 + [[2, 3, 4]] * 2
    assert made == [0, 1, 2, 3, 4]
    assert Window(make, count=3, every=2).at(5)[0].tolist() == [2, 3, 4]
