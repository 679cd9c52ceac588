"""Detectors of transformers: real classes with tiny random weights, saved and read as any other."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_OBJECT_DETECTION_MAPPING_NAMES,
    MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING_NAMES,
)

import pentimento as pm
from pentimento.models.objects import KINDS, WORDS, Found, ObjectFinder, find_detector
from pentimento.scripts import find_script, plan_script, run_script
from pentimento.scripts.detail import DetailOptions
from pentimento.scripts.means import Eyes

IMAGE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 72, 3), np.uint8))
YOLOS_PIXELS = {"size": {"shortest_edge": 48, "longest_edge": 96}, "do_pad": False}


@pytest.fixture(scope="module")
def yolos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("yolos")
    torch.manual_seed(0)
    config = transformers.YolosConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[48, 72],
        patch_size=8,
        num_detection_tokens=12,
        id2label={0: "face", 1: "hand", 2: "foot"},
        label2id={"face": 0, "hand": 1, "foot": 2},
    )
    model = transformers.YolosForObjectDetection(config)
    with torch.no_grad():  # as it starts, all tokens are the same and say nothing
        model.vit.embeddings.detection_tokens.normal_()
        for layer in (*model.bbox_predictor.layers, *model.class_labels_classifier.layers):
            layer.weight.normal_(0, 0.3)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"image_processor_type": "YolosImageProcessor", **YOLOS_PIXELS})
    )
    return folder


def test_classes_are_found_in_pixels_of_the_picture(yolos: Path) -> None:
    finder = ObjectFinder(yolos)
    found = finder.find(IMAGE, (), 0.0)
    assert found
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert {one.label for one in found} <= {"face", "hand", "foot"}
    # The same by the classes themselves: softmax without "no object", centre and size in shares of the picture.
    model = transformers.YolosForObjectDetection.from_pretrained(yolos).eval()
    pixels = np.asarray(IMAGE, np.float32) / 255
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    normal = torch.tensor(((pixels - mean) / std).transpose(2, 0, 1)[np.newaxis], dtype=torch.float32)
    with torch.no_grad():
        outputs = model(pixel_values=normal)
    best = outputs.logits.softmax(-1)[0, :, :-1].max(-1)
    surest = int(best.values.argmax())
    x, y, w, h = outputs.pred_boxes[0, surest].tolist()
    assert found[0].label == model.config.id2label[int(best.indices[surest])]
    assert found[0].score == pytest.approx(float(best.values[surest]), abs=1e-3)
    edges = [(x - w / 2) * 72, (y - h / 2) * 48, (x + w / 2) * 72, (y + h / 2) * 48]
    assert [found[0].left, found[0].top, found[0].right, found[0].bottom] == pytest.approx(edges, abs=0.1)


def test_words_choose_classes_and_confidence_the_surest(yolos: Path) -> None:
    finder = ObjectFinder(yolos)
    found = finder.find(IMAGE, (), 0.0)
    label = found[0].label
    assert {one.label for one in finder.find(IMAGE, (label.upper(),), 0.0)} == {label}
    bound = (found[0].score + found[-1].score) / 2
    assert all(one.score > bound for one in finder.find(IMAGE, (), bound))
    with pytest.raises(pm.RequestError, match="^look_for: 'hnad' is not known; did you mean 'hand'"):
        finder.find(IMAGE, ("hnad",), 0.3)


def test_one_thing_found_twice_is_one() -> None:
    first = Found(0, 0, 10, 10, 0.9, "face")
    assert first.overlap(Found(0, 0, 10, 10, 0.5, "hand")) == 1
    assert first.overlap(Found(5, 0, 15, 10, 0.5, "face")) == pytest.approx(1 / 3)
    assert first.overlap(Found(10, 0, 20, 10, 0.5, "face")) == 0


@pytest.mark.parametrize("overlap", [0.5])
def test_boxes_that_are_given_back_differ(yolos: Path, overlap: float) -> None:
    found = ObjectFinder(yolos).find(IMAGE, (), 0.0)
    pairs = [(one, other) for index, one in enumerate(found) for other in found[index + 1 :]]
    assert all(one.overlap(other) <= overlap for one, other in pairs)


_TWO = {"id2label": {0: "face", 1: "hand"}, "label2id": {"face": 0, "hand": 1}}
_SMALL = {"encoder_layers": 1, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "num_queries": 6}
_HEADS = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
_RESNET = {"embedding_size": 8, "hidden_sizes": [8] * 4, "depths": [1] * 4, "layer_type": "basic"}
_TOWER = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
_SHORTEST, _SQUARE = {"shortest_edge": 64, "longest_edge": 96}, {"height": 64, "width": 64}


def _letters() -> dict[str, int]:
    letters = list(bytes_to_unicode().values())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return {word: number for number, word in enumerate(words)}


def _detr(folder: Path) -> dict[str, Any]:
    backbone = transformers.ResNetConfig(**_RESNET, out_features=["stage4"])
    config = transformers.DetrConfig(
        use_timm_backbone=False, backbone_config=backbone, d_model=16, decoder_layers=1, **_SMALL, **_HEADS, **_TWO
    )
    transformers.DetrForObjectDetection(config).save_pretrained(folder)
    return {"image_processor_type": "DetrImageProcessor", "size": _SHORTEST}


def _rt_detr(folder: Path) -> dict[str, Any]:
    backbone = transformers.RTDetrResNetConfig(**_RESNET, out_features=["stage2", "stage3", "stage4"])
    widths = {"d_model": 16, "encoder_hidden_dim": 16, "encoder_in_channels": [8] * 3, "decoder_in_channels": [16] * 3}
    config = transformers.RTDetrConfig(
        backbone_config=backbone, num_denoising=0, decoder_layers=1, **widths, **_SMALL, **_HEADS, **_TWO
    )
    transformers.RTDetrForObjectDetection(config).save_pretrained(folder)
    return {"image_processor_type": "RTDetrImageProcessor", "size": _SQUARE}


def _owl(folder: Path, version: str) -> dict[str, Any]:
    words = {"vocab_size": 514, "bos_token_id": 512, "eos_token_id": 513, "pad_token_id": 0}
    sees = {"image_size": 64, "patch_size": 16}
    library: Any = transformers
    config = getattr(library, f"{version}Config")(
        text_config={**_TOWER, **words}, vision_config={**_TOWER, **sees}, projection_dim=16
    )
    getattr(library, f"{version}ForObjectDetection")(config).save_pretrained(folder)
    transformers.CLIPTokenizer(vocab=_letters(), merges=[]).save_pretrained(folder)
    return {"image_processor_type": f"{version}ImageProcessor", "size": _SQUARE}


def _grounding_dino(folder: Path) -> dict[str, Any]:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", "a", "face", "hand"]
    backbone = transformers.SwinConfig(
        image_size=64,
        patch_size=4,
        embed_dim=8,
        depths=[1] * 4,
        num_heads=[1] * 4,
        window_size=4,
        out_features=["stage2", "stage3", "stage4"],
    )
    text = transformers.BertConfig(vocab_size=len(words), **_TOWER)
    config = transformers.GroundingDinoConfig(
        backbone_config=backbone, text_config=text, d_model=32, decoder_layers=2, max_text_len=16, **_SMALL, **_HEADS
    )
    transformers.GroundingDinoForObjectDetection(config).save_pretrained(folder)
    transformers.BertTokenizer(vocab={word: number for number, word in enumerate(words)}).save_pretrained(folder)
    processor = {"processor_class": "GroundingDinoProcessor", "image_processor_type": "GroundingDinoImageProcessor"}
    return {**processor, "size": _SHORTEST}


TINY: dict[str, Callable[[Path], dict[str, Any]]] = {
    "detr": _detr,
    "rt_detr": _rt_detr,
    "owlvit": partial(_owl, version="OwlViT"),
    "owlv2": partial(_owl, version="Owlv2"),
    "grounding-dino": _grounding_dino,
}


@pytest.mark.parametrize("name", TINY)
def test_every_kind_is_read_from_its_folder_and_finds(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(TINY[name](tmp_path)))
    finder = ObjectFinder(tmp_path)
    assert finder.kind is KINDS[name]
    reads = finder.kind is WORDS
    words = ("a face", "a hand") if reads else ()
    found = finder.find(IMAGE, words, 0.0)
    assert found
    assert found == finder.find(IMAGE, words, 0.0)
    assert all(one.left < one.right and one.top < one.bottom and 0 <= one.score <= 1 for one in found)
    if not reads:
        assert {one.label for one in found} <= {"face", "hand"}
    elif name.startswith("owl"):
        assert {one.label for one in found} <= set(words)
    if reads:
        with pytest.raises(pm.RequestError, match="^look_for: this detector looks for what it is told"):
            finder.find(IMAGE, (), 0.3)


def test_kinds_are_types_that_transformers_has() -> None:
    known = {**MODEL_FOR_OBJECT_DETECTION_MAPPING_NAMES, **MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING_NAMES}
    assert set(KINDS) <= set(known)
    assert all((KINDS[name] is WORDS) == (name in MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING_NAMES) for name in KINDS)


def test_the_detail_pass_finds_and_paints(yolos: Path, tmp_path: Path) -> None:
    models = Path(__file__).parents[1] / "golden" / "model"
    studio = pm.Studio(models=[models], model="tiny_sd15", dtype="float32", device="cpu", data=tmp_path)
    request = pm.Request(prompt="a face", init_image=IMAGE, steps=1, width=64, height=64, seed=4)
    options = DetailOptions(detector_model=str(yolos), confidence=0.0, max_count=2, max_area=0.5)
    script = find_script("detail")
    plan = plan_script(studio, script, request, options, look=Eyes(studio))
    assert len(plan.runs) == 2
    result = run_script(studio, plan_script(studio, script, request, options))
    assert [run.plan.layout for run in result.runs] == [run.layout for run in plan.runs]
    (file,) = result.save(tmp_path / "detail.png")
    # The detector is not needed any more.
    again = pm.rerun(pm.Studio(models=[models], dtype="float32", device="cpu", data=tmp_path), file)
    assert again.images[0].tobytes() == result.images[0].tobytes()


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"model_type": "clip"}, "is a model of type 'clip', no detector that is known here"),
        ({"model_type": "yolos"}, "is no detector that can be used here: .*safetensors"),
        ({"model_type": "nonesuch"}, "is no detector that can be used here"),
    ],
)
def test_what_is_no_detector_is_refused(tmp_path: Path, config: dict[str, Any], told: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(pm.ModelError, match=told):
        ObjectFinder(find_detector(str(tmp_path)))


def test_nothing_is_fetched_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(pm.ModelNotFoundError, match="is not on this machine; allow downloads"):
        find_detector("nobody/no-such-detector")
    with pytest.raises(pm.ModelNotFoundError, match="no folder of a detector, and no hub id"):
        find_detector(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    assert find_detector(str(tmp_path)) == tmp_path
    with pytest.raises(pm.ModelNotFoundError):
        find_detector(str(tmp_path), allow_paths=False)
