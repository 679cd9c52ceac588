"""ADetailer in `alwayson_scripts`: its arguments as passes of `detail`, in process and over HTTP."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

import pentimento as pm
from pentimento.recipe import open_recipe
from pentimento.scripts.detail import DetailOptions
from pentimento.server import sdapi
from pentimento.server.sdapi.adetailer import DEFAULTS, Detectors, read_adetailer
from pentimento.server.sdapi.scripts import script_info

from ..models.test_objects import yolos as yolos  # a fixture: a real detector with tiny random weights
from .conftest import GOLDEN, Live, live

FACE = "face_yolov8n.pt"
SEEN = Detectors({FACE: ("owner/faces", "a face")})
SOURCE = base64.b64encode((GOLDEN / "inputs" / "astro_128.png").read_bytes()).decode()


def body(*arguments: Any, **more: Any) -> dict[str, Any]:
    told = {"prompt": "a man", "steps": 1, "seed": 5, "width": 128, "height": 128, "sampler_name": "Euler"}
    return {**told, "init_images": [SOURCE], "alwayson_scripts": {"ADetailer": {"args": list(arguments)}}, **more}


def read(*arguments: Any, endpoint: str = "txt2img") -> DetailOptions | None:
    return read_adetailer(endpoint, body(*arguments), SEEN)


def one(**tab: Any) -> DetailOptions:
    found = read({"ad_model": FACE, **tab})
    assert found is not None
    return found


def pictures(reply: dict[str, Any]) -> list[np.ndarray]:
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")) for text in reply["images"]]


def test_a_tab_is_a_pass() -> None:
    found = one(
        ad_model_classes="face, hand",
        ad_prompt="[PROMPT], sharp [SEP] [SKIP]",
        ad_negative_prompt="blurry",
        ad_confidence=0.5,
        ad_mask_k_largest=2,
        ad_mask_min_ratio=0.1,
        ad_mask_max_ratio=0.9,
        ad_dilate_erode=-4,
        ad_mask_merge_invert="Merge and Invert",
        ad_denoising_strength=0.6,
    )
    assert (found.detector, found.detector_model, found.look_for) == ("objects", "owner/faces", ("face", "hand"))
    assert (found.detail_prompt, found.detail_negative_prompt) == ("[PROMPT], sharp [SEP] [SKIP]", "blurry")
    assert (found.confidence, found.max_count, found.min_area, found.max_area) == (0.5, 2, 0.1, 0.9)
    assert (found.grow, found.merge, found.detail_denoising_strength) == (-4, "all_the_rest", 0.6)
    assert (found.paint_first, found.then) == (True, ())


def test_what_is_left_out_is_adetailers_default() -> None:
    short, whole = one(), one(**{name: value for name, value in DEFAULTS.items() if name != "ad_model"})
    assert short.model_dump() == whole.model_dump()
    assert (short.look_for, short.confidence, short.grow, short.detail_denoising_strength) == (("a face",), 0.3, 4, 0.4)
    assert short.detail_fields == "masked_content=original mask_blur=4,4 only_masked_padding=32"


@pytest.mark.parametrize(
    ("tab", "fields"),
    [
        ({"ad_steps": 40, "ad_cfg_scale": 3.0, "ad_sampler": "Euler a", "ad_inpaint_width": 64}, ""),
        ({"ad_use_steps": True, "ad_steps": 40}, "steps=40"),
        ({"ad_use_cfg_scale": True}, "cfg_scale=7"),
        ({"ad_use_noise_multiplier": True, "ad_noise_multiplier": 0.9}, "noise_multiplier=0.9"),
        ({"ad_use_clip_skip": True, "ad_clip_skip": 2}, "clip_skip=2"),
        ({"ad_use_inpaint_width_height": True, "ad_inpaint_height": 768}, "width=512 height=768"),
        ({"ad_inpaint_only_masked": False}, "inpaint_area=whole_picture width=none height=none"),
        ({"ad_use_sampler": True}, "sampler=dpmpp_2m schedule=karras"),
        ({"ad_use_sampler": True, "ad_sampler": "Euler a"}, "sampler=euler_a"),
        ({"ad_use_sampler": True, "ad_sampler": "Euler", "ad_scheduler": "Beta"}, "sampler=euler schedule=beta"),
        ({"ad_use_sampler": True, "ad_sampler": "Use same sampler"}, ""),
        ({"ad_use_checkpoint": True, "ad_checkpoint": "Use same checkpoint", "ad_use_vae": True, "ad_vae": None}, ""),
    ],
)
def test_fields_of_details(tab: dict[str, Any], fields: str) -> None:
    plain = "masked_content=original mask_blur=4,4 only_masked_padding=32"
    assert one(**tab).detail_fields == f"{plain} {fields}".strip()


def test_tabs_follow_one_another_and_switches_stand_before_them() -> None:
    tabs = [{"ad_model": FACE}, {"ad_model": "None"}, {"ad_model": "mask", "ad_prompt": "a hand"}]
    found = read(True, False, *tabs, endpoint="img2img")
    assert found is not None
    assert [each.detector for each in (found, *found.then)] == ["objects", "mask"]
    assert found.then[0].detail_prompt == "a hand"
    skipped = read(True, True, *tabs, endpoint="img2img")
    made = read(True, True, *tabs)
    assert skipped is not None and made is not None
    assert (found.paint_first, skipped.paint_first, made.paint_first) == (True, False, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (False,),
        (False, False, {"ad_model": FACE}),
        (True, {"ad_model": "None"}),
        (True, {"ad_model": FACE, "ad_tab_enable": False}),
        (True, {}),
    ],
)
def test_off(arguments: tuple[Any, ...]) -> None:
    assert read(*arguments) is None


@pytest.mark.parametrize(
    ("tab", "field", "told"),
    [
        ({"ad_model": "hand_yolov8n.pt"}, "ad_model", "is a pickle, which is never opened here; start the server with"),
        ({"ad_model": "mediapipe_face_full"}, "ad_model", "cannot be used here"),
        ({"ad_model": "/etc/detector"}, "ad_model", "no hub id"),
        ({"ad_x_offset": 4}, "ad_x_offset", "masks are not moved"),
        ({"ad_y_offset": -1}, "ad_y_offset", "masks are not moved"),
        ({"ad_mask_filter_method": "Confidence"}, "ad_mask_filter_method", "give 'Area'"),
        ({"ad_restore_face": True}, "ad_restore_face", "leave it out"),
        ({"ad_controlnet_model": "openpose"}, "ad_controlnet_model", "ControlNet"),
        ({"ad_use_checkpoint": True, "ad_checkpoint": "other"}, "ad_checkpoint", "give 'Use same checkpoint'"),
        ({"ad_use_vae": True, "ad_vae": "other"}, "ad_vae", "give 'Use same VAE'"),
        ({"ad_denoise": 1}, "ad_denoise", "not known here"),
        ({"ad_confidence": 2}, "ad_confidence", "at most 1"),
        ({"ad_denoising_strength": "much"}, "ad_denoising_strength", "cannot be taken"),
        ({"ad_mask_merge_invert": "Both"}, "ad_mask_merge_invert", "Merge and Invert"),
        ({"ad_use_steps": True, "ad_steps": 0}, "ad_steps", "0 is too small"),
        ({"ad_mask_blur": -1}, "ad_mask_blur", "must lie between 0 and"),
    ],
)
def test_what_has_no_meaning_here_is_refused_by_its_name(tab: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(pm.RequestError, match=told) as refused:
        one(**tab)
    assert refused.value.field == field


def test_it_is_told_with_its_defaults() -> None:
    rows = [info for info in script_info() if info["name"] == "adetailer"]
    assert [(row["is_alwayson"], row["is_img2img"]) for row in rows] == [(True, False), (True, True)]
    assert rows[0]["args"][2]["value"] == DEFAULTS
    assert json.loads(json.dumps(rows)) == rows


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> pm.Studio:
    data = tmp_path_factory.mktemp("data")
    return pm.Studio(models=[GOLDEN / "model"], model="tiny_sd15", dtype="float32", device="cpu", data=data)


def test_parts_of_the_mask_and_nothing_else(studio: pm.Studio) -> None:
    mask = Image.new("L", (128, 128))
    for box in ((20, 20, 50, 50), (80, 70, 110, 100)):
        mask.paste(255, box)
    file = io.BytesIO()
    mask.save(file, "PNG")
    tab = {"ad_model": "mask", "ad_prompt": "a red ball", "ad_mask_blur": 0, "ad_dilate_erode": 0}
    asked = body(True, True, tab, mask=base64.b64encode(file.getvalue()).decode(), denoising_strength=0.9)
    reply = sdapi.answer(studio, "img2img", asked)
    (after,) = pictures(reply)
    with Image.open(GOLDEN / "inputs" / "astro_128.png") as source:
        changed = (after != np.asarray(source.convert("RGB"))).any(-1)
    painted = np.asarray(mask) > 0
    assert changed[20:50, 20:50].any() and changed[70:100, 80:110].any()
    assert not changed[~painted].any()
    told = json.loads(reply["info"])
    assert (told["prompt"], told["all_seeds"]) == ("a man", [5])
    assert "Detail 2: " in told["infotexts"][0] and "a red ball" in told["infotexts"][0]
    with pytest.raises(pm.RequestError, match="^script_name: a script cannot run with ADetailer"):
        sdapi.answer(studio, "img2img", {**asked, "script_name": "Loopback"})


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory, yolos: Path) -> Iterator[Live]:
    """A server with a detector by ADetailer's name, and a VAE beside its models."""
    models = tmp_path_factory.mktemp("models")
    (models / "tiny_sd15").symlink_to(GOLDEN / "model" / "tiny_sd15")
    (models / "VAE").mkdir()
    state = load_file(GOLDEN / "model" / "tiny_sd15" / "vae" / "diffusion_pytorch_model.safetensors")
    save_file({name: tensor * np.float32(1.2) for name, tensor in state.items()}, models / "VAE" / "loud.safetensors")
    flags = ["--device", "cpu", "--dtype", "float32", "--models", str(models), "--model", "tiny_sd15"]
    with live(tmp_path_factory.mktemp("data"), [*flags, "--detector", f"{FACE}={yolos}"]) as running:
        yield running


def test_over_http_a_detector_looks_at_what_was_painted(seeing: Live, studio: pm.Studio, yolos: Path) -> None:
    tab = {"ad_model": FACE, "ad_confidence": 0.0, "ad_mask_k_largest": 1, "ad_prompt": "a red ball"}
    asked = body(True, False, tab, init_images=None)
    with httpx.Client(base_url=seeing.url, timeout=300) as http:
        assert "adetailer" in http.get("/sdapi/v1/scripts").json()["txt2img"]
        plain = http.post("/sdapi/v1/txt2img", json={**asked, "alwayson_scripts": {}}).json()
        answer = http.post("/sdapi/v1/txt2img", json=asked)
        assert answer.status_code == 200, answer.text
        reply = answer.json()
    (before,), (after,) = pictures(plain), pictures(reply)
    assert after.shape == before.shape == (128, 128, 3)
    assert (after != before).any()
    assert "a red ball" in json.loads(reply["info"])["infotexts"][0]
    # What was found is in the recipe: no detector is needed to make it again, and no path of the server is told.
    recipe = open_recipe(base64.b64decode(reply["images"][0]))
    assert recipe.script is not None and len(recipe.script.options["boxes"]) == 1
    assert str(yolos) not in recipe.to_json()
    # The library does the same with the detector's folder, where paths may be named.
    own = sdapi.answer(studio, "txt2img", body(True, False, {**tab, "ad_model": str(yolos)}, init_images=None))
    assert (pictures(own)[0] == after).all()


def test_over_http_a_vae_varies_by_name(seeing: Live) -> None:
    sheet = {
        "script_name": "X/Y/Z plot",
        "script_args": ["VAE", "None,loud.safetensors", "", "", "", "", "", "", "", False, True],
    }
    request = {"prompt": "a man", "steps": 1, "seed": 5, "variation_seed": 1, "width": 64, "height": 64}
    with httpx.Client(base_url=seeing.url, timeout=300) as http:
        assert [row["model_name"] for row in http.get("/sdapi/v1/sd-vae").json()] == ["loud.safetensors"]
        reply = http.post(
            "/sdapi/v1/txt2img", json={**body(width=64, height=64), **sheet, "alwayson_scripts": {}}
        ).json()
        wrong = {**sheet, "script_args": ["VAE", "quiet", ""]}
        refused = http.post("/sdapi/v1/txt2img", json={**body(), **wrong, "alwayson_scripts": {}})
        script = {"name": "sheet", "options": {"x": "vae=none,loud"}}
        plan = http.post("/api/v1/plan", json={"request": request, "script": script})
        then = [{"boxes": ["1 1 9 9"], "detector_model": "owner/name"}]
        script = {"name": "detail", "options": {"boxes": ["1 1 9 9"], "then": then}}
        hidden = http.post("/api/v1/plan", json={"request": request, "script": script})
    page, own, loud = pictures(reply)
    assert own.shape == loud.shape and (own != loud).any()
    assert refused.status_code == 422 and "'quiet' is not known" in refused.json()["detail"]
    assert plan.json()["labels"] == ["vae none", "vae loud"]
    assert hidden.status_code == 422 and "detector_model" in hidden.json()["field"]
