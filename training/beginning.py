"""A good beginning for an autoencoder: an image pyramid.

From random weights the first thousands of pictures only teach that colours must pass through. Here they pass from the
first step on: three latents are the mean colour of 8 x 8 pixels, the decoder interpolates them, every residual block
adds nothing, and all of it is in ordinary weights of the SD1 layout that training then changes.

GroupNorm would take away what it must not, the mean and the contrast. So each colour travels with its negative, and
two channels hold a large constant: the norm's statistics are then almost the same for every picture. SiLU is harmless
to such a pair, as silu(z) - silu(-z) = z.
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional as F

COLOURS = 3
CARRIERS = 2 * COLOURS + 2
CONSTANT = 3.0
NOISE = -5.0
"""Logarithm of the variance of the posterior."""


def carry(conv: nn.Conv2d, kernel: Tensor) -> None:
    """Make a convolution pass the carriers on, each filtered by the kernel; its other channels stay random."""
    conv.weight[:CARRIERS] = 0
    conv.bias[:CARRIERS] = 0  # type: ignore[index]
    for k in range(CARRIERS):
        conv.weight[k, k] = kernel


def launch(conv: nn.Conv2d) -> None:
    """Make a convolution put its first three inputs on the carriers."""
    conv.weight[:CARRIERS] = 0
    conv.bias[:CARRIERS] = torch.tensor([0.0] * (2 * COLOURS) + [CONSTANT, -CONSTANT])  # type: ignore[index]
    for k in range(COLOURS):
        conv.weight[k, k, 1, 1], conv.weight[k + COLOURS, k, 1, 1] = 1, -1


def land(norm: nn.GroupNorm, conv: nn.Conv2d) -> None:
    """Make a last convolution read the carriers, divided by the norm's deviation."""
    deviation = CONSTANT * (2 * norm.num_groups / norm.num_channels) ** 0.5
    conv.weight *= 0.2
    conv.bias.zero_()  # type: ignore[union-attr]
    conv.weight[:COLOURS] = 0
    for k in range(COLOURS):
        conv.weight[k, k, 1, 1], conv.weight[k, k + COLOURS, 1, 1] = deviation, -deviation


@torch.no_grad()
def start_as_pyramid(vae: AutoencoderKL, probe: Tensor) -> None:
    """Set the weights of a fresh autoencoder; it needs two groups in its norms and 16 channels or more.

    The probe, a few pictures [n, 3, h, w] in [-1, 1], sets the gain of both halves right.
    """
    point, mean = torch.zeros(3, 3), torch.zeros(3, 3)
    point[1, 1], mean[:2, :2] = 1, 0.25
    tent = torch.tensor([1.0, 2.0, 1.0])
    for block in [*vae.encoder.down_blocks, vae.encoder.mid_block, *vae.decoder.up_blocks, vae.decoder.mid_block]:
        for resnet in block.resnets:
            resnet.conv2.weight.zero_()
            resnet.conv2.bias.zero_()
            if resnet.conv_shortcut is not None:
                carry(resnet.conv_shortcut, torch.ones(1, 1))
        for sampler in getattr(block, "downsamplers", None) or ():
            carry(sampler.conv, mean)
        for sampler in getattr(block, "upsamplers", None) or ():
            carry(sampler.conv, tent[:, None] * tent[None, :] / 16)
    launch(vae.encoder.conv_in)
    land(vae.encoder.conv_norm_out, vae.encoder.conv_out)
    launch(vae.decoder.conv_in)
    land(vae.decoder.conv_norm_out, vae.decoder.conv_out)
    inner, outer = vae.quant_conv, vae.post_quant_conv
    assert inner is not None and outer is not None
    n = outer.in_channels
    inner.weight.copy_(torch.eye(2 * n)[:, :, None, None])
    inner.bias.zero_()  # type: ignore[union-attr]
    inner.weight[n:] = 0
    inner.bias[n:] = NOISE  # type: ignore[index]
    outer.weight.copy_(torch.eye(n)[:, :, None, None])
    outer.bias.zero_()  # type: ignore[union-attr]
    small = F.avg_pool2d(probe, 8)
    latents = vae.encode(probe).latent_dist.mode()
    colours = latents[:, :COLOURS]
    vae.encoder.conv_out.weight[:COLOURS] *= (colours * small).sum() / (colours * colours).sum()
    vae.encoder.conv_out.weight[COLOURS:] *= small.std() / latents[:, COLOURS:].std()
    output = vae.decode(vae.encode(probe).latent_dist.mode()).sample
    vae.decoder.conv_out.weight *= (output * probe).sum() / (output * output).sum()
