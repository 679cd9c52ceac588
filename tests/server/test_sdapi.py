"""A1111's API over a live server: its real client, payloads of other clients, the recorded cases."""

import base64
import io
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import torch
import webuiapi
from PIL import Image, ImageDraw

import pentimento as pm
from pentimento.server import sdapi
from pentimento.server.sdapi.memory import DEFAULTS
from tests.server.conftest import GOLDEN, Live
from tests.test_golden import CASES, body_of

FIXED = {"seed": 3, "subseed": 4, "steps": 2, "width": 64, "height": 64, "sampler_name": "Euler"}


@pytest.fixture(scope="module")
def api(server: Live) -> webuiapi.WebUIApi:
    return webuiapi.WebUIApi(host="127.0.0.1", port=server.port, sampler="Euler", scheduler="automatic", steps=2)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def image_of(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text, validate=True)))


def test_webuiapi_makes_and_repaints(api: webuiapi.WebUIApi, picture: bytes, mask: bytes) -> None:
    made = api.txt2img(prompt="a house", width=64, height=64, seed=1, n_iter=2)
    assert [image.size for image in made.images] == [(64, 64)] * 2
    assert made.info["all_seeds"] == [1, 2] and made.image.info["parameters"].startswith("a house\nSteps: 2")
    source, painted = Image.open(io.BytesIO(picture)), Image.open(io.BytesIO(mask))
    result = api.img2img(images=[source], mask_image=painted, prompt="a cat", width=64, height=64, seed=1)
    assert result.image.size == source.size and result.parameters["init_images"] is None
    told = result.parameters
    assert told["prompt"] == "a cat" and json.loads(result.json["info"])["infotexts"] == result.info["infotexts"]


def test_webuiapi_finds_its_lists(api: webuiapi.WebUIApi) -> None:
    assert {"name", "aliases", "options"} <= api.get_samplers()[0].keys()
    assert "DPM++ 2M" in api.util_get_sampler_names()
    assert {"name", "label", "aliases", "default_rho", "need_inner_model"} == api.get_schedulers()[0].keys()
    models = api.get_sd_models()
    assert {"title", "model_name", "hash", "sha256", "filename", "config"} == models[0].keys()
    assert {"tiny_sd15", "builtin"} <= {row["model_name"] for row in models}
    assert {"loaded", "skipped"} == api.get_embeddings().keys() and "embone" in str(api.get_embeddings())
    assert "kohya_r4" in [row["name"] for row in api.get_loras()]
    assert [row["name"] for row in api.get_upscalers()] == ["None", "Lanczos", "Nearest"]
    assert api.get_latent_upscale_modes()[0] == {"name": "Latent"}
    assert api.get_memory()["ram"]["total"] > 0
    assert {"txt2img", "img2img"} == api.get_scripts().keys()
    for empty in (api.get_hypernetworks, api.get_face_restorers, api.get_realesrgan_models, api.get_prompt_styles):
        assert empty() == []
    assert api.get_sd_vae() == []


def test_no_path_of_this_machine_is_told(http: httpx.Client) -> None:
    for route in ("sd-models", "loras", "embeddings", "cmd-flags", "options", "sd-vae"):
        assert str(GOLDEN) not in http.get(f"/sdapi/v1/{route}").text


def test_settings_are_remembered_given_back_and_heeded(api: webuiapi.WebUIApi, http: httpx.Client) -> None:
    before = http.get("/sdapi/v1/options").json()
    try:
        http.post("/sdapi/v1/options", json={**before, "sd_model_checkpoint": "tiny_sd15", "of_another": {"a": [1]}})
        now = http.get("/sdapi/v1/options").json()
        assert now["sd_model_checkpoint"].startswith("tiny_sd15 [") and now["of_another"] == {"a": [1]}
        assert {name: now[name] for name in DEFAULTS if name not in ("sd_model_checkpoint", "sd_checkpoint_hash")} == {
            name: value for name, value in DEFAULTS.items() if name not in ("sd_model_checkpoint", "sd_checkpoint_hash")
        }
        assert api.txt2img(prompt="x", width=64, height=64, seed=1).info["sd_model_name"] == "tiny_sd15"
        override = {"sd_model_checkpoint": "builtin"}
        again = api.txt2img(prompt="x", width=64, height=64, seed=1, override_settings=override)
        assert again.info["sd_model_name"] == "builtin"
        assert http.post("/sdapi/v1/options", json={"sd_model_checkpoint": "nowhere"}).status_code == 422
    finally:
        http.post("/sdapi/v1/options", json={"sd_model_checkpoint": before["sd_model_checkpoint"]})


def test_settings_that_are_a1111s_own_change_nothing(http: httpx.Client) -> None:
    body = {**FIXED, "prompt": "a house", "sampler_name": "Euler a"}
    settings = {name: value for name, value in DEFAULTS.items() if name != "sd_model_checkpoint"}
    bodies = (body, {**body, "override_settings": settings})
    first, second = (http.post("/sdapi/v1/txt2img", json=one).json()["images"][0] for one in bodies)
    assert image_of(first).tobytes() == image_of(second).tobytes()


def test_pictures_are_enlarged(api: webuiapi.WebUIApi, picture: bytes) -> None:
    source = Image.open(io.BytesIO(picture)).convert("RGB")
    near = api.extra_single_image(source, upscaler_1="Nearest", upscaling_resize=2).image
    assert np.array_equal(np.asarray(near.convert("RGB"))[::2, ::2], np.asarray(source))
    cut = api.extra_single_image(
        source, resize_mode=1, upscaling_resize_w=100, upscaling_resize_h=50, upscaler_1="Lanczos"
    )
    assert cut.image.size == (100, 50)
    assert [one.size for one in api.extra_batch_images([source] * 2, upscaler_1="Lanczos").images] == [(256, 256)] * 2
    with pytest.raises(RuntimeError, match="not known"):
        api.extra_single_image(source, upscaler_1="ESRGAN_4x")


def test_png_info_reads_what_was_written(api: webuiapi.WebUIApi, picture: bytes) -> None:
    made = api.txt2img(prompt="a house", width=64, height=64, seed=11)
    assert api.png_info(made.image).info == made.info["infotexts"][0]
    assert api.png_info(Image.open(io.BytesIO(picture))).info == ""


def slow(count: int = 50) -> dict[str, Any]:
    return {**FIXED, "steps": 400, "n_iter": count, "seed": int(time.time()), "prompt": "slow"}


def test_progress_is_of_the_callers_job_and_interrupt_stops_only_this_apis(http: httpx.Client) -> None:
    fields = {"prompt": "of another API", "width": 64, "height": 64, "steps": 500, "batch_count": 20, "seed": -1}
    answers: list[httpx.Response] = []

    def ask() -> None:
        body = {**slow(), "force_task_id": "task(1)"}
        answers.append(httpx.post(f"{http.base_url}/sdapi/v1/txt2img", json=body, timeout=120))

    idle = http.get("/sdapi/v1/progress").json()
    assert (idle["progress"], idle["state"]["job_count"], idle["current_image"]) == (0, 0, None)
    thread = threading.Thread(target=ask)
    thread.start()
    told: dict[str, Any] = idle
    while told["current_image"] is None and thread.is_alive():
        time.sleep(0.1)
        told = http.get("/sdapi/v1/progress").json()
    assert 0 < told["progress"] <= 1 and told["state"]["job_count"] == 50 and told["state"]["sampling_steps"] == 400
    assert image_of(told["current_image"]).format == "JPEG"
    assert http.get("/sdapi/v1/progress", params={"skip_current_image": True}).json()["current_image"] is None
    where = {"id_task": "task(1)", "id_live_preview": -1}
    page = http.post("/internal/progress", json=where).json()
    assert page["active"] and not page["completed"] and page["live_preview"].startswith("data:image/jpeg;base64,")
    http.post("/sdapi/v1/options", json={"live_previews_enable": False})
    assert http.get("/sdapi/v1/progress").json()["current_image"] is None
    assert http.post("/internal/progress", json=where).json()["live_preview"] is None
    http.post("/sdapi/v1/options", json={"live_previews_enable": True})
    native = http.post("/api/v1/jobs", json={"request": fields, "priority": "batch"}).json()["id"]
    assert http.post("/sdapi/v1/interrupt").json() == {}
    thread.join(60)
    assert answers[0].status_code == 200 and isinstance(answers[0].json()["images"], list)
    assert http.get(f"/api/v1/jobs/{native}").json()["state"] in ("queued", "running")
    http.post("/sdapi/v1/interrupt")
    http.post("/sdapi/v1/skip")
    assert http.get(f"/api/v1/jobs/{native}").json()["state"] in ("queued", "running")
    http.delete(f"/api/v1/jobs/{native}")


def test_skip_goes_on_with_the_next_picture(http: httpx.Client) -> None:
    answers: list[httpx.Response] = []

    def ask() -> None:
        body = {**FIXED, "steps": 60, "n_iter": 2, "seed": 40}
        answers.append(httpx.post(f"{http.base_url}/sdapi/v1/txt2img", json=body, timeout=120))

    thread = threading.Thread(target=ask)
    thread.start()
    while http.get("/sdapi/v1/progress").json()["state"]["sampling_step"] == 0 and thread.is_alive():
        time.sleep(0.02)
    assert http.post("/sdapi/v1/skip").json() is None
    thread.join(120)
    info = json.loads(answers[0].json()["info"])
    assert len(answers[0].json()["images"]) == 1 and info["all_seeds"] == [41] and "Seed: 41" in info["infotexts"][0]


# What other programs send, as captured; each must be answered with pictures.

PAYLOADS: dict[str, tuple[str, dict[str, Any]]] = {
    "SillyTavern": (
        "txt2img",
        {
            "prompt": "best quality, a house",
            "negative_prompt": "lowres",
            "sampler_name": "DPM++ 2M",
            "scheduler": "Karras",
            "steps": 2,
            "cfg_scale": 7,
            "width": 64,
            "height": 64,
            "restore_faces": False,
            "enable_hr": False,
            "hr_upscaler": "Latent",
            "hr_scale": 2,
            "denoising_strength": 0.7,
            "hr_second_pass_steps": 0,
            "seed": 1,
            "override_settings": {"CLIP_stop_at_last_layers": 1, "sd_vae": "Automatic", "forge_additional_modules": []},
            "override_settings_restore_afterwards": True,
            "clip_skip": 1,
            "save_images": True,
            "send_images": True,
            "do_not_save_grid": False,
            "do_not_save_samples": False,
        },
    ),
    "Open WebUI": (
        "txt2img",
        {"prompt": "a house", "batch_size": 2, "width": 64, "height": 64, "steps": 2, "negative_prompt": ""},
    ),
    "LibreChat": (
        "txt2img",
        {
            "prompt": "a house",
            "negative_prompt": "blurry",
            "sampler_index": "DPM++ 2M Karras",
            "cfg_scale": 4.5,
            "steps": 2,
            "width": 64,
            "height": 64,
        },
    ),
    "GIMP": (
        "img2img",
        {
            "prompt": "a house",
            "negative_prompt": "",
            "init_images": ["INIT"],
            "mask": "MASK",
            "inpainting_mask_invert": 0,
            "inpaint_full_res": True,
            "inpaint_full_res_padding": 10,
            "mask_blur": 4,
            "inpainting_fill": 1,
            "denoising_strength": 0.8,
            "resize_mode": 0,
            "sampler_index": "Euler a",
            "steps": 2,
            "cfg_scale": 7.5,
            "seed": -1,
            "width": 64,
            "height": 64,
            "batch_size": 1,
            "alwayson_scripts": {"ControlNet": {"args": []}},
        },
    ),
    "Blender": (
        "img2img",
        {
            "init_images": ["data:image/png;base64,INIT"],
            "prompt": "a house",
            "negative_prompt": "ugly",
            "width": 64,
            "height": 64,
            "sampler_index": "DPM++ 2M",
            "scheduler": "karras",
            "denoising_strength": 0.55,
            "seed": 5,
            "cfg_scale": 7.0,
            "steps": 3,
        },
    ),
    "Photoshop": (
        "img2img",
        {
            "prompt": "a house",
            "negative_prompt": "",
            "steps": 2,
            "sampler_index": "Euler",
            "width": 64,
            "height": 64,
            "denoising_strength": 0.75,
            "batch_size": 1,
            "cfg_scale": 7,
            "seed": -1,
            "mask_blur": 0,
            "use_sharp_mask": False,
            "use_prompt_shortcut": False,
            "restore_faces": False,
            "inpainting_fill": 2,
            "init_images": ["INIT"],
            "mask": "MASK",
            "inpaint_full_res": False,
            "inpaint_full_res_padding": 0,
            "inpainting_mask_invert": False,
            "controlnet_units": [],
        },
    ),
}


@pytest.mark.parametrize("client", PAYLOADS)
def test_what_programs_send_is_answered(http: httpx.Client, client: str, picture: bytes, mask: bytes) -> None:
    endpoint, body = PAYLOADS[client]
    text = json.dumps(body).replace("INIT", encoded(picture)).replace("MASK", encoded(mask))
    response = http.post(f"/sdapi/v1/{endpoint}", content=text, headers={"content-type": "application/json"})
    assert response.status_code == 200, response.text[:300]
    told = response.json()
    assert len(told["images"]) == body.get("batch_size", 1)
    assert all(image_of(text).format == "PNG" for text in told["images"])
    info = json.loads(told["info"])
    assert len(info["infotexts"]) == len(told["images"]) and isinstance(info["seed"], int)
    saved = http.get("/api/v1/pictures", params={"q": "best lowres"}).json()["pictures"]
    assert bool(saved) or client != "SillyTavern"


@pytest.fixture(scope="module")
def studio() -> Iterator[pm.Studio]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the server of these tests; the recipe tells it
    yield pm.Studio(models=[GOLDEN / "model"], dtype="float32", device="cpu")
    torch.set_num_threads(threads)


OVER_HTTP = [case for case in CASES if case["id"] in ("inp_fill0", "i2i_batch2_sde", "fr_soft", "t2i_unipc")]


@pytest.mark.parametrize("case", OVER_HTTP, ids=[case["id"] for case in OVER_HTTP])
def test_the_same_bytes_as_in_process(http: httpx.Client, studio: pm.Studio, case: dict[str, Any]) -> None:
    body = {**body_of(case), "subseed": 7}
    body["override_settings"] |= {"return_mask": True}
    over = http.post(f"/sdapi/v1/{case['endpoint']}", json=body).json()
    here = sdapi.answer(studio, case["endpoint"], body)
    assert over["images"] == here["images"]
    told, own = json.loads(over["info"]), json.loads(here["info"])
    assert {**told, "job_timestamp": ""} == {**own, "job_timestamp": ""}
    assert over["parameters"] == here["parameters"]
    for text, name in zip(over["images"], case["outputs"], strict=False):
        got, want = image_of(text).convert("RGBA"), Image.open(GOLDEN / name).convert("RGBA")
        assert np.abs(np.asarray(got, int) - np.asarray(want, int)).max() <= 2


def test_the_masked_part_is_cut_out(http: httpx.Client, picture: bytes) -> None:
    square = Image.new("L", (128, 128))
    ImageDraw.Draw(square).rectangle((32, 32, 95, 95), fill=255)
    buffer = io.BytesIO()
    square.save(buffer, "PNG")
    body = {
        **FIXED,
        "width": 128,
        "height": 128,
        "mask_blur": 0,
        "init_images": [encoded(picture)],
        "mask": encoded(buffer.getvalue()),
        "inpaint_full_res": False,
        "override_settings": {"return_mask_composite": True},
    }
    whole, part = (image_of(text) for text in http.post("/sdapi/v1/img2img", json=body).json()["images"])
    inside = np.asarray(square) == 255
    cut = np.asarray(part)
    assert part.mode == "RGBA" and np.array_equal(cut[..., 3] == 255, inside)
    assert np.array_equal(cut[inside][:, :3], np.asarray(whole.convert("RGB"))[inside])


ERRORS: list[tuple[str, dict[str, Any], int, str]] = [
    ("img2img", {}, 404, "Init image not found"),
    ("img2img", {"init_images": []}, 404, "Init image not found"),
    ("img2img", {"init_images": "x"}, 422, "list"),
    ("img2img", {"init_images": [7]}, 422, "base64"),
    ("img2img", {"init_images": ["AAAA"]}, 422, "picture"),
    ("img2img", {"init_images": ["http://127.0.0.1/x.png"]}, 422, "not fetched"),
    ("txt2img", {"script_name": "x/y"}, 422, "not found"),
    ("txt2img", {"alwayson_scripts": {"ControlNet": {"args": [{"module": "none"}]}}}, 422, "not found"),
    ("txt2img", {"alwayson_scripts": {"ADetailer": {"args": [{"ad_model": "face_yolov8n.pt"}]}}}, 422, "--detector"),
    ("txt2img", {"alwayson_scripts": {"ADetailer": {"args": [{"ad_model": "a/b", "ad_b": 1}]}}}, 422, "ad_b"),
    ("txt2img", {"alwayson_scripts": {"ADetailer": {"args": [{"ad_model": "a/b"}]}}}, 422, "not on this machine"),
    ("txt2img", {"steps": -1}, 422, "at least"),
    ("txt2img", {"steps": {"a": 1}}, 422, "steps"),
    ("txt2img", {"seed": [1]}, 422, "seed"),
    ("txt2img", {"prompt": "<lora:nothing:1>", "override_settings": 5}, 422, "object"),
    ("interrogate", {}, 404, "not found"),
    ("interrogate", {"image": "x", "model": "other"}, 404, "not found"),
    ("interrogate", {"image": "x"}, 501, "not described"),
    ("png-info", {"image": "x"}, 422, "base64"),
    ("extra-single-image", {}, 422, "not found"),
]


@pytest.mark.parametrize(
    ("route", "body", "status", "words"), ERRORS, ids=[f"{row[0]} {row[1]}"[:50] for row in ERRORS]
)
def test_errors_have_a1111s_form(http: httpx.Client, route: str, body: dict[str, Any], status: int, words: str) -> None:
    response = http.post(f"/sdapi/v1/{route}", json=body)
    told = response.json()
    assert response.status_code == status, told
    assert told.keys() == {"error", "detail", "body", "errors"} and words in told["detail"]


def test_a_route_that_is_not_there_is_told_as_a1111_tells_it(http: httpx.Client) -> None:
    for path in ("/sdapi/v1/nothing", "/controlnet/model_list"):
        response = http.get(path)
        assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})
