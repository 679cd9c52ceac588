"""Weights into modules: recorded figures, single files against folders, and what is refused."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike
from PIL import Image
from safetensors.torch import load_file, save_file

from pentimento.errors import ModelFileError
from pentimento.geometry import Size
from pentimento.models.base import Model
from pentimento.models.detect import detect
from pentimento.models.loading import load
from pentimento.models.text import Conditioning, TextOptions

GOLDEN = Path(__file__).parents[1] / "golden"
CPU = torch.device("cpu")
SIZE = Size(128, 128)


def open_model(path: Path, **options: Any) -> Model:
    return load(detect(path), device=CPU, dtype=options.pop("dtype", torch.float32), **options)


def off(got: ArrayLike, wanted: ArrayLike) -> float:
    """Largest difference, as a share of the largest value."""
    return float(np.abs(np.asarray(got) - np.asarray(wanted)).max() / np.abs(np.asarray(wanted)).max())


@pytest.fixture(scope="module")
def recorded() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "unit" / "model_sd15.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model(GOLDEN / "model" / "tiny_sd15")


@pytest.mark.parametrize("size", ["16x16", "16x24"])
def test_network_gives_recorded_noise(model: Model, recorded: dict[str, np.ndarray], size: str) -> None:
    x, tokens = (torch.from_numpy(recorded[f"unet_{size}_{key}"]) for key in "xc")
    for row, t in enumerate(recorded[f"unet_{size}_t"]):
        one = slice(row, row + 1)
        got = model.predict(x[one], float(t), [Conditioning(tokens[one])], SIZE)
        assert off(got, recorded[f"unet_{size}_eps"][one]) < 1e-5


def test_autoencoder_gives_recorded_latents_and_pixels(model: Model, recorded: dict[str, np.ndarray]) -> None:
    picture = np.asarray(Image.open(GOLDEN / "inputs" / "astro_128.png").convert("RGB"), np.float32) / 255
    pixels = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy())
    latents = model.encode_image(pixels)
    assert off(latents, recorded["vae_mean"] * 0.18215) < 1e-5
    wanted = np.clip((recorded["vae_decode_of_mean"] + 1) / 2, 0, 1)
    decoded = model.decode(torch.from_numpy(recorded["vae_mean"] * np.float32(0.18215)))
    assert off(decoded, wanted) < 1e-5
    sampled = model.encode_image(pixels, torch.Generator().manual_seed(1))
    assert torch.equal(sampled, model.encode_image(pixels, torch.Generator().manual_seed(1)))
    spread = np.exp(0.5 * recorded["vae_logvar"].clip(-30, 20)) * 0.18215
    assert ((sampled - latents).abs().numpy() <= 5 * spread + 1e-6).all()


def test_pictures_are_the_same_alone_and_in_a_batch(model: Model) -> None:
    pixels = torch.rand(3, 3, 32, 48, generator=torch.Generator().manual_seed(3))
    latents = model.encode_image(pixels)
    assert latents.shape == (3, 4, 4, 6)
    assert latents.dtype == torch.float32
    assert torch.equal(latents[1:2], model.encode_image(pixels[1:2]))
    assert torch.equal(model.decode(latents)[2:], model.decode(latents[2:]))


@pytest.mark.parametrize("inpaint", [False, True])
@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_single_file_is_its_folder_tensor_by_tensor(tiny: Any, family: str, inpaint: bool) -> None:
    folder, single = (open_model(path) for path in tiny(family, inpaint))
    same = ("family", "prediction", "inpaint", "levels", "latent_channels", "downscale")
    pairs = [(folder.unet, single.unet), (folder.vae, single.vae)]
    pairs += [(a.module, b.module) for a, b in zip(folder.text_encoders, single.text_encoders, strict=True)]
    for ours, theirs in pairs:
        a, b = ours.state_dict(), theirs.state_dict()
        assert a.keys() == b.keys()
        assert all(torch.equal(a[name], b[name]) for name in a)
    # Numbers of heads are not in the weights: the outputs show that they were found as well.
    assert _outputs(folder) == _outputs(single)
    if family == "sd2":
        assert single.info.prediction == "v"
    else:
        assert all(getattr(folder.info, name) == getattr(single.info, name) for name in same)


def _outputs(model: Model) -> list[float]:
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    concat = torch.ones(1, 5, 8, 8) if model.info.inpaint else None
    conditioning = model.encode_prompt(["a (red:1.3) circle"], TextOptions())
    return [
        float(model.predict(x, 321.5, conditioning, Size(64, 64), concat).sum()),
        float(model.decode(x).sum()),
        float(conditioning[0].tokens.sum()),
    ]


def test_rows_of_one_call_are_the_calls_apart(tiny: Any) -> None:
    model = open_model(tiny("sdxl", False)[0])
    conditioning = model.encode_prompt(["red", "a blue circle"], TextOptions())
    x = torch.randn(2, 4, 8, 16, generator=torch.Generator().manual_seed(0))
    size = Size(128, 64)
    together = model.predict(x, 500.0, conditioning, size)
    apart = [model.predict(x[row : row + 1], 500.0, conditioning[row : row + 1], size) for row in range(2)]
    assert off(together, torch.cat(apart)) < 1e-5
    assert off(model.predict(x, 500.0, conditioning, Size(1024, 1024)), together) > 1e-5  # it is told its size


def test_remembered_conditioning_is_not_mixed_up(tiny: Any) -> None:
    model = open_model(tiny("sd1", False)[0])
    x = torch.zeros(1, 4, 8, 8)
    texts = [f"{number} circles" for number in range(20)]
    first = [model.predict(x, 10.0, model.encode_prompt([text], TextOptions()), SIZE) for text in texts]
    again = [model.predict(x, 10.0, model.encode_prompt([text], TextOptions()), SIZE) for text in texts]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({float(out.sum()) for out in first}) == len(texts)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precisions_stay_near(tiny: Any, dtype: torch.dtype) -> None:
    folder, _ = tiny("sdxl", False)
    exact, half = open_model(folder), open_model(folder, dtype=dtype)
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    out = [model.predict(x, 99.0, model.encode_prompt(["red"], TextOptions()), SIZE) for model in (exact, half)]
    assert out[1].dtype == torch.float32
    assert 0 < off(out[1], out[0]) < 0.05
    assert off(half.decode(x), exact.decode(x)) < 0.05


def test_overflowing_autoencoder_is_run_again_in_single_precision(tiny: Any, tmp_path: Path) -> None:
    folder, _ = tiny("sd1", False)
    shutil.copytree(folder, tmp_path / "loud")
    weights = tmp_path / "loud" / "vae" / "diffusion_pytorch_model.safetensors"
    state = load_file(weights)
    state["decoder.conv_in.weight"] *= 1e5  # its output is normed later, but passes 65504 on the way
    save_file(state, str(weights))
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    exact = open_model(tmp_path / "loud").decode(x)
    half = open_model(tmp_path / "loud", dtype=torch.float16).decode(x)
    assert exact.isfinite().all()
    assert off(half, exact) < 0.05


def test_tiled_pictures_do_not_care_where_they_begin(tiny: Any) -> None:
    model = open_model(tiny("sd1", False)[0], tiling=True)
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    rolled = model.decode(latents.roll((2, 4), (2, 3))).roll((-4, -8), (2, 3))
    assert off(rolled, model.decode(latents)) < 1e-4
    plain = open_model(tiny("sd1", False)[0])
    assert off(plain.decode(latents.roll((2, 4), (2, 3))).roll((-4, -8), (2, 3)), plain.decode(latents)) > 1e-3


def test_another_autoencoder(tiny: Any, tmp_path: Path) -> None:
    folder, single = tiny("sd1", False)
    other = tmp_path / "vae"
    shutil.copytree(folder / "vae", other)
    state = {name: tensor * 1.5 for name, tensor in load_file(other / "diffusion_pytorch_model.safetensors").items()}
    save_file(state, str(other / "diffusion_pytorch_model.safetensors"))
    original = {name: tensor for name, tensor in load_file(single).items() if name.startswith("first_stage_model.")}
    save_file({name: tensor * 1.5 for name, tensor in original.items()}, str(tmp_path / "prefixed.safetensors"))
    bare = {name.removeprefix("first_stage_model."): tensor * 1.5 for name, tensor in original.items()}
    save_file(bare, str(tmp_path / "bare.safetensors"))
    latents = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    own = open_model(folder).decode(latents)
    places = (
        other,
        other / "diffusion_pytorch_model.safetensors",
        *(tmp_path / f"{n}.safetensors" for n in ("prefixed", "bare")),
    )
    decoded = [open_model(folder, vae=place).decode(latents) for place in places]
    assert all(torch.equal(one, decoded[0]) for one in decoded)
    assert not torch.equal(decoded[0], own)
    with pytest.raises(ModelFileError, match=r"is a text encoder; expected a VAE"):
        open_model(folder, vae=folder / "text_encoder" / "model.safetensors")
    with pytest.raises(ModelFileError, match="is not there"):
        open_model(folder, vae=tmp_path / "none.safetensors")


def test_old_names_of_folders_are_read(tiny: Any, tmp_path: Path) -> None:
    folder, _ = tiny("sd1", False)
    shutil.copytree(folder, tmp_path / "old")
    text = tmp_path / "old" / "text_encoder" / "model.safetensors"
    save_file({f"text_model.{name}": tensor for name, tensor in load_file(text).items()}, str(text))
    vae = tmp_path / "old" / "vae" / "diffusion_pytorch_model.safetensors"
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    state = load_file(vae)
    for new, name in old.items():
        state = {key.replace(f"attentions.0.{new}.", f"attentions.0.{name}."): tensor for key, tensor in state.items()}
    save_file(state, str(vae))
    assert _outputs(open_model(tmp_path / "old")) == _outputs(open_model(folder))


def test_missing_and_misshapen_tensors_are_named(tiny: Any, tmp_path: Path) -> None:
    folder, _ = tiny("sd1", False)
    shutil.copytree(folder, tmp_path / "broken")
    weights = tmp_path / "broken" / "unet" / "diffusion_pytorch_model.safetensors"
    state = load_file(weights)
    kept = state.pop("conv_out.bias")
    save_file(state, str(weights))
    with pytest.raises(
        ModelFileError, match=r"broken: 1 of \d+ tensors of UNet2DConditionModel are missing \(conv_out.bias"
    ):
        open_model(tmp_path / "broken")
    save_file(state | {"conv_out.bias": kept[:2].clone()}, str(weights))
    with pytest.raises(ModelFileError, match=r"conv_out.bias has shape \(2,\) in the file, \(4,\) in the network"):
        open_model(tmp_path / "broken")


def test_preview_is_the_linear_map(model: Model) -> None:
    latents = torch.randn(2, 4, 5, 7, generator=torch.Generator().manual_seed(0))
    sketch = model.preview(latents)
    assert sketch.shape == (5, 7, 3)
    assert sketch.dtype == np.uint8
    wanted = np.einsum("chw,cr->hwr", latents[0].numpy(), np.array(model.latent_rgb))
    assert np.abs(sketch - np.clip((wanted + 1) * 127.5, 0, 255)).max() <= 1
