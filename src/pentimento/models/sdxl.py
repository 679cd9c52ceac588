"""Stable Diffusion XL: two text encoders side by side, a pooled vector, and the picture's size."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..geometry import Size
from .base import Model
from .text import Conditioning, TextEncoder, TextOptions


class SDXL(Model):
    """Stable Diffusion XL base, eps and v, plain and inpaint."""

    # Linear fit of decoded pictures to their latents, as InvokeAI (Apache-2.0) publishes it.
    latent_rgb = (
        (0.3816, 0.4930, 0.5320),
        (-0.3753, 0.1631, 0.1739),
        (0.1770, 0.3588, -0.2048),
        (-0.4350, -0.2644, -0.4289),
    )

    def _text_encoders(self, modules: Sequence[nn.Module]) -> tuple[TextEncoder, ...]:
        first, second = modules
        return (
            TextEncoder(first, zero_padded=False, final_norm=False),
            TextEncoder(second, zero_padded=True, final_norm=False),
        )

    def _layers_taken(self, options: TextOptions) -> tuple[int, ...]:
        # Trained on the last layer but one; clip skip does nothing unless it is asked for on SDXL.
        return (options.clip_skip if options.clip_skip_on_sdxl else 2, 2)

    def encode_prompt(self, texts: Sequence[str], options: TextOptions) -> list[Conditioning]:
        """Encode the texts of one schedule; negative prompts that are all empty become zeros (as in A1111)."""
        encoded = super().encode_prompt(texts, options)
        if not options.negative or any(texts):
            return encoded
        return [replace(one, tokens=torch.zeros_like(one.tokens), pooled=_zeros_like(one.pooled)) for one in encoded]

    def _extras(self, conditioning: Sequence[Conditioning], size: Size) -> Mapping[str, Tensor]:
        pooled = torch.cat([one.pooled for one in conditioning if one.pooled is not None])
        # Original size, offset of the crop, size to be made; the network turns each number into 256 waves.
        told = torch.tensor([size.height, size.width, 0, 0, size.height, size.width], dtype=torch.float32)
        return {"text_embeds": pooled, "time_ids": told.to(self.device).expand(len(pooled), -1)}


def _zeros_like(pooled: Tensor | None) -> Tensor | None:
    return None if pooled is None else torch.zeros_like(pooled)
