"""From files to a model that runs: modules without memory, filled tensor by tensor from the mapped file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..errors import ModelFileError
from .architecture import TEXT_PREFIXES, VAE, shipped, vae_config
from .base import Model, Parts
from .detect import EXPECTED, read_json, sort_of, weight_files
from .info import ModelInfo
from .layout import Piece, text_pieces, unet_pieces, vae_pieces
from .memory import vae_dtype
from .sd1 import SD1
from .sd2 import SD2
from .sdxl import SDXL
from .tokenizer import tokenizer_of
from .weights import WeightFile

FAMILIES: Mapping[str, type[Model]] = {"sd1": SD1, "sd2": SD2, "sdxl": SDXL}


def load(
    info: ModelInfo, *, device: torch.device, dtype: torch.dtype, vae: Path | None = None, tiling: bool = False
) -> Model:
    """Load a model.

    Parameters
    ----------
    vae : another autoencoder: a `.safetensors` file or a diffusers folder
    tiling : convolutions see a picture go on over its edges, so that its sides fit together

    Raises
    ------
    ModelFileError
        Where a file is missing, cut short or foreign, or tensors are missing or of a wrong shape.
    """
    configs = dict(info.components)
    sources = {part: _sources(info, part) for part in configs}
    places = {part: info.path for part in configs}
    if vae is not None:
        configs["vae"], sources["vae"] = _other_vae(vae, info)
        places["vae"] = vae
    dtypes = {part: dtype for part in configs} | {"vae": vae_dtype(info, dtype)}
    modules = {
        part: _filled(_empty(part, config), sources[part], places[part], device, dtypes[part])
        for part, config in configs.items()
    }
    for layer in (*modules["unet"].modules(), *modules["vae"].modules()) if tiling else ():
        if isinstance(layer, nn.Conv2d):
            layer.padding_mode = "circular"
    texts = tuple(modules[part] for part in TEXT_PREFIXES[info.family])
    parts = Parts(modules["unet"], modules["vae"], texts, tokenizer_of(info.path))
    return FAMILIES[info.family](info, parts, device, dtype)


@dataclass(frozen=True)
class _Source:
    """Where one tensor of a module is read."""

    file: WeightFile
    piece: Piece

    def read(self) -> Tensor:
        tensor = self.file.read(self.piece.name)
        if self.piece.third is not None:
            tensor = tensor.chunk(3)[self.piece.third]
        return tensor.T.contiguous() if self.piece.transposed else tensor


def _sources(info: ModelInfo, part: str) -> dict[str, _Source]:
    if info.path.is_dir():
        return _from_folder(info.path / part)
    file = WeightFile(info.path)
    names, config = list(file.header.shapes), info.components[part]
    if part == "unet":
        return _from_pieces(file, unet_pieces(names, config["layers_per_block"]))
    if part == "vae":
        return _from_pieces(file, vae_pieces(names, len(config["block_out_channels"])))
    return _from_pieces(file, text_pieces(names, info.family, part))


def _from_folder(folder: Path) -> dict[str, _Source]:
    return {
        name: _Source(file, Piece(name))
        for file in map(WeightFile, weight_files(folder))
        for name in file.header.shapes
    }


def _from_pieces(file: WeightFile, pieces: Mapping[str, Piece]) -> dict[str, _Source]:
    return {target: _Source(file, piece) for target, piece in pieces.items()}


def _other_vae(path: Path, info: ModelInfo) -> tuple[Mapping[str, Any], dict[str, _Source]]:
    """Open an autoencoder that is to replace the model's own; latents are scaled as that network knows them."""
    if path.is_dir():
        folder = path / "vae" if (path / "vae").is_dir() else path
        return read_json(folder / "config.json"), _from_folder(folder)
    file = WeightFile(path)
    shapes = file.header.shapes
    prefix = VAE if f"{VAE}decoder.conv_in.weight" in shapes else ""
    if f"{prefix}decoder.conv_in.weight" not in shapes:
        raise ModelFileError(f"{path} is {sort_of(file.header)}; expected a VAE")
    if f"{prefix}decoder.mid_block.resnets.0.conv1.weight" in shapes:
        # diffusers' names without a configuration: taken for an autoencoder of the model's own kind
        return info.components["vae"], _from_pieces(file, {name: Piece(name) for name in shapes})
    config = {**shipped(info.family)["vae"], **vae_config(shapes, prefix)}
    return config, _from_pieces(file, vae_pieces(list(shapes), len(config["block_out_channels"]), prefix))


def _empty(part: str, config: Mapping[str, Any]) -> nn.Module:
    """Build a module that has shapes but no memory yet."""
    with torch.device("meta"):
        return _BUILDERS.get(part, _text_encoder)(config)


LIBRARIES = (
    "diffusers.models.unets.unet_2d_condition",
    "diffusers.models.autoencoders.autoencoder_kl",
    "transformers.models.clip.modeling_clip",
)
"""What the builders below import; it takes longer than to load the built-in model."""


def _unet(config: Mapping[str, Any]) -> nn.Module:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    return cast(nn.Module, cast(Any, UNet2DConditionModel).from_config(dict(config)))


def _vae(config: Mapping[str, Any]) -> nn.Module:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    return cast(nn.Module, cast(Any, AutoencoderKL).from_config(dict(config)))


def _text_encoder(config: Mapping[str, Any]) -> nn.Module:
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(cast(Any, CLIPTextConfig)(**config))


def _text_encoder_2(config: Mapping[str, Any]) -> nn.Module:
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    return CLIPTextModelWithProjection(cast(Any, CLIPTextConfig)(**config))


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any]], nn.Module]] = {
    "unet": _unet,
    "vae": _vae,
    "text_encoder_2": _text_encoder_2,
}
_OLD_VAE_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def _filled(
    module: nn.Module, sources: Mapping[str, _Source], where: Path, device: torch.device, dtype: torch.dtype
) -> nn.Module:
    """Give a module its weights, one tensor after the other, so that there is never a second copy of all."""
    wanted = {name: parameter.shape for name, parameter in module.state_dict().items()}
    renamed = {_spelled_for(name, wanted): source for name, source in sources.items()}
    if missing := [name for name in wanted if name not in renamed]:
        raise ModelFileError(
            f"{where}: {len(missing)} of {len(wanted)} tensors of {type(module).__name__} are missing "
            f"({', '.join(missing[:3])}, ...); {EXPECTED}"
        )
    state: dict[str, Tensor] = {}
    for name, shape in wanted.items():
        source = renamed[name]
        mapped = _shaped(name, source.read(), shape)
        state[name] = mapped.to(device, dtype)
        if state[name] is not mapped:
            source.file.release(source.piece.name)
    module.load_state_dict(state, assign=True)
    for owner in module.modules():
        if (positions := getattr(owner, "position_ids", None)) is not None and positions.is_meta:
            cast(Any, owner).position_ids = torch.arange(positions.shape[-1], device=device).unsqueeze(0)
    return module.requires_grad_(False).eval()


def _spelled_for(name: str, wanted: Mapping[str, object]) -> str:
    """Spell a tensor's name as this version of the libraries does."""
    if name in wanted:
        return name
    *path, last, end = name.split(".") if name.count(".") > 1 else ("", name, "")
    modern = ".".join([*path, _OLD_VAE_ATTENTION.get(last, last), end])
    spellings = (modern, f"text_model.{name}", name.removeprefix("text_model."))
    return next((spelling for spelling in spellings if spelling in wanted), name)


def _shaped(name: str, tensor: Tensor, shape: torch.Size) -> Tensor:
    if tensor.shape == shape:
        return tensor
    if [side for side in tensor.shape if side > 1] == [side for side in shape if side > 1]:
        return tensor.reshape(shape)  # 1x1 convolutions and linear layers stand for each other
    raise ModelFileError(f"{name} has shape {tuple(tensor.shape)} in the file, {tuple(shape)} in the network")
