"""Stable Diffusion 2: one OpenCLIP text encoder, always its last-but-one layer."""

from collections.abc import Sequence

from torch import nn

from .base import Model
from .sd1 import SD1
from .text import TextEncoder, TextOptions


class SD2(Model):
    """Stable Diffusion 2.x, eps and v, plain and inpaint."""

    latent_rgb = SD1.latent_rgb  # the autoencoder is that of SD 1

    def _text_encoders(self, modules: Sequence[nn.Module]) -> tuple[TextEncoder, ...]:
        return (TextEncoder(modules[0], zero_padded=True, final_norm=True),)

    def _layers_taken(self, options: TextOptions) -> tuple[int, ...]:
        return (1,)  # folders hold, and files are loaded with, one layer less than OpenCLIP has; clip skip does nothing
