"""Scripts over a live server: by the native API, its clients and A1111's names, the library's files."""

import asyncio
import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from PIL import Image

import pentimento as pm
from pentimento import scripts
from pentimento.errors import ImageError, RequestError
from pentimento.recipe import InputStore
from pentimento.request import MaskField
from pentimento.scripts import SCRIPTS, Options, Script, find_script, plan_script, run_script
from pentimento.scripts.base import Gathered
from pentimento.server import sdapi
from pentimento.server.incoming import Incoming
from pentimento.server.service import open_service
from pentimento.server.settings import Bounds, Settings
from tests.server.conftest import GOLDEN, INPUTS, Live
from tests.server.test_native import SMALL, finished

FIELDS: dict[str, Any] = {**SMALL, "variation_seed": 1}
SHEET: dict[str, Any] = {"x": "steps=1,2", "y": "cfg_scale=3-5[2]", "margin": 4}


@pytest.fixture(scope="module")
def studio() -> Iterator[pm.Studio]:
    """The library with as many threads as the server's engine has."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield pm.Studio(models=[GOLDEN / "model"], dtype="float32", device="cpu")
    torch.set_num_threads(threads)


def library(studio: pm.Studio, name: str, request: pm.Request, options: dict[str, Any]) -> list[bytes]:
    script = find_script(name)
    made = run_script(studio, plan_script(studio, script, request, script.options(**options)))
    page = made.page_file("png")
    return [*(picture.encode("png") for picture in made.pictures), *([page] if page else [])]


def test_scripts_are_listed_with_their_options(http: httpx.Client) -> None:
    told = http.get("/api/v1/scripts").json()
    assert [row["name"] for row in told] == [script.name for script in SCRIPTS]
    for row, script in zip(told, SCRIPTS, strict=True):
        names = [option["name"] for option in row["options"]]
        assert names == [name for name in script.options.model_fields if name not in script.options.LOCAL]
        assert row["label"] == script.label and row["needs_image"] == script.needs_image
        for option in row["options"]:
            assert option["label"] and option["label_ru"] and option["description"]
            for choice in option.get("choices", ()) if option["type"] == "choice" else ():
                assert getattr(script.options(**{option["name"]: choice["name"]}), option["name"]) == choice["name"]


def test_a_plan_is_the_librarys(http: httpx.Client, studio: pm.Studio) -> None:
    body = {"request": FIELDS, "script": {"name": "sheet", "options": SHEET}}
    told = http.post("/api/v1/plan", json=body).json()
    script = find_script("sheet")
    own = plan_script(studio, script, pm.Request(**FIELDS), script.options(**SHEET)).as_dict()
    assert {name: told[name] for name in own} == json.loads(json.dumps(own))
    assert (told["runs"], told["pictures"], told["page"]) == (4, 4, True)


def test_a_sheet_is_the_librarys_byte_for_byte(http: httpx.Client, studio: pm.Studio) -> None:
    job = finished(http, request=FIELDS, script={"name": "sheet", "options": SHEET})
    assert job["script"] == {"name": "sheet", "options": SHEET, "page": 4}
    assert [one["label"] for one in job["pictures"]][1::3] == ["steps 2, cfg_scale 3", "sheet"]
    files = [http.get(one["file"]).content for one in job["pictures"]]
    assert files == library(studio, "sheet", pm.Request(**FIELDS), SHEET)
    again = finished(http, request=FIELDS, script={"name": "sheet", "options": SHEET})
    assert [one["id"] for one in again["pictures"]] == [one["id"] for one in job["pictures"]]
    plain = finished(http, request={**FIELDS, "cfg_scale": 3, "steps": 1})
    assert [one["id"] for one in plain["pictures"]] != [job["pictures"][0]["id"]]


def test_clients_run_scripts(server: Live, studio: pm.Studio) -> None:
    request = pm.Request(**FIELDS, init_image=str(INPUTS / "astro_128.png"), denoising_strength=0.5)
    options: dict[str, Any] = {"loops": 2, "final_denoising_strength": 0.9}
    mine = library(studio, "loopback", request, options)
    with pm.Client(server.url) as client:
        told = client.run(request, script="loopback", options=options)
        assert [one.image.tobytes() for one in told] == [Image.open(io.BytesIO(file)).tobytes() for file in mine]
        assert told[1].label == "loop 2, strength 0.9"
        assert [row["name"] for row in client.scripts()] == [script.name for script in SCRIPTS]
        assert client.plan(request, "loopback", find_script("loopback").options(loops=3))["runs"] == 3
        with pytest.raises(RequestError, match="did you mean 'loops'"):
            client.submit(request, script="loopback", options={"loop": 2})

    async def awaited() -> list[bytes]:
        async with pm.AsyncClient(server.url) as client:
            return [one.image.tobytes() for one in await client.run(request, script="loopback", options=options)]

    assert asyncio.run(awaited()) == [one.image.tobytes() for one in told]


def test_regions_have_their_masks_by_reference_and_are_the_librarys(
    http: httpx.Client, server: Live, studio: pm.Studio, picture: bytes, mask: bytes
) -> None:
    upload = "sha256:" + http.post("/api/v1/uploads", content=mask).json()["sha256"]
    source = "sha256:" + http.post("/api/v1/uploads", content=picture).json()["sha256"]
    regions = [{"mask": "rect 4 4 30 30", "prompt": "a ball"}, {"mask": upload, "prompt": "a cat", "seed": 9}]
    request = {"init_image": source, "steps": 2, "seed": 5, "variation_seed": 1}
    script = {"name": "regions", "options": {"regions": regions}}
    plan = http.post("/api/v1/plan", json={"request": request, "script": script}).json()
    assert [part["seed"] for part in plan["parts"]][1] == 9 and plan["parts"][0]["prompt"] == "a ball"
    job = finished(http, request=request, script=script)
    (one,) = job["pictures"]
    assert job["script"]["options"]["regions"][1]["mask"] == upload and one["footprint"] is not None
    given = {"regions": [regions[0], {**regions[1], "mask": mask}]}
    own = library(studio, "regions", pm.Request(**{**request, "init_image": picture}), given)
    assert [http.get(one["file"]).content] == own
    with pm.Client(server.url) as client:
        (again,) = client.run(pm.Request(**{**request, "init_image": picture}), script="regions", options=given)
    assert again.id == one["id"], "the same masks, sent otherwise"
    path = [{"mask": "/etc/passwd", "prompt": "x"}]
    refused = http.post("/api/v1/plan", json={"request": request, "script": {**script, "options": {"regions": path}}})
    assert refused.status_code == 422 and "no picture here" in refused.json()["detail"]


REFUSED = [
    ("sheets", {}, "script", "did you mean 'sheet'"),
    ("sheet", {"a": "steps=1,2"}, "a", "not known"),
    ("sheet", {}, "x", "at least one axis"),
    ("sheet", {"x": "vae=/etc/passwd"}, "vae", "not known"),
    ("sheet", {"x": "init_image=/etc/passwd"}, "init_image", "cannot name a picture"),
    ("sheet", {"x": "model=/etc/passwd"}, "model", "no model"),
    ("prompts_from_file", {"file": "/etc/passwd"}, "file", "not read here"),
    ("prompts_from_file", {"text": "--init-image /etc/passwd"}, "init_image", "cannot name a picture"),
    ("loopback", {}, "init_image", "works on a picture"),
]


@pytest.mark.parametrize(("name", "options", "field", "words"), REFUSED, ids=[f"{row[0]} {row[1]}" for row in REFUSED])
def test_what_a_script_cannot_do_here_is_refused(
    http: httpx.Client, name: str, options: dict[str, Any], field: str, words: str
) -> None:
    body = {"request": SMALL, "script": {"name": name, "options": options}}
    for route in ("plan", "jobs"):
        response = http.post(f"/api/v1/{route}", json=body)
        told = response.json()
        assert response.status_code == 422 and told["field"] == field and words in told["detail"], told


def test_a_picture_that_would_be_too_large_is_refused_before_it_is_made(http: httpx.Client) -> None:
    large = Image.new("L", (2048, 2048))
    buffer = io.BytesIO()
    large.save(buffer, "PNG")
    upload = "sha256:" + http.post("/api/v1/uploads", content=buffer.getvalue()).json()["sha256"]
    body = {"request": {"init_image": upload}, "script": {"name": "sd_upscale", "options": {"scale": 16}}}
    told = http.post("/api/v1/plan", json=body).json()
    assert told["field"] == "scale" and "megapixels" in told["detail"]


def test_a_script_with_too_many_runs_is_refused_while_it_is_planned(tmp_path: Path) -> None:
    service = open_service(Settings(data=tmp_path, bounds=Bounds(script_runs=6)))
    sheet = find_script("sheet")
    with pytest.raises(RequestError, match="6 runs"):
        service.plan_script(pm.Request(**FIELDS), sheet, sheet.options(x="steps=1-1000"))
    plan = service.plan_script(pm.Request(**FIELDS), sheet, sheet.options(x="steps=1-3"))
    assert len(plan.runs) == 3 and all(run.inputs.source is None for run in plan.runs)
    service.store.close()


class Layer(Options):
    mask: MaskField = None


class LayersOptions(Options):
    layers: tuple[Layer, ...] = ()


def test_option_pictures_come_by_reference_or_data_and_never_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: bytes
) -> None:
    row = Script("layers", "Layers", "Слои", "Nothing.", LayersOptions, lambda *_: (yield from ()) or Gathered([]))
    monkeypatch.setattr(scripts, "SCRIPTS", (*SCRIPTS, row))
    inputs = InputStore(tmp_path)
    incoming = Incoming(inputs, Bounds())
    reference = f"sha256:{inputs.put(picture)}"
    data = "data:image/png;base64," + base64.b64encode(picture).decode()
    _, options = incoming.script("layers", {"layers": [{"mask": reference}, {"mask": data}, {"mask": "rect 1 1 9 9"}]})
    assert isinstance(options, LayersOptions)
    assert [layer.mask for layer in options.layers[:2]] == [picture, picture]
    assert options.told()["layers"][0] == {"mask": reference}
    for bad in ("/etc/passwd", "sha256:" + "0" * 64, "data:image/png;base64,AAAA"):
        with pytest.raises(ImageError) as refused:
            incoming.script("layers", {"layers": [{"mask": bad}]})
        assert refused.value.field == "options"


BY_NAME: list[tuple[str, str, list[Any], dict[str, Any]]] = [
    ("img2img", "SD upscale", ["", 16, "Lanczos", 1.5], {}),
    ("img2img", "Loopback", [2, 0.9, "Lazy", "None"], {"n_iter": 2}),
    ("txt2img", "X/Y/Z plot", ["Seed", "1,2", "", "Steps", "1-2", "", 0, "", "", True, True], {}),
    ("txt2img", "X/Y/Z plot", ["Seed", "1,2", "", 0, "", "", 0, "", "", True, False], {}),
    ("txt2img", "Prompt matrix", [], {"override_settings": {"samples_format": "jpg"}}),
]


@pytest.mark.parametrize(
    ("endpoint", "name", "arguments", "more"), BY_NAME, ids=[f"{row[1]} {len(row[2])}" for row in BY_NAME]
)
def test_a1111s_scripts_give_the_same_bytes_as_in_process(
    http: httpx.Client,
    studio: pm.Studio,
    picture: bytes,
    endpoint: str,
    name: str,
    arguments: list[Any],
    more: dict[str, Any],
) -> None:
    body = {"prompt": "a cat|red", "steps": 2, "seed": 5, "subseed": 7, "width": 64, "height": 64, **more}
    body |= {"sampler_name": "Euler", "script_name": name, "script_args": arguments}
    if endpoint == "img2img":
        body["init_images"] = [base64.b64encode(picture).decode()]
    over = http.post(f"/sdapi/v1/{endpoint}", json=body).json()
    here = sdapi.answer(studio, endpoint, body)
    assert over["images"] == here["images"] and over["images"]
    told, own = json.loads(over["info"]), json.loads(here["info"])
    assert {**told, "job_timestamp": ""} == {**own, "job_timestamp": ""}
    assert over["parameters"] == here["parameters"]


def test_a1111s_lists_tell_the_scripts(http: httpx.Client) -> None:
    listed = http.get("/sdapi/v1/scripts").json()
    assert "x/y/z plot" in listed["txt2img"] and "soft inpainting" not in listed["txt2img"]
    assert {"sd upscale", "loopback", "soft inpainting"} <= set(listed["img2img"])
    rows = http.get("/sdapi/v1/script-info").json()
    assert {row["name"] for row in rows if row["is_img2img"]} == set(listed["img2img"])
    (tiles,) = (row for row in rows if row["name"] == "sd upscale")
    assert [one["value"] for one in tiles["args"]][1:] == [64, 0, 2.0]
    for bad, words in (({"script_name": "Loopback"}, "not found"), ({"script_name": "X/Y/Z plot"}, "at least one")):
        response = http.post("/sdapi/v1/txt2img", json={"steps": 1, **bad})
        assert response.status_code == 422 and words in response.json()["detail"]
