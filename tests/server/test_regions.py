"""Regions and details over the native API: planned, refused, and the same bytes as from the library."""

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from pentimento import Request, Studio
from pentimento.scripts import find_script, plan_script, run_script

from .test_native import finished

SMALL: dict[str, Any] = {"prompt": "a garden", "steps": 1, "seed": 5, "variation_seed": 2}


@pytest.fixture(scope="module")
def pictures(http: httpx.Client, picture: bytes) -> dict[str, str]:
    mask = Image.new("L", (128, 128))
    mask.paste(255, (8, 8, 40, 40))
    file = io.BytesIO()
    mask.save(file, "png")
    answers = {name: http.post("/api/v1/uploads", content=data) for name, data in _files(picture, file.getvalue())}
    return {name: f"sha256:{answer.json()['sha256']}" for name, answer in answers.items()}


def _files(picture: bytes, mask: bytes) -> list[tuple[str, bytes]]:
    return [("init_image", picture), ("mask", mask)]


def test_regions_with_masks_by_reference_are_the_librarys(
    http: httpx.Client, pictures: dict[str, str], picture: bytes, tmp_path: Path
) -> None:
    regions = [{"mask": pictures["mask"], "prompt": "a ball"}, {"mask": "rect 64 64 40 40", "denoising_strength": 0.4}]
    request = {**SMALL, "init_image": pictures["init_image"]}
    script = {"name": "regions", "options": {"regions": regions}}
    plan = http.post("/api/v1/plan", json={"request": request, "script": script}).json()
    assert [part["denoising_strength"] for part in plan["parts"]] == [0.75, 0.4]
    assert plan["options"]["regions"][0]["mask"] == pictures["mask"]
    job = finished(http, request=request, script=script)
    (made,) = job["pictures"]
    file = http.get(f"/api/v1/pictures/{made['id']}/file").content
    mask = http.get(f"/api/v1/uploads/{pictures['mask'].removeprefix('sha256:')}").content
    own, row = Studio(data=tmp_path), find_script("regions")
    options = row.options(regions=[{**regions[0], "mask": mask}, regions[1]])
    result = run_script(own, plan_script(own, row, Request(**{**SMALL, "init_image": picture}), options))
    with Image.open(io.BytesIO(file)) as image:
        assert image.convert("RGB").tobytes() == result.images[0].convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("regions", {"regions": [{"mask": "/etc/hostname"}]}, "'/etc/hostname' is no picture here"),
        ("regions", {"regions": [{"mask": "all", "vae": "x"}]}, "it is the same for all regions"),
        ("regions", {"regions": [7]}, "regions"),
        ("detail", {"detector_model": "/etc"}, "a file is not read here"),
        ("detail", {}, "has nothing to go by"),
    ],
)
def test_refusals(http: httpx.Client, pictures: dict[str, str], name: str, options: dict[str, Any], told: str) -> None:
    request = {**SMALL, "init_image": pictures["init_image"]}
    answer = http.post("/api/v1/plan", json={"request": request, "script": {"name": name, "options": options}})
    assert answer.status_code == 422, answer.text
    assert told in answer.json()["detail"]
