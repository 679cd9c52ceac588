"""What files are, told from their headers."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from pentimento.errors import ModelFileError
from pentimento.models.architecture import shipped
from pentimento.models.detect import detect
from pentimento.models.header import read_header
from pentimento.models.info import ModelInfo
from pentimento.models.layout import text_pieces, unet_pieces, vae_pieces

from . import original_layout as layout

GOLDEN = Path(__file__).parents[1] / "golden"

# Published numbers of parameters (UNet, VAE, text encoders as used).
PARAMETERS = {
    "sd1": {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480},
    "sd2": {"unet": 865_910_724, "vae": 83_653_863, "text_encoder": 340_387_840},
    "sdxl": {"unet": 2_567_463_684, "vae": 83_653_863, "text_encoder": 123_060_480, "text_encoder_2": 694_659_840},
}
TENSORS = {"sd1": 686, "sd2": 686, "sdxl": 1680}


@cache
def full_width(family: str, inpaint: bool = False) -> dict[str, torch.nn.Module]:
    with torch.device("meta"):
        return layout.modules_of(dict(shipped(family)), inpaint)


def header_only(
    path: Path, family: str, *, inpaint: bool = False, marks: tuple[str, ...] = (), **metadata: str
) -> Path:
    state = layout.original_checkpoint(family, full_width(family, inpaint))
    state |= {mark: torch.empty(0, device="meta") for mark in marks}
    layout.save_header(path, state, {name.replace("__", "."): value for name, value in metadata.items()})
    return path


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_shipped_configurations_have_the_published_numbers_of_parameters(family: str) -> None:
    modules = full_width(family)
    assert {part: sum(p.numel() for p in module.parameters()) for part, module in modules.items()} == PARAMETERS[family]
    assert len(modules["unet"].state_dict()) == TENSORS[family]


@pytest.mark.parametrize("inpaint", [False, True])
@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_real_layouts_are_detected_and_mapped_at_full_width(tmp_path: Path, family: str, inpaint: bool) -> None:
    info = detect(header_only(tmp_path / "model.safetensors", family, inpaint=inpaint))
    base = shipped(family)
    unused = 12_596_224 if family == "sd2" else 0  # OpenCLIP's last layer, which the file has and nobody uses
    extra = 5 * 9 * 320 if inpaint else 0
    assert (info.family, info.inpaint) == (family, inpaint)
    assert info.parameters == sum(PARAMETERS[family].values()) + unused + extra
    for part in PARAMETERS[family]:
        wanted = base[part] | ({"in_channels": 9} if inpaint and part == "unet" else {})
        assert dict(info.components[part]) == wanted
    _assert_mapped(info, full_width(family, inpaint))


def _assert_mapped(info: ModelInfo, modules: dict[str, torch.nn.Module]) -> None:
    shapes = read_header(info.path).shapes
    names = list(shapes)
    for part, module in modules.items():
        if part == "unet":
            pieces = unet_pieces(names, info.components["unet"]["layers_per_block"])
        elif part == "vae":
            pieces = vae_pieces(names, 4)
        else:
            pieces = text_pieces(names, info.family, part)
        for name, tensor in module.state_dict().items():
            piece = pieces.get(name) or pieces[name.removeprefix("text_model.")]
            numel = 1
            for side in shapes[piece.name]:
                numel *= side
            assert numel == tensor.numel() * (1 if piece.third is None else 3), name


@pytest.mark.parametrize(
    ("name", "family", "options", "prediction", "native"),
    [
        ("v1-5-pruned", "sd1", {}, "eps", 512),
        ("anything-vpred", "sd1", {}, "v", 512),
        ("v2-1_768-ema-pruned", "sd2", {}, "v", 768),
        ("v2-1_512-ema-pruned", "sd2", {}, "eps", 512),
        ("512-base-ema", "sd2", {}, "eps", 512),
        ("512-inpainting-ema", "sd2", {"inpaint": True}, "eps", 512),
        ("unknown", "sd2", {}, "v", 768),
        ("told", "sd2", {"modelspec__prediction_type": "epsilon"}, "eps", 512),
        ("told", "sd2", {"modelspec__architecture": "stable-diffusion-v2-768-v"}, "v", 768),
        ("sd_xl_base_1.0", "sdxl", {}, "eps", 1024),
        ("noob", "sdxl", {"marks": ("v_pred", "ztsnr")}, "v", 1024),
        ("noob", "sdxl", {"modelspec__prediction_type": "v"}, "v", 1024),
    ],
)
def test_prediction_is_told_by_marks_metadata_and_name(
    tmp_path: Path, name: str, family: str, options: dict[str, Any], prediction: str, native: int
) -> None:
    info = detect(header_only(tmp_path / f"{name}.safetensors", family, **options))
    assert (info.prediction, info.native_size) == (prediction, native)
    assert (info.levels.sigma_max > 100) == ("ztsnr" in options.get("marks", ()))
    assert info.levels.grid == ("sdxl" if family == "sdxl" else "sd1")


def test_yaml_has_the_last_word(tmp_path: Path) -> None:
    path = header_only(tmp_path / "v2-768-v.safetensors", "sd2")
    yaml = path.with_suffix(".yaml")
    yaml.write_text("model: {params: {image_size: 64, unet_config: {params: {num_head_channels: 32}}}}")
    info = detect(path)
    assert (info.prediction, info.native_size) == ("eps", 512)
    assert info.components["unet"]["attention_head_dim"] == [10, 20, 40, 40]
    yaml.write_text("a: list\nof: [nothing")
    with pytest.raises(ModelFileError, match="not a configuration of the original kind"):
        detect(path)


def test_folder_is_detected() -> None:
    info = detect(GOLDEN / "model" / "tiny_sd15")
    assert (info.name, info.family, info.prediction, info.inpaint, info.kind) == (
        "tiny_sd15",
        "sd1",
        "eps",
        False,
        "folder",
    )
    assert (info.native_size, info.latent_channels, info.downscale) == (128, 4, 8)
    assert info.parameters == sum(
        read_header(file).parameters() for file in (GOLDEN / "model" / "tiny_sd15").rglob("*.safetensors")
    )


def test_folder_brings_its_own_preview_colours(tmp_path: Path, tiny: Any) -> None:
    folder, _ = tiny("sd1", False)
    own = folder / "pentimento.json"
    rows = [[0.1, 0.2, 0.3], [0, 0, 0], [1, 1, 1], [0.5, 0, 0]]
    own.write_text(json.dumps({"latent_rgb_factors": rows}))
    try:
        assert detect(folder).latent_rgb == tuple(tuple(map(float, row)) for row in rows)
    finally:
        own.unlink()


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["lora_unet_down_blocks_0.lora_down.weight", "lora_unet_down_blocks_0.lora_up.weight"], "LoRA"),
        (["lora_unet_a.hada_w1_a"], "LoRA"),
        (["emb_params"], "embedding"),
        (["clip_l", "clip_g"], "embedding"),
        (["encoder.conv_in.weight", "decoder.conv_in.weight"], "a VAE"),
        (["control_model.input_blocks.0.0.weight"], "ControlNet"),
        (["model.diffusion_model.input_blocks.0.0.weight"], "UNet without"),
        (["model.diffusion_model.double_blocks.0.img_attn.proj.weight"], "Flux"),
        (["model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight"], "SD 3"),
        (["text_model.encoder.layers.0.mlp.fc1.weight"], "text encoder"),
        (["conditioner.embedders.0.model.ln_final.weight"], "refiner"),
        (["weights", "of", "something"], "unknown kind"),
    ],
)
def test_other_files_are_said_to_be_what_they_are(tmp_path: Path, names: list[str], what: str) -> None:
    path = tmp_path / "other.safetensors"
    save_file({name: torch.zeros(2, 2) for name in names}, str(path))
    with pytest.raises(ModelFileError, match=f"{what}.*expected a checkpoint"):
        detect(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not a safetensors file"),
        (b"<!DOCTYPE html><html>login", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "LFS pointer"),
        (b"PK\x03\x04archive/data.pkl", "zip archive"),
        (b"GGUF\x03\x00\x00\x00", "GGUF"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00{not json at all", "not a safetensors file"),
        (b"\x40\x00\x00\x00\x00\x00\x00\x00{", "cut short"),
    ],
)
def test_foreign_files_are_said_to_be_what_they_are(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=what):
        detect(path)


def test_cut_short_file_tells_both_sizes(tmp_path: Path, tiny: Any) -> None:
    _, single = tiny("sd1", False)
    whole = single.read_bytes()
    path = tmp_path / "half.safetensors"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelFileError, match=f"cut short: it has {len(whole) // 2} bytes of at least {len(whole)}"):
        detect(path)


@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".pth", ".bin"])
def test_pickles_are_refused_with_the_way_to_convert(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelFileError, match="is a pickle.*convert it once: pentimento convert"):
        detect(path)


def test_the_way_to_convert_a_pickle_works(tmp_path: Path) -> None:
    import shlex

    from pentimento.cli.main import main

    path = tmp_path / "my model.ckpt"
    torch.save({"state_dict": {"a": torch.arange(3.0)}, "global_step": 7}, path)
    with pytest.raises(ModelFileError) as refused:
        detect(path)
    program, *rest = shlex.split(str(refused.value).partition("convert it once: ")[2])
    assert program == "pentimento" and main(rest) == 0
    assert read_header(tmp_path / "my model.safetensors").shapes == {"a": (3,)}


def test_networks_with_other_inputs_are_refused(tmp_path: Path) -> None:
    state = layout.original_checkpoint("sd1", full_width("sd1"))
    state["model.diffusion_model.input_blocks.0.0.weight"] = torch.empty(320, 8, 3, 3, device="meta")
    layout.save_header(tmp_path / "ip2p.safetensors", state)
    with pytest.raises(ModelFileError, match="instruction-following"):
        detect(tmp_path / "ip2p.safetensors")


def test_missing_path_and_folder_without_parts(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is not there"):
        detect(tmp_path / "none.safetensors")
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    with pytest.raises(ModelFileError, match="FluxPipeline without unet, vae, text_encoder"):
        detect(tmp_path)


def test_folder_with_pickled_weights_is_refused(tmp_path: Path, tiny: Any) -> None:
    import shutil

    folder, _ = tiny("sd1", False)
    copy = tmp_path / "pickled"
    shutil.copytree(folder, copy)
    (copy / "unet" / "diffusion_pytorch_model.safetensors").rename(copy / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(ModelFileError, match="is a pickle"):
        detect(copy)
    (copy / "unet" / "diffusion_pytorch_model.bin").unlink()
    with pytest.raises(ModelFileError, match="holds no weights"):
        detect(copy)
