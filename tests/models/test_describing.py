"""Pictures described by tiny random models of the real classes: found, prepared, loaded, refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers

import pentimento as pm
from pentimento.cli.main import main
from pentimento.models.captioners import files_to_fetch, find_captioner, scan_captioners
from pentimento.models.describing import Preparation

SOURCE = str(Path(__file__).parents[1] / "golden" / "inputs" / "astro_128.png")
WORDS = ["[PAD]", "[BOS]", "[SEP]", *(f"word{number}" for number in range(29))]
BLIP = {"do_resize": True, "size": {"height": 32, "width": 32}, "resample": 3, "image_mean": [0.48, 0.46, 0.41]}
BLIP |= {"image_std": [0.27, 0.26, 0.28], "do_normalize": True, "rescale_factor": 1 / 255}
CLIP = {**BLIP, "size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32}, "do_center_crop": True}
VIT = {"do_resize": True, "size": 32, "resample": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}


def blip() -> Any:
    text = {"vocab_size": 32, "hidden_size": 16, "encoder_hidden_size": 16, "intermediate_size": 32}
    text |= {"num_hidden_layers": 2, "num_attention_heads": 2, "projection_dim": 16, "max_position_embeddings": 64}
    text |= {"bos_token_id": 1, "sep_token_id": 2, "eos_token_id": 2, "pad_token_id": 0}
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision |= {"image_size": 32, "patch_size": 8}
    config = transformers.BlipConfig(text_config=text, vision_config=vision, projection_dim=16)
    return transformers.BlipForConditionalGeneration(config)


def git() -> Any:
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.GitConfig(
        vision_config={**vision, "image_size": 32, "patch_size": 8},
        vocab_size=32,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    return transformers.GitForCausalLM(config)


def vit_gpt2() -> Any:
    encoder = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8
    )
    decoder = transformers.GPT2Config(
        vocab_size=32, n_positions=64, n_embd=16, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=2, pad_token_id=0
    )
    config = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 1, 0, 2
    return transformers.VisionEncoderDecoderModel(config)


KINDS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "blip": (blip, BLIP),
    "git": (git, CLIP),
    "vision-encoder-decoder": (vit_gpt2, VIT),
}


def made(folder: Path, kind: str = "blip") -> Path:
    """Write a model as a repository of the hub holds it."""
    make, preparation = KINDS[kind]
    torch.manual_seed(4)
    network = make()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    network.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="[BOS]", eos_token="[SEP]", pad_token="[PAD]", unk_token="[PAD]"
    )
    fast.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(preparation))
    return folder


@pytest.fixture(scope="module")
def blip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("captions") / "tiny-blip")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_describes_and_says_the_same_again(tmp_path: Path, kind: str) -> None:
    folder = made(tmp_path / "models" / "tiny", kind)
    studio = pm.Studio([tmp_path / "models"], device="cpu", dtype="float32")
    assert [(one.name, one.kind) for one in studio.captioners] == [("tiny", kind)]
    text = studio.describe(SOURCE, most_tokens=6)
    said = text.split()
    assert 1 <= len(said) <= 6 and set(said) <= set(WORDS[3:])
    assert studio.describe(SOURCE, most_tokens=6) == text
    assert pm.Studio(device="cpu", dtype="float32").describe(SOURCE, str(folder), most_tokens=6) == text
    library: Any = transformers
    pixels = Preparation.read(KINDS[kind][1])(Image.open(SOURCE).convert("RGB"))
    network = library.AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        tokens = network.generate(pixel_values=pixels, max_new_tokens=6, num_beams=3, do_sample=False)
    words = library.AutoTokenizer.from_pretrained(folder).decode(tokens[0], skip_special_tokens=True)
    assert text == " ".join(words.split())


def test_the_picture_decides_what_is_said(blip_folder: Path) -> None:
    studio = pm.Studio(device="cpu", dtype="float32")
    rng = np.random.default_rng(2)
    pictures = [Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)) for _ in range(6)]
    said = {studio.describe(picture, str(blip_folder), most_tokens=12) for picture in pictures}
    assert len(said) > 1
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    white = Image.new("RGB", (40, 40), "white")
    assert studio.describe(clear, str(blip_folder)) == studio.describe(white, str(blip_folder))


@pytest.mark.parametrize("size", [(128, 128), (100, 60), (41, 77), (32, 32)])
@pytest.mark.parametrize(("name", "config"), [("Blip", BLIP), ("CLIP", CLIP), ("ViT", VIT)])
def test_pictures_are_prepared_as_the_library_s_own_classes_do_it(
    name: str, config: dict[str, Any], size: tuple[int, int]
) -> None:
    from importlib import import_module

    module = import_module(f"transformers.models.{name.lower()}.image_processing_pil_{name.lower()}")
    processor = getattr(module, f"{name}ImageProcessorPil")(**config)
    image = Image.open(SOURCE).convert("RGB").resize(size)
    wanted = np.asarray(processor(image, return_tensors="np")["pixel_values"])
    ours = Preparation.read(config)(image).numpy()
    assert ours.shape == wanted.shape and np.abs(ours - wanted).max() < 1e-5


def test_without_a_model_it_says_how_to_get_one() -> None:
    with pytest.raises(pm.ModelNotFoundError, match=r"no model that describes pictures.*--download.*model folders"):
        pm.Studio().describe(SOURCE)
    with pytest.raises(pm.ModelNotFoundError, match=r"is called 'nothing'; found: none; get one"):
        find_captioner("nothing", (), allow_download=False)
    with pytest.raises(pm.ModelNotFoundError, match=r"'some/model' is not on this machine.*--download"):
        find_captioner("some/model", (), allow_download=False)


def test_what_cannot_be_used_is_refused_by_what_it_is(blip_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(pm.ModelFileError, match="of kind llama; expected one of blip, git"):
        find_captioner(str(tmp_path), (), allow_download=False)
    (tmp_path / "config.json").write_text('{"model_type": "blip"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(pm.ModelFileError, match=r"no model\.safetensors; convert it once: pentimento convert .*\.bin"):
        find_captioner(str(tmp_path), (), allow_download=False)
    assert scan_captioners([tmp_path]) == ()
    (found,) = scan_captioners([blip_folder.parent])
    (tmp_path / "model.safetensors").write_bytes((blip_folder / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(pm.ModelFileError, match="cut short"):
        pm.Studio(device="cpu").describe(SOURCE, str(tmp_path))
    for file in blip_folder.glob("*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    save_file(dict(list(load_file(blip_folder / "model.safetensors").items())[3:]), tmp_path / "model.safetensors")
    with pytest.raises(pm.ModelFileError, match="lacks [1-9] tensors of its network"):
        pm.Studio(device="cpu").describe(SOURCE, str(tmp_path))
    assert find_captioner("TINY-BLIP", (found,), allow_download=False) == found


def test_no_pickle_is_fetched() -> None:
    files = ["config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5", "vocab.txt", "modeling_own.py"]
    assert files_to_fetch(files) == ["config.json", "model.safetensors", "vocab.txt"]


def test_a_converted_pickle_describes_as_before(blip_folder: Path, tmp_path: Path) -> None:
    studio = pm.Studio(device="cpu", dtype="float32")
    for file in blip_folder.iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save(load_file(blip_folder / "model.safetensors"), tmp_path / "pytorch_model.bin")
    assert main(["convert", str(tmp_path / "pytorch_model.bin")]) == 0
    assert studio.describe(SOURCE, str(tmp_path)) == studio.describe(SOURCE, str(blip_folder))


def test_the_command_says_what_the_library_does(blip_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = pm.Studio(device="cpu", dtype="float32").describe(SOURCE, str(blip_folder))
    flags = ["--models", str(blip_folder.parent), "--device", "cpu", "--dtype", "float32"]
    assert main(["describe", SOURCE, *flags]) == 0
    assert capsys.readouterr().out.strip() == text
    assert main(["describe", SOURCE, "--json", *flags]) == 0
    assert json.loads(capsys.readouterr().out) == {"description": text}
    assert main(["describe", SOURCE, "--model", "some/model"]) == 3
