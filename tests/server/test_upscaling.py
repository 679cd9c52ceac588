"""Upscalers' networks and descriptions over a live server."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, ImageCms

import pentimento as pm
from pentimento.enlarging import by_network
from pentimento.geometry import Size
from pentimento.models.upscalers.upscaler import Upscaler
from pentimento.pictures.resize import resample
from tests.models.test_describing import made
from tests.models.test_upscalers import compact, loaded, published

from .conftest import live


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def twice(models: Path) -> Upscaler:
    return loaded(models / "ESRGAN" / "Twice.safetensors", published(compact(2)))


@pytest.fixture(scope="module")
def http(models: Path, twice: Upscaler, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    made(models / "tiny-blip")
    flags = ["--device", "cpu", "--dtype", "float32", "--models", str(models)]
    with (
        live(tmp_path_factory.mktemp("data"), flags) as server,
        httpx.Client(base_url=server.url, timeout=240) as client,
    ):
        yield client


def encoded(image: Image.Image, **options: Any) -> str:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return base64.b64encode(file.getvalue()).decode()


def extras(http: httpx.Client, **body: Any) -> Image.Image:
    answer = http.post("/sdapi/v1/extra-single-image", json=body)
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(base64.b64decode(answer.json()["image"], validate=True)))


def test_networks_stand_beside_the_others_in_every_list(http: httpx.Client) -> None:
    rows = http.get("/sdapi/v1/upscalers").json()
    assert [row["name"] for row in rows] == ["None", "Lanczos", "Nearest", "Twice"]
    assert (rows[-1]["scale"], rows[-1]["model_path"]) == (2.0, "ESRGAN/Twice.safetensors")
    assert http.get("/api/v1/upscalers").json() == [{"name": "Twice", "architecture": "compact", "scale": 2}]
    fields = {row["name"]: row for row in http.get("/api/v1/options").json()["fields"]}
    offered = {name: [one["name"] for one in fields[name]["choices"]] for name in ("resize_upscaler", "hires_upscaler")}
    assert offered["resize_upscaler"] == ["lanczos", "nearest", "Twice"] and "Twice" in offered["hires_upscaler"]


def test_extras_enlarge_by_the_network_in_every_mode(http: httpx.Client, twice: Upscaler, picture: bytes) -> None:
    source = Image.open(io.BytesIO(picture)).convert("RGB")
    large = by_network(source, Size(384, 384), twice)
    asked = {"image": encoded(source), "upscaler_1": "Twice", "upscaling_resize": 3}
    assert extras(http, **asked).tobytes() == large.tobytes()
    by_size = {"resize_mode": 1, "upscaling_resize_w": 300, "upscaling_resize_h": 200}
    assert extras(http, **asked, **by_size).tobytes() == _middle(by_network(source, Size(300, 300), twice)).tobytes()
    assert extras(http, **asked, **by_size, upscaling_crop=False).size == (300, 300)
    mixed = extras(http, **asked, upscaler_2="Lanczos", extras_upscaler_2_visibility=0.25)
    assert mixed.tobytes() == Image.blend(large, resample(source, Size(384, 384)), 0.25).tobytes()
    batch = {"upscaler_1": "Twice", "imageList": [{"data": encoded(source), "name": "a"}] * 2}
    images = http.post("/sdapi/v1/extra-batch-images", json=batch).json()["images"]
    assert len(images) == 2 and images[0] == images[1]


def _middle(image: Image.Image) -> Image.Image:
    return image.crop((0, 50, 300, 250))


def test_extras_keep_alpha_greys_and_the_colour_profile(http: httpx.Client, twice: Upscaler, picture: bytes) -> None:
    source = Image.open(io.BytesIO(picture)).convert("RGB").resize((40, 30))
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    clear = source.copy()
    clear.putalpha(source.getchannel("R"))
    asked = {"upscaler_1": "Twice", "upscaling_resize": 2}
    made_clear = extras(http, image=encoded(clear, icc_profile=icc), **asked)
    assert made_clear.mode == "RGBA" and made_clear.info["icc_profile"] == icc
    assert made_clear.getchannel("A").tobytes() == resample(source.getchannel("R"), Size(80, 60)).tobytes()
    assert made_clear.convert("RGB").tobytes() == by_network(source, Size(80, 60), twice).tobytes()
    grey = source.convert("L")
    made_grey = extras(http, image=encoded(grey), **asked)
    assert made_grey.mode == "L"
    wanted = by_network(grey.convert("RGB"), Size(80, 60), twice)
    assert np.array_equal(np.asarray(made_grey), np.asarray(wanted)[..., 0])


def test_requests_of_both_tabs_name_a_network(http: httpx.Client, twice: Upscaler, picture: bytes) -> None:
    body = {"prompt": "a house", "steps": 1, "width": 64, "height": 64, "seed": 1, "sampler_name": "Euler"}
    second = {"enable_hr": True, "hr_scale": 2, "hr_upscaler": "Twice", "denoising_strength": 0.5}
    made_two = http.post("/sdapi/v1/txt2img", json={**body, **second})
    assert made_two.status_code == 200 and "Hires upscaler: Twice" in made_two.json()["info"]
    source = Image.open(io.BytesIO(picture)).convert("RGB")
    large = {**body, "width": 256, "height": 256, "init_images": [encoded(source)], "denoising_strength": 0.1}
    settings = {"override_settings": {"upscaler_for_img2img": "Twice"}}
    plain, by_own = (
        http.post("/sdapi/v1/img2img", json=one).json()["images"][0] for one in (large, {**large, **settings})
    )
    assert plain != by_own


def test_what_is_not_there_is_refused(http: httpx.Client, picture: bytes) -> None:
    image = base64.b64encode(picture).decode()
    told = http.post("/sdapi/v1/extra-single-image", json={"image": image, "upscaler_1": "Twise"})
    assert told.status_code == 422 and "did you mean 'Twice'" in told.json()["detail"]


def test_a_picture_is_described_as_the_library_does(http: httpx.Client, models: Path, picture: bytes) -> None:
    answer = http.post("/sdapi/v1/interrogate", json={"image": base64.b64encode(picture).decode(), "model": "clip"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"caption": pm.Studio([models], device="cpu", dtype="float32").describe(picture)}
    for body, status in (({"image": "x"}, 422), ({"image": "x", "model": "deepdanbooru"}, 501), ({}, 404)):
        assert http.post("/sdapi/v1/interrogate", json=body).status_code == status
