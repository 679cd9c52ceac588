"""The networks at the start of their training, in closed form where there is one."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

from autoencoder import whiten  # noqa: E402
from beginning import COLOURS, start_as_pyramid  # noqa: E402
from configs import SCHEDULER, VAE  # noqa: E402
from pool import draw_batch, textures, to_pixels  # noqa: E402

from diffusion import CAP, NOISY, Drawer, loss_of  # noqa: E402


def fresh() -> tuple[AutoencoderKL, torch.Tensor]:
    """Return an untrained autoencoder and eight scenes."""
    torch.manual_seed(0)
    pixels = to_pixels(draw_batch(range(8), 64))
    vae = AutoencoderKL(**VAE)
    start_as_pyramid(vae, pixels)
    return vae, pixels


@torch.no_grad()
def test_an_untrained_autoencoder_is_an_image_pyramid() -> None:
    vae, pixels = fresh()
    latents = vae.encode(pixels).latent_dist.mode()
    small = F.avg_pool2d(pixels, 8)
    for k in range(COLOURS):
        assert torch.corrcoef(torch.stack([latents[:, k].flatten(), small[:, k].flatten()]))[0, 1] > 0.99
    blurred = F.interpolate(small, scale_factor=8, mode="bilinear")
    output = vae.decode(latents).sample
    assert F.mse_loss(output, pixels) < 1.5 * F.mse_loss(blurred, pixels)


@torch.no_grad()
def test_whitening_changes_latents_but_not_pictures() -> None:
    vae, pixels = fresh()
    before = vae.decode(vae.encode(pixels).latent_dist.mode()).sample
    whiten(vae, pixels)
    latents = vae.encode(pixels).latent_dist.mode()
    assert torch.allclose(vae.decode(latents).sample, before, atol=1e-4)
    scaled = latents * vae.config["scaling_factor"]
    assert torch.allclose(scaled.mean((0, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(scaled.std((0, 2, 3)), torch.ones(4), atol=1e-2)


@torch.no_grad()
def test_a_silent_network_has_the_loss_of_saying_nothing() -> None:
    torch.manual_seed(0)
    drawer = Drawer(64)
    alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod
    ids = torch.full((256, 77), 49407)
    loss = loss_of(drawer, torch.randn(256, 4, 8, 8), ids, alphas, torch.Generator().manual_seed(1))
    times = (torch.linspace(0, 0.9999, 5000) ** NOISY * 1000).long()
    expected = ((1 - alphas[times]) * CAP).clamp(max=1).mean()  # v of unit latents and unit noise has unit variance
    assert abs(float(loss - expected)) < 0.03


def test_textures_fill_the_range_and_repeat() -> None:
    a, b = (textures(4, 32, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(a, b)
    assert float(a.min()) >= -1 and float(a.max()) <= 1 and float(a.std()) > 0.1
