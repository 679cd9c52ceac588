"""Tiny decoders for previews: they draw as diffusers does, are known by their headers, and change no picture."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny
from PIL import Image
from safetensors.torch import load_file, save_file

import pentimento as pm
from pentimento.errors import ModelFileError, ModelNotFoundError, RequestError
from pentimento.models.detect import detect
from pentimento.models.hashes import content_hash
from pentimento.models.previews import PREVIEW_METHODS, decoder_for, open_decoder, scan_preview_decoders
from pentimento.models.sketching import SHARE, Sketch, load_tiny

GOLDEN = Path(__file__).parents[1] / "golden"
MODEL = GOLDEN / "model" / "tiny_sd15"
BUILTIN = Path(pm.__file__).parent / "models" / "builtin"
CPU = torch.device("cpu")
WEIGHTS = "diffusion_pytorch_model.safetensors"


def new_tiny(blocks: tuple[int, ...] = (1, 2, 0, 1)) -> AutoencoderTiny:
    torch.manual_seed(5)
    made: Any = AutoencoderTiny(
        encoder_block_out_channels=(4,) * 4,
        num_encoder_blocks=(0,) * 4,
        decoder_block_out_channels=(8,) * len(blocks),
        num_decoder_blocks=blocks,
    )
    return made.eval()


def save_as_published(tiny: Any, path: Path) -> None:
    """Write the decoder as TAESD's author does: its layers alone, counted with the one that has no weights."""
    state = {}
    for name, tensor in tiny.decoder.layers.state_dict().items():
        number, _, rest = name.partition(".")
        state[f"{int(number) + 1}.{rest}"] = tensor
    save_file(state, str(path))


def latents(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2)) * 2


def wanted(tiny: Any, given: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        picture = tiny.decode(given[:1]).sample[0]
    return (picture.add(1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


@pytest.mark.parametrize("blocks", [(1, 2, 0, 1), (3, 3, 3, 1), (1, 1)])
def test_every_layout_draws_what_diffusers_decodes(tmp_path: Path, blocks: tuple[int, ...]) -> None:
    tiny = new_tiny(blocks)
    tiny.save_pretrained(tmp_path / "tiny")
    shutil.copyfile(tmp_path / "tiny" / WEIGHTS, tmp_path / "alone.safetensors")
    save_as_published(tiny, tmp_path / "published.safetensors")
    given = latents(2, 4, 5, 7)
    for path in (tmp_path / "tiny", tmp_path / "alone.safetensors", tmp_path / "published.safetensors"):
        drawn = load_tiny(open_decoder(path), CPU, torch.float32)(given)
        assert np.abs(drawn.astype(int) - wanted(tiny, given)).max() <= 1


def test_decoders_are_found_beside_models_and_go_with_the_family_of_their_name(tmp_path: Path) -> None:
    (tmp_path / "models" / "VAE-approx").mkdir(parents=True)
    (tmp_path / "models" / "Stable-diffusion").mkdir()
    save_as_published(new_tiny(), tmp_path / "models" / "VAE-approx" / "taesd_decoder.safetensors")
    new_tiny().save_pretrained(tmp_path / "models" / "VAE-approx" / "taesdxl")
    found = scan_preview_decoders([tmp_path / "models" / "Stable-diffusion"])
    assert {one.path.parent.name: set(one.families) for one in found} == {
        "VAE-approx": {"sd1", "sd2"},
        "taesdxl": {"sdxl"},
    }
    chosen = decoder_for(detect(MODEL), found)
    assert chosen is not None
    assert chosen.path.name == "taesd_decoder.safetensors"
    with pytest.raises(ModelFileError, match="is a decoder for previews; expected a checkpoint"):
        detect(chosen.path)


def studio_with(tmp_path: Path, preview: str, *, own: bool = True) -> pm.Studio:
    folder = tmp_path / "models" / "tiny_sd15"
    if not folder.exists():
        shutil.copytree(MODEL, folder)
    if own:
        new_tiny().save_pretrained(folder / "preview_decoder")
    return pm.Studio(
        [folder.parent], "tiny_sd15", "cpu", "float32", data=tmp_path / "data", paths=False, preview=preview
    )


def run(studio: pm.Studio) -> tuple[bytes, list[Image.Image]]:
    shown: list[Image.Image] = []
    request = pm.Request(prompt="a red circle", width=64, height=64, steps=3, seed=3, sampler="euler_a")
    made = studio.run(request, lambda event: shown.append(event.preview()) if event.preview else None)
    return made.images[0].tobytes(), shown


def test_previews_are_shown_by_every_method_and_change_no_picture(tmp_path: Path) -> None:
    sizes = {"auto": (64, 64), "cheap": (8, 8), "tiny": (64, 64), "full": (64, 64), "off": None}
    pictures: set[bytes] = set()
    for method in PREVIEW_METHODS:
        picture, shown = run(studio_with(tmp_path, method))
        pictures.add(picture)
        assert [one.size for one in shown] == ([] if sizes[method] is None else [sizes[method]] * 3)
        if method == "full":  # after the last step of this sampler nothing is left to be predicted
            last = np.asarray(shown[-1], int)
            assert np.abs(last - np.frombuffer(picture, np.uint8).reshape(last.shape)).max() <= 1
    assert len(pictures) == 1


def test_a_decoder_for_previews_is_no_part_of_the_models_hash(tmp_path: Path) -> None:
    studio_with(tmp_path, "auto")
    assert content_hash(tmp_path / "models" / "tiny_sd15") == content_hash(MODEL)


def test_a_broken_decoder_is_refused_with_the_way_out(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, "auto")
    weights = tmp_path / "models" / "tiny_sd15" / "preview_decoder" / WEIGHTS
    whole = load_file(weights)
    short = {name: tensor for name, tensor in whole.items() if name != "decoder.layers.2.conv.2.bias"}
    save_file(short, str(weights))
    with pytest.raises(ModelFileError, match=r"cannot be used for previews: .*layers.2.conv.2.bias.*preview 'cheap'"):
        run(studio)
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelFileError, match="is cut short"):
        run(studio)
    save_file({"other": torch.zeros(1)}, str(weights))
    with pytest.raises(ModelFileError, match="is no decoder for previews; expected an AutoencoderTiny"):
        run(studio)
    assert run(studio_with(tmp_path, "cheap", own=False))[1]


def test_tiny_without_a_decoder_and_unknown_methods_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no decoder for previews of sd1 models"):
        run(studio_with(tmp_path, "tiny", own=False))
    with pytest.raises(RequestError, match="choices: auto, cheap, tiny, full, off"):
        pm.Studio(preview="best")


def test_a_preview_is_followed_by_fifty_times_its_own_time() -> None:
    times = iter([10.0, 10.5])
    sketch = Sketch(lambda given: np.zeros((1, 1, 3), np.uint8), clock=lambda: next(times))
    assert sketch.pause == 0
    sketch(latents(1, 4, 1, 1))
    assert sketch.pause == 0.5 / SHARE == 25
