"""Upscalers with small random networks of the real architectures: found, told apart, loaded, run in tiles."""

import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn import functional

from pentimento import Studio
from pentimento.enlarging import by_network, upscale_with
from pentimento.errors import ModelFileError, RequestError
from pentimento.geometry import Size
from pentimento.models import folders
from pentimento.models.convert import convert
from pentimento.models.header import read_header
from pentimento.models.upscalers.find import UpscalerFile, scan_upscalers
from pentimento.models.upscalers.kinds import kind_of
from pentimento.models.upscalers.loading import load_upscaler
from pentimento.models.upscalers.networks import Compact, Esrgan, SwinIR, relative_places, shift_mask
from pentimento.models.upscalers.tiling import spans
from pentimento.models.upscalers.upscaler import OVERLAP, TILE, Upscaler
from pentimento.pictures.resize import resample

CPU = torch.device("cpu")
Tensors = Mapping[str, torch.Tensor]


def randomised(network: torch.nn.Module, std: float = 0.08) -> torch.nn.Module:
    torch.manual_seed(3)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=std)
    return network.eval()


def esrgan(ups: int = 2, unshuffle: int = 1, blocks: int = 1) -> torch.nn.Module:
    return randomised(Esrgan(features=8, growth=4, blocks=blocks, ups=ups, unshuffle=unshuffle))


def compact(scale: int = 4) -> torch.nn.Module:
    return randomised(Compact(features=8, convolutions=2, scale=scale))


def swinir(way: str = "shuffle", scale: int = 4, convolutions: int = 1) -> torch.nn.Module:
    features = 64 if way in ("shuffle", "nearest") else 12
    return randomised(SwinIR(12, 8, 2, (2, 3), 24, convolutions, way, scale, features))


NETWORKS = {
    "esrgan-4": (esrgan, {}, 4),
    "esrgan-8": (esrgan, {"ups": 3}, 8),
    "esrgan-folded-2": (esrgan, {"unshuffle": 2}, 2),
    "esrgan-folded-1": (esrgan, {"unshuffle": 4}, 1),
    "compact-4": (compact, {}, 4),
    "compact-2": (compact, {"scale": 2}, 2),
    "swinir-shuffle-4": (swinir, {}, 4),
    "swinir-shuffle-3": (swinir, {"scale": 3}, 3),
    "swinir-direct-2": (swinir, {"way": "direct", "scale": 2}, 2),
    "swinir-nearest-4": (swinir, {"way": "nearest", "convolutions": 3}, 4),
    "swinir-none-1": (swinir, {"way": "none", "scale": 1}, 1),
}


def published(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Give a network's tensors by the names of the files that people have."""
    names = {}
    for own, tensor in network.state_dict().items():
        name = re.sub(r"^ups\.(\d)", lambda found: f"conv_up{int(found[1]) + 1}", own)
        names[name.replace("first_norm", "patch_embed.norm")] = tensor
    if isinstance(network, SwinIR):
        for layer, group in enumerate(network.layers):
            for block in range(len(group.residual_group.blocks)):
                start = f"layers.{layer}.residual_group.blocks.{block}."
                names[f"{start}attn.relative_position_index"] = relative_places(8)
                if block % 2:
                    names[f"{start}attn_mask"] = shift_mask(16, 16, 8)
    return names


def old_esrgan(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """As ESRGAN's authors named them in 2018, and BSRGAN and RealSR after them."""
    names = {}
    for name, tensor in published(network).items():
        name = re.sub(r"body\.(\d+)\.rdb(\d)\.", r"RRDB_trunk.\1.RDB\2.", name).replace("conv_up", "upconv")
        names[name.replace("conv_body", "trunk_conv").replace("conv_hr", "HRconv")] = tensor
    return names


def listed_esrgan(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """As a list of layers, in which most of the community's ESRGAN models are."""
    ups = len([name for name in network.state_dict() if re.fullmatch(r"ups\.\d\.weight", name)])
    blocks = 1 + max(int(found[1]) for name in network.state_dict() if (found := re.match(r"body\.(\d+)", name)))
    places = {"conv_first": 0, "conv_hr": 3 * ups + 2, "conv_last": 3 * ups + 4}
    names = {}
    for name, tensor in network.state_dict().items():
        stem, _, part = name.rpartition(".")
        if found := re.fullmatch(r"body\.(\d+)\.rdb(\d)\.conv(\d)", stem):
            stem = "model.1.sub.{}.RDB{}.conv{}.0".format(*found.groups())
        elif stem == "conv_body":
            stem = f"model.1.sub.{blocks}"
        elif found := re.fullmatch(r"ups\.(\d)", stem):
            stem = f"model.{3 * (int(found[1]) + 1)}"
        else:
            stem = f"model.{places[stem]}"
        names[f"{stem}.{part}"] = tensor
    return names


def saved(path: Path, tensors: Tensors) -> UpscalerFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, path)
    (found,) = [one for one in scan_upscalers([path.parent]).upscalers if one.path == path]
    return found


def loaded(path: Path, tensors: Tensors) -> Upscaler:
    return load_upscaler(saved(path, tensors), CPU, torch.float32)


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def through(network: torch.nn.Module, pixels: np.ndarray, multiple: int = 1) -> np.ndarray:
    """Run a network over a whole picture at once."""
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="symmetric")
    with torch.inference_mode():
        made = network(torch.as_tensor(padded.transpose(2, 0, 1).copy())[None] / 255)[0]
    scale = made.shape[-1] // padded.shape[1]
    whole = np.rint(made.clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    return whole[: height * scale, : width * scale]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_is_told_loaded_and_enlarges_as_its_network(tmp_path: Path, name: str) -> None:
    make, settings, scale = NETWORKS[name]
    network = make(**settings)
    file = saved(tmp_path / f"{name}.safetensors", published(network))
    assert (file.name, file.architecture, file.scale) == (name, name.split("-")[0], scale)
    upscaler = load_upscaler(file, CPU, torch.float32)
    pixels = noise(21, 18)
    made = upscaler.enlarge(pixels)
    assert made.shape == (18 * scale, 21 * scale, 3)
    assert np.array_equal(made, through(network, pixels, upscaler.multiple))
    assert made.std() > 4  # the network says something


@pytest.mark.parametrize("layout", [old_esrgan, listed_esrgan])
@pytest.mark.parametrize(("ups", "unshuffle"), [(0, 1), (1, 1), (2, 1), (3, 1), (2, 2)])
def test_every_layout_of_esrgan_is_the_same_network(tmp_path: Path, layout: object, ups: int, unshuffle: int) -> None:
    network = esrgan(ups, unshuffle, blocks=2)
    other = loaded(tmp_path / "other.safetensors", layout(network))  # type: ignore[operator]
    assert other.scale == 2**ups // unshuffle
    pixels = noise(16, 12)
    assert np.array_equal(other.enlarge(pixels), through(network, pixels))


@pytest.mark.parametrize("prefix", ["module.", "params_ema."])
def test_what_trainers_put_before_names_is_left_out(tmp_path: Path, prefix: str) -> None:
    tensors = {f"{prefix}{name}": tensor for name, tensor in published(compact()).items()}
    assert loaded(tmp_path / "a.safetensors", tensors).scale == 4


def test_the_compact_network_is_the_paper_s_formula() -> None:
    # Convolutions that do nothing: what is left is every pixel, repeated.
    network = randomised(Compact(features=4, convolutions=1, scale=2), std=0)
    pixels = noise(5, 4)
    assert np.array_equal(through(network, pixels), pixels.repeat(2, 0).repeat(2, 1))


def test_an_esrgan_of_nothing_but_paths_around_is_its_last_layers() -> None:
    network = randomised(Esrgan(features=3, growth=2, blocks=2, ups=1, unshuffle=1), std=0)
    with torch.no_grad():
        for part in (network.conv_first, network.ups[0], network.conv_hr, network.conv_last):
            for channel in range(3):
                part.weight[channel, channel, 1, 1] = 1
    pixels = noise(6, 5)
    assert np.array_equal(through(network, pixels), pixels.repeat(2, 0).repeat(2, 1))


def test_shifted_windows_do_not_see_over_the_edge() -> None:
    """SwinIR's mask: within a window of the rolled picture, pixels of both edges are strangers."""
    mask = shift_mask(16, 24, 8)
    assert mask.shape == (6, 64, 64) and set(mask.unique().tolist()) == {-100.0, 0.0}
    assert not mask[0].any()  # no edge runs through the first window
    corner = mask[-1].reshape(8, 8, 8, 8)
    assert not corner[:4, :4, :4, :4].any() and (corner[:4, :4, 4:, :4] < 0).all() and (corner[0, 0, 0, 4:] < 0).all()


lengths = st.integers(1, 1500)


@given(lengths, st.integers(2, 200), st.integers(0, 100), st.sampled_from([1, 2, 4, 8]))
def test_shares_of_tiles_add_up_to_one_everywhere(length: int, tile: int, overlap: int, multiple: int) -> None:
    length, tile = -(-length // multiple) * multiple, -(-tile // multiple) * multiple
    overlap = min(overlap + 2 * multiple, tile // 2)
    if overlap < 2 * multiple:
        return
    total = np.zeros(length * 2, np.float32)
    for span in spans(length, tile, overlap, multiple):
        assert span.stop - span.start == min(tile, length) and span.start % multiple == 0
        first, last = span.used
        assert span.start <= first < last <= span.stop
        weights = span.weights(2)
        assert weights.min() >= 0
        total[2 * first : 2 * last] += weights
    assert np.allclose(total, 1, atol=1e-6)


def test_tiles_are_the_whole_where_the_network_sees_no_further_than_their_context(tmp_path: Path) -> None:
    # Four convolutions see 4 px; beside the part that is shown, a tile has 6.
    assert OVERLAP // 4 >= 4
    network = compact(2)
    upscaler = loaded(tmp_path / "a.safetensors", published(network))
    pixels = noise(TILE * 2 + 37, TILE + 11)
    assert upscaler.tiles(Size(TILE * 2 + 37, TILE + 11)) == 6
    difference = np.abs(upscaler.enlarge(pixels).astype(int) - through(network, pixels))
    assert difference.max() <= 1  # a sum in another order


@pytest.mark.parametrize(("make", "levels"), [(esrgan, 3), (swinir, 3)])
def test_tiles_are_nearly_the_whole_where_the_network_sees_further(tmp_path: Path, make: object, levels: int) -> None:
    network = make()  # type: ignore[operator]
    upscaler = loaded(tmp_path / "a.safetensors", published(network))
    height, width = 24, TILE + 40
    rows, columns = np.mgrid[:height, :width]
    pixels = np.dstack([128 + 100 * np.sin(columns / (7 + c)) * np.cos(rows / 9) for c in range(3)]).astype(np.uint8)
    assert upscaler.tiles(Size(width, height)) == 2
    difference = np.abs(upscaler.enlarge(pixels).astype(int) - through(network, pixels, upscaler.multiple))
    assert difference.max() <= levels


def test_the_network_runs_until_the_size_is_covered_and_lanczos_does_the_rest(tmp_path: Path) -> None:
    upscaler = loaded(tmp_path / "a.safetensors", published(compact(2)))
    image = Image.fromarray(noise(20, 14))
    twice = Image.fromarray(upscaler.enlarge(upscaler.enlarge(np.asarray(image))))
    told: list[tuple[int, int]] = []
    made = by_network(image, Size(61, 40), upscaler, lambda done, tiles: told.append((done, tiles)))
    assert made.tobytes() == resample(twice, Size(61, 40)).tobytes()
    assert told == [(1, 2), (2, 2)]
    assert by_network(image, Size(80, 56), upscaler).tobytes() == twice.tobytes()


def test_a_network_that_keeps_the_size_runs_once(tmp_path: Path) -> None:
    network = swinir("none", 1)
    upscaler = loaded(tmp_path / "a.safetensors", published(network))
    pixels = noise(16, 16)
    once = Image.fromarray(through(network, pixels, 8))
    assert by_network(Image.fromarray(pixels), Size(16, 16), upscaler).tobytes() == once.tobytes()
    assert (
        by_network(Image.fromarray(pixels), Size(30, 30), upscaler).tobytes() == resample(once, Size(30, 30)).tobytes()
    )


def test_greys_stay_grey_and_single_channels_go_by_lanczos(tmp_path: Path) -> None:
    upscaler = loaded(tmp_path / "a.safetensors", published(esrgan()))
    grey = Image.fromarray(noise(12, 12)).convert("L")
    made = np.asarray(by_network(grey.convert("RGB"), Size(48, 48), upscaler))
    assert (made == made[..., :1]).all() and made.std() > 1
    colours = np.asarray(by_network(Image.fromarray(noise(12, 12)), Size(48, 48), upscaler))
    assert not (colours == colours[..., :1]).all()
    assert by_network(grey, Size(48, 48), upscaler).tobytes() == resample(grey, Size(48, 48)).tobytes()


def test_what_would_be_too_large_on_the_way_is_refused(tmp_path: Path) -> None:
    upscaler = loaded(tmp_path / "eight.safetensors", published(esrgan(ups=3)))
    picture, size = Image.new("RGB", (4200, 2100)), Size(4201, 2101)
    with pytest.raises(RequestError, match="^resize_upscaler: 'eight' would make 33600x16800 .*take 'lanczos'"):
        by_network(picture, size, upscaler)
    file = UpscalerFile("eight", tmp_path, "esrgan", 8)
    with pytest.raises(RequestError, match="^hires_upscaler: 'eight' would"):
        upscale_with("hires_upscaler", "eight", file, lambda file: upscaler, lambda done, tiles: None)(picture, size)


def test_stopping_stops_between_tiles(tmp_path: Path) -> None:
    upscaler = loaded(tmp_path / "a.safetensors", published(compact(2)))
    seen: list[int] = []

    def told(done: int) -> None:
        seen.append(done)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upscaler.enlarge(noise(TILE * 3, 8), told)
    assert seen == [1, 2]


def test_upscalers_are_found_where_other_programs_keep_them(tmp_path: Path) -> None:
    models = tmp_path / "webui" / "models"
    (models / "Stable-diffusion").mkdir(parents=True)
    saved(models / "ESRGAN" / "RealESRGAN_x4plus.safetensors", published(esrgan()))
    saved(models / "SwinIR" / "SwinIR_4x.safetensors", published(swinir()))
    save_file({"a": torch.zeros(1)}, models / "ESRGAN" / "other.safetensors")
    save_file({"a": torch.zeros(1)}, models / "Stable-diffusion" / "other.safetensors")
    torch.save({"params_ema": published(compact())}, models / "ESRGAN" / "4x-old.pth")
    for folder in (tmp_path / "webui", models / "Stable-diffusion"):
        library = scan_upscalers([folder])
        assert {"RealESRGAN_x4plus", "SwinIR_4x"} == {one.name for one in library.upscalers if one.scale}
        for word in ("realesrgan_x4plus", "R-ESRGAN 4x+", "ESRGAN/RealESRGAN_x4plus", "RealESRGAN_x4plus.safetensors"):
            found = library.find(word)
            assert found is not None and found.name == "RealESRGAN_x4plus"
        with pytest.raises(ModelFileError, match=r"is a pickle.*pentimento convert .*4x-old\.pth"):
            library.find("4x-old")
        if find_spec("spandrel") is None:
            with pytest.raises(ModelFileError, match=r"no ESRGAN, Real-ESRGAN or SwinIR.*pentimento\[upscale\]"):
                library.find("other")
        assert library.find("nothing") is None


def test_upscalers_are_found_in_folders_that_were_added(tmp_path: Path) -> None:
    saved(tmp_path / "elsewhere" / "twice.safetensors", published(compact(2)))
    folders.add(tmp_path / "models", tmp_path / "elsewhere")
    assert "twice" in Studio(tmp_path / "models").upscalers.names


def strange(folder: Path) -> UpscalerFile:
    """A file in a folder of upscalers that is none of our networks."""
    folder.mkdir(parents=True)
    save_file({"a": torch.zeros(1)}, folder / "strange.safetensors")
    (found,) = [one for one in scan_upscalers([folder]).upscalers if one.name == "strange"]
    assert (found.architecture, found.scale) == ("spandrel", None)
    return found


def test_a_spandrel_without_its_torchvision_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "packages" / "spandrel"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import torchvision_that_is_not_here\n")
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.delitem(sys.modules, "spandrel", raising=False)
    file = strange(tmp_path / "DAT")
    with pytest.raises(ModelFileError, match=r"cannot be imported \(No module named .*torchvision.* made for torch 2"):
        load_upscaler(file, CPU, torch.float32)


def test_spandrel_reads_what_is_not_written_here(tmp_path: Path) -> None:
    spandrel = pytest.importorskip("spandrel")
    network = randomised(
        spandrel.architectures.DAT.DAT(
            img_size=16, embed_dim=32, split_size=[4, 4], depth=[2], num_heads=[2], expansion_factor=2.0, upscale=2
        )
    )
    (tmp_path / "DAT").mkdir()
    save_file(
        {name: one.contiguous() for name, one in network.state_dict().items()}, tmp_path / "DAT" / "a.safetensors"
    )
    (file,) = scan_upscalers([tmp_path]).upscalers
    upscaler = load_upscaler(file, CPU, torch.float32)
    assert (file.architecture, upscaler.scale) == ("spandrel", 2)
    assert upscaler.enlarge(noise(20, 12)).shape == (24, 40, 3)
    with pytest.raises(ModelFileError, match="no network that spandrel knows"):
        load_upscaler(strange(tmp_path / "HAT"), CPU, torch.float32)


def test_a_network_like_one_that_is_known_is_refused_by_what_differs(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors", {**published(compact()), "extra.weight": torch.zeros(2)})
    with pytest.raises(ModelFileError, match="like compact, but not the same"):
        load_upscaler(file, CPU, torch.float32)
    shapes = {name: tuple(tensor.shape) for name, tensor in published(esrgan()).items()}
    assert kind_of({**shapes, "body.0.rdb1.conv1x1.weight": (4, 8, 1, 1)}) is None  # ESRGAN+
    assert kind_of({**shapes, "conv_last.weight": (1, 8, 3, 3)}) is None  # greys alone
    assert kind_of({"conv_first.weight": (64, 3, 3, 3)}) is None
    assert kind_of({**shapes, "body.999999999.rdb1.conv1.weight": (4, 8, 3, 3)}) is None  # a header that lies


@pytest.mark.parametrize("nest", ["params_ema", "state_dict", None])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_converted_to_the_same_tensors(tmp_path: Path, nest: str | None, zipped: bool) -> None:
    tensors = published(esrgan())
    source, target = tmp_path / "old.pth", tmp_path / "old.safetensors"
    kept = {**tensors, "iterations": 5}
    torch.save({nest: kept, "params": {}} if nest else kept, source, _use_new_zipfile_serialization=zipped)
    assert convert(source, target) == len(tensors)
    again = load_file(target)
    assert again.keys() == tensors.keys() and all(torch.equal(again[name], tensors[name]) for name in tensors)
    with pytest.raises(ModelFileError, match="there already"):
        convert(source, target)


class Hostile:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.write_text, (self.path, "owned"))


def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    trace, source = tmp_path / "trace", tmp_path / "bad.pth"
    torch.save({"a": torch.zeros(1), "b": Hostile(trace)}, source)
    with pytest.raises(ModelFileError, match="holds more than tensors"):
        convert(source, tmp_path / "bad.safetensors")
    assert not trace.exists() and not (tmp_path / "bad.safetensors").exists()
    (tmp_path / "text.pth").write_text("no pickle at all")
    with pytest.raises(ModelFileError, match="no file of PyTorch|more than tensors"):
        convert(tmp_path / "text.pth", tmp_path / "text.safetensors")
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(ModelFileError, match="no tensors by name"):
        convert(tmp_path / "list.pth", tmp_path / "list.safetensors")


def test_half_precision_that_overflows_is_repeated_in_single() -> None:
    class Overflows(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = torch.nn.Parameter(torch.tensor(70000.0))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return functional.interpolate(x * self.factor / self.factor, scale_factor=2, mode="nearest")

    network = Overflows().half()
    upscaler = Upscaler("a", network, network, 2, 1, CPU, torch.float16)
    network.factor.data = torch.tensor(70000.0).half()  # infinite, as such a network's middle would be
    assert not bool(network(torch.ones(1, 3, 2, 2).half()).isfinite().all())
    network.float()
    network.factor.data = torch.tensor(70000.0)
    pixels = noise(8, 8)
    assert np.array_equal(upscaler.enlarge(pixels), pixels.repeat(2, 0).repeat(2, 1))


def test_headers_alone_tell(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors", published(esrgan()))
    assert kind_of(read_header(file.path).shapes) is not None
