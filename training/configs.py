"""Sizes of the networks, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LATENT_CHANNELS = 4
INPAINT_CHANNELS = 2 * LATENT_CHANNELS + 1
"""Noisy latents, the mask, the latents of what is kept."""
DOWNSCALE = 8
VOCABULARY = 49408
POSITIONS = 77
START_TOKEN, END_TOKEN = 49406, 49407

VAE: dict[str, Any] = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": LATENT_CHANNELS,
    "block_out_channels": (16, 16, 32, 64),
    "layers_per_block": 1,
    "norm_num_groups": 2,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "mid_block_add_attention": False,
    "scaling_factor": 0.18215,
}
TEXT: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": POSITIONS,
    "hidden_act": "quick_gelu",
    "projection_dim": 64,
    "bos_token_id": START_TOKEN,
    "eos_token_id": END_TOKEN,
    "pad_token_id": END_TOKEN,
}
UNET: dict[str, Any] = {
    "in_channels": LATENT_CHANNELS,
    "out_channels": LATENT_CHANNELS,
    "block_out_channels": (32, 64, 128),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": 64,
    "attention_head_dim": 4,
    "norm_num_groups": 16,
}
SCHEDULER: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "prediction_type": "v_prediction",
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
}

PREVIEW: dict[str, Any] = {
    "latent_channels": LATENT_CHANNELS,
    "encoder_block_out_channels": (4,) * 4,
    "num_encoder_blocks": (0,) * 4,
    "decoder_block_out_channels": (32,) * 4,
    "num_decoder_blocks": (3, 3, 1, 0),
}
"""Of this AutoencoderTiny only the decoder is used; few blocks stand where the picture is large."""


@dataclass(frozen=True)
class Networks:
    """The sizes of the networks that learn a world."""

    vae: dict[str, Any]
    text: dict[str, Any]
    unet: dict[str, Any]


NETWORKS: dict[str, Networks] = {
    "small": Networks(VAE, TEXT, UNET),
    "whole": Networks(
        {**VAE, "block_out_channels": (32, 32, 64, 96)},
        {**TEXT, "hidden_size": 72, "intermediate_size": 288, "num_hidden_layers": 4, "projection_dim": 72},
        {**UNET, "block_out_channels": (48, 96, 160), "cross_attention_dim": 72, "attention_head_dim": 8},
    ),
}
"""Which networks learn which world; `training/README.md` has their sizes."""
