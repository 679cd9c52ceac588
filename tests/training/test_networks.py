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
from configs import NETWORKS, SCHEDULER, VAE  # noqa: E402
from scenes import pixels_of, textures  # noqa: E402
from world import SMALL, WHOLE  # noqa: E402

from diffusion import CAP, NOISY, Drawer, loss_of, masks, widen  # noqa: E402


def fresh() -> tuple[AutoencoderKL, torch.Tensor]:
    """Return an untrained autoencoder and eight scenes."""
    torch.manual_seed(0)
    pixels = pixels_of(SMALL, range(8), 64)
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
    drawer = Drawer(SMALL, 64)
    alphas = DDIMScheduler(**SCHEDULER).alphas_cumprod
    ids = torch.full((256, 77), 49407)
    loss = loss_of(drawer, torch.randn(256, 4, 8, 8), ids, alphas=alphas, generator=torch.Generator().manual_seed(1))
    times = (torch.linspace(0, 0.9999, 5000) ** NOISY * 1000).long()
    expected = ((1 - alphas[times]) * CAP).clamp(max=1).mean()  # v of unit latents and unit noise has unit variance
    assert abs(float(loss - expected)) < 0.03


def test_textures_fill_the_range_and_repeat() -> None:
    a, b = (textures(4, 32, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(a, b)
    assert float(a.min()) >= -1 and float(a.max()) <= 1 and float(a.std()) > 0.1


@torch.no_grad()
def test_an_inpainting_network_begins_as_the_plain_one() -> None:
    torch.manual_seed(0)
    plain, wide = Drawer(SMALL, 64), Drawer(SMALL, 64, 9)
    torch.nn.init.normal_(plain.unet.conv_out.weight, std=0.1)
    widen(wide, plain)
    x, extra, ids = torch.randn(2, 4, 8, 8), torch.randn(2, 5, 8, 8), torch.full((2, 77), 49407)
    times = torch.tensor([10, 700])
    told = plain(x, times, ids)
    assert float(told.abs().mean()) > 0.01
    assert torch.allclose(wide(torch.cat([x, extra], 1), times, ids), told, atol=1e-5)


def test_masks_are_boxes_strokes_and_sometimes_all() -> None:
    drawn = masks(400, 32, torch.Generator().manual_seed(0))
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    share = drawn.mean((1, 2, 3))
    assert 0.05 < float((share == 1).float().mean()) < 0.25
    assert float((share == 0).float().mean()) == 0
    assert float(share[share < 1].std()) > 0.1


def test_the_whole_worlds_model_fits_the_package_with_its_inpainting_variant() -> None:
    with torch.device("meta"):
        drawer, wide = Drawer(WHOLE, 256), Drawer(WHOLE, 256, 9)
        vae = AutoencoderKL(**NETWORKS["whole"].vae)
    shared = [vae, drawer.text]
    bytes_fp16 = 2 * sum(p.numel() for part in (*shared, drawer.unet, wide.unet) for p in part.parameters())
    assert 30e6 < bytes_fp16 <= 40e6
