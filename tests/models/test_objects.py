"""Detectors of transformers: real classes with tiny random weights, saved and read as any other."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

import pentimento as pm
from pentimento.models.objects import Found, ObjectFinder, find_detector

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


@pytest.fixture(scope="module")
def owlvit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("owlvit")
    torch.manual_seed(0)
    text = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.OwlViTConfig(
        text_config={**text, "vocab_size": 514, "bos_token_id": 512, "eos_token_id": 513, "pad_token_id": 0},
        vision_config={**text, "image_size": 64, "patch_size": 16},
        projection_dim=16,
    )
    transformers.OwlViTForObjectDetection(config).save_pretrained(folder)
    tokenizer = transformers.CLIPTokenizer(vocab=_letters(), merges=[])
    tokenizer.save_pretrained(folder)
    images = {"image_processor_type": "OwlViTImageProcessor", "size": {"height": 64, "width": 64}}
    (folder / "preprocessor_config.json").write_text(json.dumps({**images, "do_center_crop": False}))
    return folder


def _letters() -> dict[str, int]:
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = list(bytes_to_unicode().values())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return {word: number for number, word in enumerate(words)}


def test_words_are_found_by_a_detector_that_reads(owlvit: Path) -> None:
    finder = ObjectFinder(owlvit)
    found = finder.find(IMAGE, ("a face", "a hand"), 0.0)
    assert found
    assert {one.label for one in found} <= {"a face", "a hand"}
    assert all(one.left < one.right and one.top < one.bottom for one in found)
    with pytest.raises(pm.RequestError, match="^look_for: this detector looks for what it is told"):
        finder.find(IMAGE, (), 0.3)


def test_the_detail_pass_finds_and_paints(yolos: Path, tmp_path: Path) -> None:
    from pentimento.scripts import find_script, plan_script, run_script
    from pentimento.scripts.detail import DetailOptions

    models = Path(__file__).parents[1] / "golden" / "model"
    studio = pm.Studio(models=[models], model="tiny_sd15", dtype="float32", device="cpu", data=tmp_path)
    request = pm.Request(prompt="a face", init_image=IMAGE, steps=1, width=64, height=64, seed=4)
    options = DetailOptions(detector_model=str(yolos), confidence=0.0, max_count=2, max_area=0.5)
    script = find_script("detail")
    plan = plan_script(studio, script, request, options, look=True)
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
