"""Stable Diffusion 1: one CLIP text encoder, clip skip with the last norm."""

from collections.abc import Sequence

from torch import nn

from ..errors import RequestError
from .base import Model
from .text import TextEncoder, TextOptions


class SD1(Model):
    """Stable Diffusion 1.x, plain and inpaint."""

    # Linear fit of decoded pictures to their latents, as InvokeAI (Apache-2.0) publishes it.
    latent_rgb = (
        (0.3444, 0.1385, 0.0670),
        (0.1247, 0.4027, 0.1494),
        (-0.3192, 0.2513, 0.2103),
        (-0.1307, -0.1874, -0.7445),
    )

    def _text_encoders(self, modules: Sequence[nn.Module]) -> tuple[TextEncoder, ...]:
        return (TextEncoder(modules[0], zero_padded=False, final_norm=True),)

    def _layers_taken(self, options: TextOptions) -> tuple[int, ...]:
        layers = int(self.info.components["text_encoder"]["num_hidden_layers"])
        if options.clip_skip > layers:
            raise RequestError(
                "clip_skip", options.clip_skip, f"{options.clip_skip} is too much; the text encoder has {layers} layers"
            )
        return (options.clip_skip,)
