"""What a file or folder is, told from headers and configuration files, without torch."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ..diffusion.prediction import NoiseLevels
from ..errors import ModelFileError
from .architecture import TEXT_PREFIXES, UNET, VAE, Config, OriginalConfig, components, original_config, shipped
from .header import Header, read_header, refuse_pickle
from .info import FamilyName, Kind, LatentRGB, ModelInfo, PredictionName

EXPECTED = "expected a checkpoint of Stable Diffusion 1, 2 or XL"
_WEIGHT_STEMS = ("diffusion_pytorch_model", "model")
_FIRST_CONVOLUTION = f"{UNET}input_blocks.0.0.weight"
_CHANNELS = {4: False, 9: True}  # channels of the network's input: is it an inpaint model?
_OTHER_CHANNELS = {
    5: "a depth-to-image model",
    7: "an upscaling model",
    8: "an instruction-following (InstructPix2Pix) model",
}
_PREDICTIONS: Mapping[str, PredictionName] = {
    "epsilon": "eps",
    "eps": "eps",
    "v_prediction": "v",
    "v": "v",
}


def _some(pattern: str) -> Callable[[Sequence[str]], bool]:
    compiled = re.compile(pattern)
    return lambda names: any(compiled.search(name) for name in names)


_SORTS: tuple[tuple[str, Callable[[Sequence[str]], bool]], ...] = (
    (
        "a network to add to a model (LoRA and its kin)",
        _some(
            r"lora_(up|down|mid|A|B)|hada_w1|lokr_w1|oft_(blocks|diag)|dora_scale|on_input$"
            r"|\.diff(_b)?$|\.[wb]_norm$|\.a1\.weight$"
        ),
    ),
    ("a textual inversion embedding", _some(r"^(emb_params|string_to_param|clip_[lg])")),
    ("a ControlNet", _some(r"^control_model\.|^controlnet_|input_hint_block")),
    ("an SD 3 model", _some(r"\bjoint_blocks\.")),
    ("a Flux model", _some(r"\bdouble_blocks\.|single_transformer_blocks\.")),
    (
        "a UNet without its text encoder and VAE",
        _some(rf"^({re.escape(UNET)})?(input_blocks\.0\.0|down_blocks\.0\.resnets)"),
    ),
    ("a decoder for previews", _some(r"^decoder\.layers\.2\.conv\.0\.|^3\.conv\.0\.")),
    ("a VAE", _some(r"^(first_stage_model\.)?decoder\.conv_in\.")),
    ("a text encoder", _some(r"(text_model\.|^)encoder\.layers\.0\.|resblocks\.0\.")),
    ("an upscaler", _some(r"^(conv_first|model\.0|body\.0)\b")),
)


def sort_of(header: Header) -> str:
    """Say what a safetensors file holds, in words: "checkpoint" or what it is instead."""
    names = tuple(header.shapes)
    if _FIRST_CONVOLUTION in header.shapes and f"{VAE}decoder.conv_in.weight" in header.shapes and _family(names):
        return "checkpoint"
    if "conditioner.embedders.0.model.ln_final.weight" in header.shapes:
        return "the SDXL refiner"
    for sort, matches in _SORTS:
        if matches(names):
            return sort
    return f"a file of {len(names)} tensors of an unknown kind ({', '.join(names[:3])}, ...)"


def detect(path: Path, *, kind: Kind | None = None, name: str | None = None) -> ModelInfo:
    """Tell what model a path is: a `.safetensors` checkpoint or a diffusers folder.

    Raises
    ------
    ModelFileError
        Where it is missing, cut short, a pickle, or something else; says what it is and what was expected.
    """
    if path.is_dir():
        return _folder(path, kind or "folder", name or path.name)
    if not path.exists():
        raise ModelFileError(f"{path} is not there; {EXPECTED}")
    return _file(path, kind or "file", name or path.stem)


def _file(path: Path, kind: Kind, name: str) -> ModelInfo:
    header = read_header(path)
    if (sort := sort_of(header)) != "checkpoint":
        raise ModelFileError(f"{path} is {sort}; {EXPECTED}")
    family = cast(FamilyName, _family(tuple(header.shapes)))
    original = original_config(path)
    try:
        parts = components(header.shapes, family, original)
    except (KeyError, IndexError) as error:
        raise ModelFileError(f"{path} lacks parts of its network ({error}); {EXPECTED}") from error
    inpaint = _is_inpaint(path, parts["unet"]["in_channels"])
    prediction = _file_prediction(header, family, inpaint, original)
    base = shipped(family)
    native = base.get("native_size_eps", base["native_size"]) if prediction == "eps" else base["native_size"]
    downscale = 2 ** (len(parts["vae"]["block_out_channels"]) - 1)
    scheduler: Config = dict(base["scheduler"])
    if original.beta_start is not None and original.beta_end is not None:
        scheduler |= {"beta_start": original.beta_start, "beta_end": original.beta_end}
    return ModelInfo(
        name=name,
        path=path,
        family=family,
        prediction=prediction,
        inpaint=inpaint,
        kind=kind,
        size_bytes=header.size_bytes,
        parameters=header.parameters((UNET, VAE, *TEXT_PREFIXES[family].values())),
        native_size=native if original.latent_size is None else original.latent_size * downscale,
        levels=_levels(path, scheduler, family, zero_snr="ztsnr" in header.shapes),
        components=parts,
        latent_channels=parts["vae"]["latent_channels"],
        downscale=downscale,
    )


def _family(names: Sequence[str]) -> str | None:
    for family, prefixes in TEXT_PREFIXES.items():
        if all(any(name.startswith(prefix) for name in names) for prefix in prefixes.values()):
            return family
    return None


def _is_inpaint(path: Path, channels: int) -> bool:
    if channels not in _CHANNELS:
        what = _OTHER_CHANNELS.get(channels, f"a model whose network takes {channels} channels")
        raise ModelFileError(f"{path} is {what}, which cannot be run yet; {EXPECTED} (4 or 9 channels)")
    return _CHANNELS[channels]


def _file_prediction(header: Header, family: str, inpaint: bool, original: OriginalConfig) -> PredictionName:
    """Tell eps from v prediction; the first of these that speaks decides.

    The `.yaml` beside the file; marks left in the file (`v_pred`, modelspec metadata); its
    name ("v-pred", "vpred", "eps"; for SD 2 also "768", "512", "base"); SD 2 with 4 channels
    is taken for the 768 px v model, which most SD 2 checkpoints descend from; all others eps.
    """
    if original.prediction is not None:
        return _PREDICTIONS[original.prediction]
    if "v_pred" in header.shapes:
        return "v"
    if (told := header.metadata.get("modelspec.prediction_type", "").lower()) in _PREDICTIONS:
        return _PREDICTIONS[told]
    clues = f"{header.path.stem} {header.metadata.get('modelspec.architecture', '')}".lower()
    if re.search(r"v[-_ ]?pred|768[-_]?v|[-_]v$", clues):
        return "v"
    if family != "sd2" or inpaint or re.search(r"eps|base|512", clues):
        return "eps"
    return "v"


def _levels(path: Path, scheduler: Mapping[str, Any], family: str, zero_snr: bool) -> NoiseLevels:
    if (schedule := scheduler.get("beta_schedule", "scaled_linear")) != "scaled_linear":
        raise ModelFileError(f"{path}: beta_schedule '{schedule}' is not known; expected scaled_linear")
    levels = NoiseLevels.scaled_linear(
        beta_start=scheduler.get("beta_start", 0.00085),
        beta_end=scheduler.get("beta_end", 0.012),
        n=scheduler.get("num_train_timesteps", 1000),
        grid="sdxl" if family == "sdxl" else "sd1",
    )
    return levels.zero_terminal_snr() if zero_snr else levels


def _folder(path: Path, kind: Kind, name: str) -> ModelInfo:
    index = read_json(path / "model_index.json")
    family = _folder_family(path, index)
    parts = {part: read_json(path / part / "config.json") for part in ("unet", "vae", *TEXT_PREFIXES[family])}
    headers = [read_header(file) for part in parts for file in weight_files(path / part)]
    scheduler = read_json(path / "scheduler" / "scheduler_config.json")
    inpaint = _is_inpaint(path, parts["unet"].get("in_channels", 4))
    told = scheduler.get("prediction_type", "epsilon")
    if told not in _PREDICTIONS:
        raise ModelFileError(f"{path}: prediction_type '{told}' is not known; expected epsilon or v_prediction")
    own_file = path / "pentimento.json"
    own = read_json(own_file) if own_file.is_file() else {}
    downscale = 2 ** (len(parts["vae"]["block_out_channels"]) - 1)
    return ModelInfo(
        name=name,
        path=path,
        family=family,
        prediction=_PREDICTIONS[told],
        inpaint=inpaint,
        kind=kind,
        size_bytes=sum(header.size_bytes for header in headers),
        parameters=sum(header.parameters() for header in headers),
        native_size=parts["unet"].get("sample_size", 64) * downscale,
        levels=_levels(path, scheduler, family, zero_snr=bool(scheduler.get("rescale_betas_zero_snr"))),
        components=parts,
        latent_channels=parts["vae"].get("latent_channels", 4),
        downscale=downscale,
        latent_rgb=_latent_rgb(own.get("latent_rgb_factors")),
    )


def _latent_rgb(rows: Sequence[Sequence[float]] | None) -> LatentRGB | None:
    return None if rows is None else tuple((float(red), float(green), float(blue)) for red, green, blue in rows)


def _folder_family(path: Path, index: Mapping[str, Any]) -> FamilyName:
    found = index.get("_class_name", "no pipeline")
    missing = [part for part in ("unet", "vae", "text_encoder") if not (path / part / "config.json").is_file()]
    if missing:
        raise ModelFileError(f"{path} holds {found} without {', '.join(missing)}; {EXPECTED}")
    if (path / "text_encoder_2" / "config.json").is_file():
        return "sdxl"
    # OpenCLIP, the text encoder of SD 2, has another activation than the CLIP of SD 1.
    activation = read_json(path / "text_encoder" / "config.json").get("hidden_act", "quick_gelu")
    return "sd2" if activation == "gelu" else "sd1"


def weight_files(part: Path) -> list[Path]:
    """List the safetensors files that hold one part of a diffusers folder.

    Plain files come before variants (`model.fp16.safetensors`), which are taken only where
    there is nothing else.

    Raises
    ------
    ModelFileError
        Where there is none; says so if there are pickles instead.
    """
    for stem in _WEIGHT_STEMS:
        for variant in ("", ".fp16", ".bf16"):
            whole = part / f"{stem}{variant}.safetensors"
            index = part / f"{stem}.safetensors.index{variant}.json"
            if whole.is_file():
                return [whole]
            if index.is_file():
                shards = cast(dict[str, str], read_json(index).get("weight_map", {}))
                return [part / shard for shard in sorted(set(shards.values()))]
    for stem in _WEIGHT_STEMS:
        for pickle in (part / "diffusion_pytorch_model.bin", part / "pytorch_model.bin", part / f"{stem}.bin"):
            if pickle.is_file():
                refuse_pickle(pickle)
    raise ModelFileError(f"{part} holds no weights; expected diffusion_pytorch_model.safetensors or model.safetensors")


def read_json(path: Path) -> dict[str, Any]:
    """Read a configuration file.

    Raises
    ------
    ModelFileError
        Where it is missing or is not a JSON object.
    """
    try:
        loaded: Any = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelFileError(f"{path} is not there; expected a diffusers folder with it") from error
    except ValueError as error:
        raise ModelFileError(f"{path} is not valid JSON ({error})") from error
    if not isinstance(loaded, dict):
        raise ModelFileError(f"{path} is not a JSON object")
    return cast(dict[str, Any], loaded)
