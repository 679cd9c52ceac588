"""The native API over a live server: uploads, plans, jobs, events, history, words."""

import hashlib
import io
import json
import shlex
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from pentimento import Request, Studio
from pentimento.metadata import save
from pentimento.recipe import open_recipe, pixels_sha256
from pentimento.server.native.answers import JobEvents
from tests.server.conftest import ANSWERS, check_answer

SMALL: dict[str, Any] = {"prompt": "a red house", "width": 64, "height": 64, "steps": 2, "seed": 5}


def events(http: httpx.Client, job: str, after: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    with http.stream("GET", f"/api/v1/jobs/{job}/events", params={"after": after}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        kind = ""
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                described = JobEvents.model_fields[kind].annotation
                assert described is not None
                TypeAdapter(described).validate_json(value, strict=True)
                yield kind, json.loads(value)


def finished(http: httpx.Client, **body: Any) -> dict[str, Any]:
    response = http.post("/api/v1/jobs", json=body)
    assert response.status_code == 202, response.text
    job = response.json()["id"]
    assert response.headers["location"] == f"/api/v1/jobs/{job}"
    *_, (kind, told) = events(http, job)
    assert kind == "done", told
    return told["job"]


@pytest.fixture(scope="module")
def upload(http: httpx.Client, picture: bytes) -> str:
    digest = hashlib.sha256(picture).hexdigest()
    response = http.put(f"/api/v1/uploads/{digest}", content=picture)
    facts = {"sha256": digest, "bytes": len(picture), "width": 128, "height": 128, "format": "png", "has_alpha": False}
    assert response.json() == facts
    return f"sha256:{digest}"


def test_an_upload_is_given_back_as_it_was_and_its_hash_is_checked(
    http: httpx.Client, upload: str, picture: bytes
) -> None:
    digest = upload.removeprefix("sha256:")
    assert http.get(f"/api/v1/uploads/{digest}").content == picture
    head = http.head(f"/api/v1/uploads/{digest}")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(picture)))
    assert http.head(f"/api/v1/uploads/{'0' * 64}").status_code == 404
    wrong = http.put(f"/api/v1/uploads/{'0' * 64}", content=picture)
    assert wrong.status_code == 422 and digest in wrong.json()["detail"]


def test_options_tell_every_field_with_labels_and_what_the_request_takes(http: httpx.Client) -> None:
    told = http.get("/api/v1/options").json()
    assert [field["name"] for field in told["fields"]] == list(Request.model_fields)
    groups = {group["name"] for group in told["groups"]}
    for field in told["fields"]:
        assert field["label"] and field["label_ru"] and field["group"] in groups
        if field["type"] == "choice":
            for choice in field["choices"]:
                assert getattr(Request(**{field["name"]: choice["name"]}), field["name"]) == choice["name"]
        elif field["type"] in ("integer", "number") and "minimum" in field:
            Request(**{field["name"]: field["minimum"]})


def test_a_plan_is_the_studios(http: httpx.Client, upload: str, picture: bytes) -> None:
    fields = {"prompt": "a cat", "seed": 3, "denoising_strength": 0.4, "variation_seed": 1}
    told = http.post("/api/v1/plan", json={"request": {**fields, "init_image": upload}}).json()
    own = Studio().plan(Request(**fields, init_image=picture)).as_dict()
    assert {name: told[name] for name in own} == json.loads(json.dumps(own))


def test_pictures_of_a_plan_have_its_sizes(http: httpx.Client, upload: str, mask: bytes) -> None:
    reference = "sha256:" + http.post("/api/v1/uploads", content=mask).json()["sha256"]
    fields = {"init_image": upload, "mask": reference, "inpaint_area": "only_masked", "width": 96, "height": 64}
    plan = http.post("/api/v1/plan", json={"request": fields}).json()
    cells = [side // 8 for side in plan["working_size"]]
    sizes = {"source": [128, 128], "mask": [128, 128], "shown": plan["working_size"], "cells": cells}
    for kind, size in sizes.items():
        response = http.post(f"/api/v1/plan/pictures/{kind}", json={"request": fields})
        image = Image.open(io.BytesIO(response.content))
        assert list(image.size) == size
        if kind == "cells":
            assert np.count_nonzero(np.asarray(image)) == plan["latent_cells_repainted"]
    assert http.post("/api/v1/plan/pictures/nothing", json={"request": fields}).status_code == 404
    assert http.post("/api/v1/plan/pictures/mask", json={"request": SMALL}).status_code == 404


def test_a_job_tells_of_itself_and_can_be_listened_to_again(http: httpx.Client) -> None:
    job = finished(http, request={**SMALL, "batch_count": 2, "seed": 100}, priority="batch", format="webp")
    assert (job["state"], job["priority"], job["seeds"]) == ("done", "batch", [100, 101])
    assert [one["index"] for one in job["pictures"]] == [0, 1]
    told = list(events(http, job["id"]))
    kinds = [kind for kind, _ in told if kind not in ("loading", "step", "preview")]
    assert kinds == ["queued", "started", "picture", "picture", "done"]
    numbers = [data["seq"] for _, data in told]
    assert numbers == sorted(set(numbers))
    again = list(events(http, job["id"], after=numbers[-2]))
    assert [kind for kind, _ in again] == ["done"]


def test_a_file_has_an_etag_ranges_and_its_recipe_makes_it_again(http: httpx.Client) -> None:
    (found,) = finished(http, request=SMALL)["pictures"]
    whole = http.get(found["file"])
    part = http.get(found["file"], headers={"Range": "bytes=8-15"})
    assert (part.status_code, part.content) == (206, whole.content[8:16])
    assert http.get(found["file"], headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert http.get(found["file"], headers={"Range": "bytes=999999999-"}).status_code == 416
    assert "attachment" in http.get(found["file"], params={"download": "1"}).headers["content-disposition"]
    recipe = open_recipe(whole.content)
    assert recipe.pixels == pixels_sha256(Image.open(io.BytesIO(whole.content)))
    small = Image.open(io.BytesIO(http.get(found["thumbnail"], params={"size": 64}).content))
    assert max(small.size) <= 64


def test_an_equal_request_is_answered_from_its_result(http: httpx.Client) -> None:
    request = {**SMALL, "prompt": "a blue house"}
    first, second = (finished(http, request=request) for _ in range(2))
    assert [one["id"] for one in first["pictures"]] == [one["id"] for one in second["pictures"]]


def test_a_form_carries_pictures_beside_the_job(http: httpx.Client, picture: bytes, mask: bytes) -> None:
    job = {"request": {"prompt": "a cat", "steps": 2, "seed": 1}}
    files = {"init_image": ("in.png", picture), "mask": ("mask.png", mask)}
    response = http.post("/api/v1/jobs", data={"job": json.dumps(job)}, files=files)
    assert response.status_code == 202, response.text
    *_, (kind, told) = events(http, response.json()["id"])
    assert kind == "done" and told["job"]["mode"] == "inpaint"
    (found,) = told["job"]["pictures"]
    got = np.asarray(Image.open(io.BytesIO(http.get(found["file"]).content)))
    source = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
    outside = np.asarray(Image.open(io.BytesIO(mask)).convert("L").resize((128, 128))) == 0
    far = outside & (np.add.outer(np.abs(np.arange(128) - 64), np.abs(np.arange(128) - 64)) > 110)
    assert np.array_equal(got[far], source[far])


def test_history_is_searched_marked_and_thrown_away(http: httpx.Client) -> None:
    (found,) = finished(http, request={**SMALL, "prompt": "a quokka on a bicycle"})["pictures"]
    one = f"/api/v1/pictures/{found['id']}"
    assert [row["id"] for row in http.get("/api/v1/pictures", params={"q": "quok bicy"}).json()["pictures"]] == [
        found["id"]
    ]
    assert http.patch(one, json={"favourite": True, "tags": ["best"]}).json()["tags"] == ["best"]
    assert http.get("/api/v1/pictures", params={"favourite": True, "tag": "best"}).json()["pictures"]
    told = http.get(one).json()
    assert told["recipe"]["seed"] == 5 and told["infotext"].startswith("a quokka")
    assert http.delete(one).json()["trashed"]
    assert not http.get("/api/v1/pictures", params={"q": "quokka"}).json()["pictures"]
    assert http.post(f"{one}/restore").json()["trashed"] is False
    http.delete(one)
    assert http.delete("/api/v1/trash").json()["removed"] >= 1
    assert http.get(one).status_code == 404


def test_pages_of_history_hold_every_picture_once(http: httpx.Client) -> None:
    seen: list[str] = []
    before = None
    while True:
        page = http.get("/api/v1/pictures", params={"limit": 2, **({"before": before} if before else {})}).json()
        seen += [row["id"] for row in page["pictures"]]
        before = page["next"]
        if before is None:
            break
    assert len(seen) == len(set(seen)) > 2


def test_what_is_written_in_a_picture_is_read_back(http: httpx.Client) -> None:
    (found,) = finished(http, request={**SMALL, "cfg_scale": 3.5})["pictures"]
    file = http.get(found["file"]).content
    told = http.post("/api/v1/read", content=file, headers={"content-type": "application/octet-stream"}).json()
    assert told["request"]["cfg_scale"] == 3.5 and told["request"]["seed"] == 5
    text = "a dog\nNegative prompt: fog\nSteps: 7, Sampler: Euler a, CFG scale: 4, Seed: 9, Size: 64x96, Wonder: yes"
    read = http.post("/api/v1/read", content=text.encode(), headers={"content-type": "text/plain"}).json()
    assert (read["request"]["steps"], read["request"]["sampler"]) == (7, "euler_a")
    assert any("Wonder" in note for note in read["notes"])


def test_a_recipe_that_lies_about_its_inputs_is_read_all_the_same(http: httpx.Client, picture: bytes) -> None:
    (found,) = finished(http, request=SMALL)["pictures"]
    recipe = open_recipe(http.get(found["file"]).content)
    odd = Image.open(io.BytesIO(picture))
    for inputs, data in (({}, None), ({"init_image": None}, "!!"), ({"init_image": None}, "AAAA")):
        request = {**recipe.request, "init_image": "sha256:" + "1" * 64, "mask": "elsewhere"}
        records = {name: {"sha256": "1" * 64, "size": 3, "data": data} for name in inputs}
        changed = json.loads(recipe.to_json()) | {"request": request, "inputs": records}
        buffer = io.BytesIO()
        save(odd, buffer, "png", recipe=json.dumps(changed))
        told = http.post("/api/v1/read", content=buffer.getvalue()).json()
        assert "init_image" not in told["request"] and "mask" not in told["request"] and len(told["notes"]) >= 2


def test_a_request_in_other_words_says_the_same(http: httpx.Client) -> None:
    fields = {"prompt": "it's $HOME; rm -rf /", "steps": 3, "tiling": True, "mask_blur": [2, 3], "seed": 4}
    told = http.post("/api/v1/write", json={"request": fields}).json()
    scope: dict[str, Any] = {}
    exec(told["python"].split("pm.Studio()")[0], scope)
    assert scope["request"] == Request(**fields)
    words = shlex.split(told["cli"])
    assert words[:2] == ["pentimento", "txt2img"] and words[words.index("--prompt") + 1] == fields["prompt"]
    job = next(word for word in shlex.split(told["curl"].replace("\\\n", "")) if word.startswith("job="))
    assert json.loads(job.removeprefix("job="))["request"] == fields
    read = http.post("/api/v1/read", content=told["a1111"].encode(), headers={"content-type": "text/plain"}).json()
    assert read["request"]["prompt"] == fields["prompt"] and read["request"]["seed"] == 4


def test_tokens_are_counted_in_chunks(http: httpx.Client) -> None:
    count = lambda text: http.post("/api/v1/tokens", json={"text": text}).json()  # noqa: E731
    assert count("") == {"tokens": 0, "chunks": 1}
    assert count("a red circle, bigger") == {"tokens": 5, "chunks": 1}
    assert count("cat " * 80)["chunks"] == 2


def test_a_cancelled_job_ends_and_stays_so(http: httpx.Client) -> None:
    job = http.post("/api/v1/jobs", json={"request": {**SMALL, "steps": 900, "batch_count": 9}}).json()["id"]
    assert http.delete(f"/api/v1/jobs/{job}").status_code == 200
    assert [kind for kind, _ in events(http, job)][-1] == "cancelled"
    assert http.delete(f"/api/v1/jobs/{job}").json()["state"] == "cancelled"
    assert job in [one["id"] for one in http.get("/api/v1/jobs", params={"state": "cancelled"}).json()]


REFUSED = [
    ({"request": {"stepz": 3}}, 422, "stepz", "did you mean 'steps'"),
    ({"request": {"steps": 0}}, 422, "steps", "at least 1"),
    ({"request": {"sampler": "eulr"}}, 422, "sampler", "did you mean"),
    ({"request": {"model": "/etc/passwd"}}, 422, "model", "no model is called"),
    ({"request": {"vae": "/etc/passwd"}}, 422, "vae", "not known"),
    ({"request": {"init_image": "/etc/passwd"}}, 422, "init_image", "sha256"),
    ({"request": {"init_image": "sha256:" + "0" * 64}}, 422, "init_image", "send it"),
    ({"request": {"init_image": "data:image/png;base64,AAAA"}}, 422, "init_image", "no picture"),
    ({"request": [1]}, 422, "request", ""),
    ({"request": {}, "prority": "batch"}, 422, "prority", ""),
]


@pytest.mark.parametrize(
    ("body", "status", "field", "words"), REFUSED, ids=[str(row[2]) + str(row[0])[:40] for row in REFUSED]
)
def test_what_cannot_be_done_is_refused_with_the_field_and_the_way_out(
    http: httpx.Client, body: dict[str, Any], status: int, field: str, words: str
) -> None:
    response = http.post("/api/v1/plan", json=body)
    told = response.json()
    assert response.status_code == status and response.headers["content-type"] == "application/problem+json"
    assert field in (told["field"] or "") and words in told["detail"]
    assert told["request_id"] == response.headers["x-request-id"]
    assert http.post("/api/v1/jobs", json=body).status_code == status


def test_bodies_of_other_kinds_are_refused(http: httpx.Client) -> None:
    assert http.post("/api/v1/jobs", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert http.post("/api/v1/jobs", content=b"hello", headers={"content-type": "text/plain"}).status_code == 415
    deep = b"[" * 100_000
    assert http.post("/api/v1/jobs", content=deep, headers={"content-type": "application/json"}).status_code == 400
    assert http.get("/api/v1/jobs/none").status_code == 404
    assert http.get("/api/v1/nothing").json()["status"] == 404


def test_figures_and_health(http: httpx.Client) -> None:
    finished(http, request=SMALL)
    assert http.get("/healthz").json()["status"] == "ok"
    assert http.get("/readyz").json()["ready"]
    text = http.get("/metrics").text
    values = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}
    assert values['pentimento_jobs{state="done"}'] >= 1
    assert values['pentimento_http_requests_total{method="GET",route="/healthz",status="200"}'] >= 1
    assert values['pentimento_engine_ready{device="cpu"}'] == 1


def test_every_answer_is_described(http: httpx.Client) -> None:
    document = http.get("/api/v1/openapi.json").json()
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items() if path.startswith("/api/v1") else ():
            status = next(status for status in operation["responses"] if status.startswith("2"))
            content = operation["responses"][status].get("content", {})
            assert content or method == "head" or status == "204", path
            schema = content.get("application/json", {"schema": {"anyOf": []}})["schema"]
            pointers = [schema, schema.get("items", {}), *schema.get("anyOf", ())]
            assert {one["$ref"] for one in pointers if "$ref" in one} <= named
            assert any("$ref" in one for one in pointers) or "application/json" not in content, path


def test_an_answer_with_a_key_too_many_is_noticed(http: httpx.Client) -> None:
    answer = http.get("/api/v1/server")
    told = httpx.Response(200, json={**answer.json(), "more": 1}, request=answer.request)
    with pytest.raises(ValueError, match="more"):
        check_answer(told)
    assert len(ANSWERS) >= 20


def test_the_other_lists_are_as_described(http: httpx.Client) -> None:
    for route in ("server", "networks", "embeddings", "styles", "jobs"):
        assert http.get(f"/api/v1/{route}").status_code == 200
    assert http.post("/api/v1/models/refresh").json()[0]["name"] == "builtin"
