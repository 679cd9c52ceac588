"""Tiny models of the real classes, and the way back from diffusers' names to the original layout.

The tables here are written from that layout and are independent of the package's own.
"""

import json
import re
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

State = dict[str, Tensor]

_RESNET = [
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("time_emb_proj", "emb_layers.1"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("conv_shortcut", "skip_connection"),
]
_UNET_ENDS = [
    ("conv_in.", "input_blocks.0.0."),
    ("conv_norm_out.", "out.0."),
    ("conv_out.", "out.2."),
    ("time_embedding.linear_1.", "time_embed.0."),
    ("time_embedding.linear_2.", "time_embed.2."),
    ("add_embedding.linear_1.", "label_emb.0.0."),
    ("add_embedding.linear_2.", "label_emb.0.2."),
]
_VAE_WORDS = [
    ("conv_norm_out", "norm_out"),
    ("mid_block.resnets.0", "mid.block_1"),
    ("mid_block.resnets.1", "mid.block_2"),
    ("mid_block.attentions.0.group_norm", "mid.attn_1.norm"),
    ("mid_block.attentions.0.to_q", "mid.attn_1.q"),
    ("mid_block.attentions.0.to_k", "mid.attn_1.k"),
    ("mid_block.attentions.0.to_v", "mid.attn_1.v"),
    ("mid_block.attentions.0.to_out.0", "mid.attn_1.proj_out"),
    ("conv_shortcut", "nin_shortcut"),
]
_OPEN_CLIP = [
    ("layer_norm1", "ln_1"),
    ("layer_norm2", "ln_2"),
    ("self_attn.out_proj", "attn.out_proj"),
    ("mlp.fc1", "mlp.c_fc"),
    ("mlp.fc2", "mlp.c_proj"),
]


def original_unet(state: State, layers: int) -> State:
    attended = {name.split(".")[1] for name in state if re.match(r"up_blocks\.\d+\.attentions", name)}
    return {f"model.diffusion_model.{_unet_name(name, layers, attended)}": tensor for name, tensor in state.items()}


def _unet_name(name: str, layers: int, attended: set[str]) -> str:
    if match := re.fullmatch(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)", name):
        side, level, sort, layer, inner = match.groups()
        first = int(level) * (layers + 1)
        blocks = f"input_blocks.{1 + first + int(layer)}" if side == "down" else f"output_blocks.{first + int(layer)}"
        if sort == "downsamplers":
            return f"input_blocks.{1 + first + layers}.0.op.{inner.removeprefix('conv.')}"
        if sort == "upsamplers":
            return f"output_blocks.{first + layers}.{2 if level in attended else 1}.{inner}"
        return f"{blocks}.0.{_resnet(inner)}" if sort == "resnets" else f"{blocks}.1.{inner}"
    if match := re.fullmatch(r"mid_block\.resnets\.(\d)\.(.+)", name):
        return f"middle_block.{2 * int(match[1])}.{_resnet(match[2])}"
    if name.startswith("mid_block.attentions.0."):
        return name.replace("mid_block.attentions.0.", "middle_block.1.")
    return _renamed(name, _UNET_ENDS)


def _resnet(inner: str) -> str:
    return _renamed(inner, [(f"{ours}.", f"{theirs}.") for ours, theirs in _RESNET])


def _renamed(name: str, table: list[tuple[str, str]]) -> str:
    return next(theirs + name[len(ours) :] for ours, theirs in table if name.startswith(ours))


def original_vae(state: State, levels: int) -> State:
    def name_of(name: str) -> str:
        for ours, theirs in _VAE_WORDS:
            name = name.replace(ours, theirs)
        name = re.sub(r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block.", name)
        name = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", name)
        name = re.sub(r"up_blocks\.(\d+)\.resnets\.", lambda m: f"up.{levels - 1 - int(m[1])}.block.", name)
        return re.sub(r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", name)

    def shaped(name: str, tensor: Tensor) -> Tensor:
        return tensor[..., None, None] if re.search(r"mid\.attn_1\.(q|k|v|proj_out)\.weight", name) else tensor

    named = {name_of(name): tensor for name, tensor in state.items()}
    return {f"first_stage_model.{name}": shaped(name, tensor) for name, tensor in named.items()}


def original_clip(state: State, prefix: str) -> State:
    return {f"{prefix}transformer.text_model.{name}": tensor for name, tensor in state.items()}


def original_open_clip(state: State, prefix: str, unused_layer: bool) -> State:
    """Give OpenCLIP's names; `unused_layer` adds the last layer, which SD 2 has and never uses."""
    state = {name.removeprefix("text_model."): tensor for name, tensor in state.items()}
    made: State = {
        "token_embedding.weight": state.pop("embeddings.token_embedding.weight"),
        "positional_embedding": state.pop("embeddings.position_embedding.weight"),
        "ln_final.weight": state.pop("final_layer_norm.weight"),
        "ln_final.bias": state.pop("final_layer_norm.bias"),
    }
    if "text_projection.weight" in state:
        made["text_projection"] = state.pop("text_projection.weight").T.contiguous()
    layers = 1 + max(int(name.split(".")[2]) for name in state)
    for layer in range(layers):
        inside = f"encoder.layers.{layer}."
        block = f"transformer.resblocks.{layer}."
        for end in ("weight", "bias"):
            thirds = [state[f"{inside}self_attn.{letter}_proj.{end}"] for letter in "qkv"]
            made[f"{block}attn.in_proj_{end}"] = torch.cat(thirds)
            for ours, theirs in _OPEN_CLIP:
                made[f"{block}{theirs}.{end}"] = state[f"{inside}{ours}.{end}"]
    if unused_layer:
        last = f"transformer.resblocks.{layers - 1}."
        copies = {name: tensor for name, tensor in made.items() if name.startswith(last)}
        for name, tensor in copies.items():
            made[name.replace(last, f"transformer.resblocks.{layers}.")] = torch.zeros_like(tensor)
    return {f"{prefix}model.{name}": tensor for name, tensor in made.items()}


def original_checkpoint(family: str, modules: dict[str, torch.nn.Module]) -> State:
    unet: Any = modules["unet"]
    vae: Any = modules["vae"]
    state = original_unet(unet.state_dict(), unet.config["layers_per_block"])
    state |= original_vae(vae.state_dict(), len(vae.config["block_out_channels"]))
    first = modules["text_encoder"].state_dict()
    if family == "sd1":
        return state | original_clip(first, "cond_stage_model.")
    if family == "sd2":
        return state | original_open_clip(first, "cond_stage_model.", unused_layer=True)
    second = modules["text_encoder_2"].state_dict()
    state |= original_clip(first, "conditioner.embedders.0.")
    return state | original_open_clip(second, "conditioner.embedders.1.", unused_layer=False)


def modules_of(configs: dict[str, Any], inpaint: bool = False) -> dict[str, torch.nn.Module]:
    """Build the modules of a family from the configurations of its parts."""
    unet = configs["unet"] | ({"in_channels": 9} if inpaint else {})
    modules: dict[str, torch.nn.Module] = {
        "unet": UNet2DConditionModel.from_config(unet),
        "vae": AutoencoderKL.from_config(configs["vae"]),
        "text_encoder": CLIPTextModel(CLIPTextConfig(**configs["text_encoder"])),
    }
    if "text_encoder_2" in configs:
        modules["text_encoder_2"] = CLIPTextModelWithProjection(CLIPTextConfig(**configs["text_encoder_2"]))
    return modules


def tiny_configs(family: str, shipped: dict[str, Any]) -> dict[str, Any]:
    """Shrink a family's shipped configuration to a model of a few hundred thousand numbers."""
    xl = family == "sdxl"
    context = {"sd1": 32, "sd2": 24, "sdxl": 40}[family]
    cross = ["CrossAttnDownBlock2D", "DownBlock2D"]
    unet = shipped["unet"] | {
        "block_out_channels": [32, 64],
        "cross_attention_dim": context,
        "layers_per_block": 1,
        "sample_size": 8,
        "down_block_types": cross[::-1] if xl else cross,
        "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"] if xl else ["UpBlock2D", "CrossAttnUpBlock2D"],
        "attention_head_dim": {"sd1": 4, "sd2": [4, 8], "sdxl": [4, 8]}[family],
    }
    if xl:
        unet |= {"transformer_layers_per_block": [1, 2], "projection_class_embeddings_input_dim": 24 + 6 * 256}
    vae = shipped["vae"] | {
        "block_out_channels": [32, 64],
        "down_block_types": ["DownEncoderBlock2D"] * 2,
        "up_block_types": ["UpDecoderBlock2D"] * 2,
        "layers_per_block": 1,
    }
    configs = {"unet": unet, "vae": vae, "text_encoder": _tiny_text(shipped["text_encoder"], 16 if xl else context)}
    if xl:
        configs["text_encoder_2"] = _tiny_text(shipped["text_encoder_2"], 24)
    return configs


def _tiny_text(shipped: dict[str, Any], width: int) -> dict[str, Any]:
    return shipped | {
        "hidden_size": width,
        "projection_dim": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": 3,
        "num_attention_heads": width // 8,
    }


def save_folder(
    folder: Path, configs: dict[str, Any], modules: dict[str, torch.nn.Module], scheduler: dict[str, Any]
) -> None:
    """Write a diffusers folder."""
    for part, module in modules.items():
        (folder / part).mkdir(parents=True)
        config = configs[part] | ({"in_channels": module.config["in_channels"]} if part == "unet" else {})
        (folder / part / "config.json").write_text(json.dumps(config))
        stem = "model" if part.startswith("text") else "diffusion_pytorch_model"
        state = {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
        save_file(state, str(folder / part / f"{stem}.safetensors"))
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))


def save_single(path: Path, state: State, metadata: dict[str, str] | None = None) -> None:
    """Write a single file."""
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, str(path), metadata)


def save_header(path: Path, state: State, metadata: dict[str, str] | None = None) -> None:
    """Write a file with a true header whose tensors are one hole, so that it takes no room on disk."""
    entries: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    end = 0
    for name, tensor in state.items():
        entries[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [end, end + 2 * tensor.numel()]}
        end += 2 * tensor.numel()
    text = json.dumps(entries).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
