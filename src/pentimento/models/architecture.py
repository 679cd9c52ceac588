"""The architecture of a single-file checkpoint, read from the names and shapes in its header.

A shipped configuration (`configs/*.json`) gives what no shape tells (activations, numbers of
heads, scaling of latents); widths, depths and channels come from the file itself, and a `.yaml`
of the original kind beside it has the last word.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from ..errors import ModelFileError

Config = dict[str, Any]
Shapes = Mapping[str, tuple[int, ...]]
UNET = "model.diffusion_model."
VAE = "first_stage_model."
TEXT_PREFIXES: Mapping[str, Mapping[str, str]] = {
    "sd1": {"text_encoder": "cond_stage_model.transformer."},
    "sd2": {"text_encoder": "cond_stage_model.model."},
    "sdxl": {
        "text_encoder": "conditioner.embedders.0.transformer.",
        "text_encoder_2": "conditioner.embedders.1.model.",
    },
}


@dataclass(frozen=True)
class OriginalConfig:
    """What a `.yaml` of the original kind says; None where it is silent."""

    prediction: str | None = None
    heads: int | None = None
    head_channels: int | None = None
    scale_factor: float | None = None
    latent_size: int | None = None
    beta_start: float | None = None
    beta_end: float | None = None


@cache
def shipped(family: str) -> Mapping[str, Any]:
    """Return the shipped configuration of a family."""
    text = (Path(__file__).parent / "configs" / f"{family}.json").read_text("utf-8")
    return cast(dict[str, Any], json.loads(text))


def original_config(checkpoint: Path) -> OriginalConfig:
    """Read the `.yaml` beside a checkpoint; silent where there is none.

    Raises
    ------
    ModelFileError
        Where it is not a configuration of the original kind.
    """
    path = checkpoint.with_suffix(".yaml")
    if not path.is_file():
        return OriginalConfig()
    import yaml

    try:
        loaded: Any = yaml.safe_load(path.read_text("utf-8"))
        params = cast(dict[str, Any], loaded["model"]["params"])
        network = cast(dict[str, Any], (params.get("unet_config") or params["network_config"])["params"])
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(
            f"{path} lies beside {checkpoint.name} but is not a configuration of the original kind "
            "(model.params.unet_config or network_config); correct it or move it away"
        ) from error
    return OriginalConfig(
        prediction=_prediction(params),
        heads=_positive(network.get("num_heads")),
        head_channels=_positive(network.get("num_head_channels")),
        scale_factor=params.get("scale_factor"),
        latent_size=params.get("image_size"),
        beta_start=params.get("linear_start"),
        beta_end=params.get("linear_end"),
    )


def _prediction(params: Mapping[str, Any]) -> str | None:
    if "denoiser_config" in params:
        scaling = params["denoiser_config"].get("params", {}).get("scaling_config", {}).get("target", "")
        return "v" if ".VScaling" in scaling else "eps"
    return "v" if params.get("parameterization") == "v" else "eps"


def _positive(number: int | None) -> int | None:
    return number if number is not None and number > 0 else None


def components(shapes: Shapes, family: str, original: OriginalConfig) -> dict[str, Config]:
    """Work out the configuration of every part of a single-file checkpoint."""
    base = shipped(family)
    parts: dict[str, Config] = {
        "unet": {**base["unet"], **_unet(shapes, original, base["unet"])},
        "vae": {**base["vae"], **vae_config(shapes, VAE)},
    }
    if original.scale_factor is not None:
        parts["vae"]["scaling_factor"] = original.scale_factor
    for part, prefix in TEXT_PREFIXES[family].items():
        found = _open_clip(shapes, prefix) if prefix.endswith(".model.") else _clip(shapes, prefix)
        parts[part] = {**base[part], **found}
    if family == "sd2":  # its last layer is never used, and published folders do not hold it
        parts["text_encoder"]["num_hidden_layers"] -= 1
    return parts


def _unet(shapes: Shapes, original: OriginalConfig, base: Config) -> Config:
    levels: list[list[tuple[int, int]]] = [[]]  # per level, per layer: channels and depth of attention
    number = 1
    while (
        block := f"{UNET}input_blocks.{number}."
    ) + "0.op.weight" in shapes or block + "0.in_layers.2.weight" in shapes:
        number += 1
        if f"{block}0.op.weight" in shapes:
            levels.append([])
            continue
        depth = _count(shapes, f"{block}1.transformer_blocks.")
        levels[-1].append((shapes[f"{block}0.in_layers.2.weight"][0], depth))
    channels = [level[-1][0] for level in levels]
    depths = [level[-1][1] for level in levels]
    attended = [depth > 0 for depth in depths]
    middle = f"{UNET}middle_block.1."
    config: Config = {
        "in_channels": shapes[f"{UNET}input_blocks.0.0.weight"][1],
        "out_channels": shapes[f"{UNET}out.2.weight"][0],
        "block_out_channels": channels,
        "layers_per_block": len(levels[0]),
        "down_block_types": ["CrossAttnDownBlock2D" if cross else "DownBlock2D" for cross in attended],
        "up_block_types": ["CrossAttnUpBlock2D" if cross else "UpBlock2D" for cross in reversed(attended)],
        "transformer_layers_per_block": 1 if max(depths) == 1 else [max(depth, 1) for depth in depths],
        "cross_attention_dim": shapes[f"{middle}transformer_blocks.0.attn2.to_k.weight"][1],
        "use_linear_projection": len(shapes[f"{middle}proj_in.weight"]) == 2,
        "attention_head_dim": _heads(channels, original, base),
    }
    if (added := shapes.get(f"{UNET}label_emb.0.0.weight")) is not None:
        config["projection_class_embeddings_input_dim"] = added[1]
    return config


def _heads(channels: list[int], original: OriginalConfig, base: Config) -> int | list[int]:
    """Return the number of heads of each level (diffusers calls it `attention_head_dim`)."""
    if original.head_channels is not None:
        return [width // original.head_channels for width in channels]
    if original.heads is not None:
        return original.heads
    if isinstance(base["attention_head_dim"], int):
        return base["attention_head_dim"]
    head = base["block_out_channels"][0] // base["attention_head_dim"][0]
    return [max(1, width // head) for width in channels]


def vae_config(shapes: Shapes, prefix: str) -> Config:
    """Work out the configuration of an autoencoder in the original layout."""
    levels = _count(shapes, f"{prefix}encoder.down.")
    channels = [shapes[f"{prefix}encoder.down.{level}.block.0.conv2.weight"][0] for level in range(levels)]
    return {
        "block_out_channels": channels,
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": _count(shapes, f"{prefix}encoder.down.0.block."),
        "latent_channels": shapes[f"{prefix}decoder.conv_in.weight"][1],
        "use_quant_conv": f"{prefix}quant_conv.weight" in shapes,
        "use_post_quant_conv": f"{prefix}post_quant_conv.weight" in shapes,
    }


def _clip(shapes: Shapes, prefix: str) -> Config:
    if f"{prefix}text_model.final_layer_norm.weight" in shapes:
        prefix = f"{prefix}text_model."
    return _text(
        embedding=shapes[f"{prefix}embeddings.token_embedding.weight"],
        positions=shapes[f"{prefix}embeddings.position_embedding.weight"][0],
        hidden=shapes[f"{prefix}encoder.layers.0.mlp.fc1.weight"][0],
        layers=_count(shapes, f"{prefix}encoder.layers."),
    )


def _open_clip(shapes: Shapes, prefix: str) -> Config:
    config = _text(
        embedding=shapes[f"{prefix}token_embedding.weight"],
        positions=shapes[f"{prefix}positional_embedding"][0],
        hidden=shapes[f"{prefix}transformer.resblocks.0.mlp.c_fc.weight"][0],
        layers=_count(shapes, f"{prefix}transformer.resblocks."),
    )
    if (projection := shapes.get(f"{prefix}text_projection")) is not None:
        config["projection_dim"] = projection[1]
    return config


def _text(embedding: tuple[int, ...], positions: int, hidden: int, layers: int) -> Config:
    vocabulary, width = embedding
    return {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "projection_dim": width,
        "max_position_embeddings": positions,
        "intermediate_size": hidden,
        "num_hidden_layers": layers,
        # Every published CLIP has heads 64 wide; only toy models are narrower, and no file says their number.
        "num_attention_heads": width // 64 if width % 64 == 0 else width // 8,
    }


def _count(shapes: Shapes, prefix: str) -> int:
    """Count how many numbers follow a prefix: 0 to n - 1."""
    numbers = {name[len(prefix) :].split(".", 1)[0] for name in shapes if name.startswith(prefix)}
    return len({number for number in numbers if number.isdecimal()})
