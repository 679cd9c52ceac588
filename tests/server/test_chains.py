"""Chains over HTTP: made of the history, arranged, run again, and given as files; the library's own, byte for byte."""

import asyncio
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import pentimento as pm
from pentimento.errors import RequestError
from tests.server.conftest import Live
from tests.server.test_native import finished
from tests.server.test_security import ANNA, BORIS, JOB, bearer, opened

EDIT: dict[str, Any] = {
    "width": 64,
    "height": 64,
    "steps": 2,
    "denoising_strength": 0.9,
    "inpaint_area": "only_masked",
    "only_masked_padding": 4,
    "mask_blur": 2,
}
LEFT, RIGHT, ACROSS = "rect 10 20 30 30", "rect 84 20 30 30", "rect 30 30 70 12"
"""Masks in a picture of 128x128; the last lies over both others."""


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def again_as_bmp(data: bytes) -> bytes:
    """Write the same pixels as another file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels(data)).save(buffer, "BMP")
    return buffer.getvalue()


class Edits:
    """Edits of one picture over a server, each of the result of the one before."""

    def __init__(self, http: httpx.Client, source: bytes) -> None:
        self.http = http
        self.files = [source]
        self.ids: list[str] = []

    def add(self, prompt: str, mask: str, seed: int) -> None:
        sent = self.http.post("/api/v1/uploads", content=again_as_bmp(self.files[-1])).json()["sha256"]
        request = {**EDIT, "init_image": f"sha256:{sent}", "prompt": prompt, "mask": mask, "seed": seed}
        (picture,) = finished(self.http, request=request)["pictures"]
        self.ids.append(picture["id"])
        self.files.append(self.http.get(picture["file"]).content)


@pytest.fixture(scope="module")
def edits(http: httpx.Client, picture: bytes) -> Edits:
    made = Edits(http, picture)
    made.add("a red house", LEFT, 1)
    made.add("a tree", RIGHT, 2)
    made.add("a river", ACROSS, 3)
    return made


@pytest.fixture
def chain(http: httpx.Client, edits: Edits) -> Iterator[dict[str, Any]]:
    told = http.post("/api/v1/chains", json={"picture": edits.ids[-1]})
    assert told.status_code == 200, told.text
    yield told.json()
    assert http.delete(f"/api/v1/chains/{told.json()['id']}").status_code == 204


def shown(http: httpx.Client, chain: dict[str, Any]) -> NDArray[np.uint8]:
    return pixels(http.get(chain["picture"]).content)


def arranged(http: httpx.Client, chain: dict[str, Any], *steps: dict[str, Any]) -> dict[str, Any]:
    response = http.patch(f"/api/v1/chains/{chain['id']}", json={"steps": list(steps)})
    assert response.status_code == 200, response.text
    return response.json()


def test_the_chain_of_a_result_is_the_history_that_led_to_it(
    http: httpx.Client, edits: Edits, chain: dict[str, Any]
) -> None:
    assert [step["prompt"] for step in chain["steps"]] == ["a red house", "a tree", "a river"]
    assert [step["seed"] for step in chain["steps"]] == [1, 2, 3]
    assert not any(step["stale"] or step["muted"] for step in chain["steps"])
    for upto, file in enumerate(edits.files):
        assert (
            pixels(http.get(chain["picture"], params={"format": "png", "upto": upto}).content) == pixels(file)
        ).all()
    changed = (pixels(edits.files[-1]) != pixels(edits.files[0])).any(2)
    assert changed.sum() <= 128 * 128 - chain["untouched_pixels"] < 128 * 128
    first = http.post("/api/v1/chains", json={"picture": edits.ids[0]}).json()
    assert [step["id"] for step in first["steps"]] == [chain["steps"][0]["id"]]
    http.delete(f"/api/v1/chains/{first['id']}")


def test_a_muted_step_is_out_of_the_picture_and_what_saw_it_is_stale(
    http: httpx.Client, edits: Edits, chain: dict[str, Any]
) -> None:
    house, tree, river = chain["steps"]
    muted = arranged(http, chain, {"id": house["id"], "muted": True}, {"id": tree["id"]}, {"id": river["id"]})
    assert [step["stale"] for step in muted["steps"]] == [False, False, True]
    left, top, right, bottom = tree["box"]
    now, source, before = shown(http, muted), pixels(edits.files[0]), pixels(edits.files[-1])
    assert (now[:, :20] == source[:, :20]).all()
    assert (now[top:bottom, left:right] == before[top:bottom, left:right]).all()
    assert http.post("/api/v1/chains", json={"picture": edits.ids[-1]}).json() == muted
    back = arranged(http, chain, {"id": house["id"], "muted": False}, {"id": tree["id"]}, {"id": river["id"]})
    assert back == chain and (shown(http, back) == before).all()


def test_steps_apart_change_places_and_are_taken_away(http: httpx.Client, edits: Edits, chain: dict[str, Any]) -> None:
    house, tree, river = chain["steps"]
    turned = arranged(http, chain, {"id": tree["id"], "label": "oak"}, {"id": house["id"]}, {"id": river["id"]})
    assert [step["label"] for step in turned["steps"]] == ["oak", "", ""]
    assert not any(step["stale"] for step in turned["steps"]) and (shown(http, turned) == pixels(edits.files[-1])).all()
    fewer = arranged(http, chain, {"id": house["id"]}, {"id": tree["id"]})
    assert len(fewer["steps"]) == 2 and (shown(http, fewer) == pixels(edits.files[2])).all()
    more = http.post(f"/api/v1/chains/{chain['id']}/steps", json={"picture": edits.ids[2], "label": "again"}).json()
    assert [step["label"] for step in more["steps"]] == ["", "oak", "again"]
    assert more["steps"][-1]["id"] == river["id"]


def test_a_step_is_run_again_over_what_lies_below_it_now(http: httpx.Client, chain: dict[str, Any]) -> None:
    house, tree, river = (step["id"] for step in chain["steps"])
    muted = arranged(http, chain, {"id": house, "muted": True}, {"id": tree}, {"id": river, "label": "water"})
    below = http.get(chain["picture"], params={"format": "png", "upto": 2}).content
    accepted = http.post(f"/api/v1/chains/{chain['id']}/steps/{river}/runs", json={"request": {"seed": 9}})
    assert accepted.status_code == 202 and accepted.headers["location"].startswith("/api/v1/jobs/"), accepted.text
    *_, last = http.get(f"{accepted.headers['location']}/events").text.strip().split("\n\n")
    assert "event: done" in last
    (made,) = http.get(accepted.headers["location"]).json()["pictures"]
    assert (made["seed"], made["prompt"]) == (9, "a river")
    now = http.put(f"/api/v1/chains/{chain['id']}/steps/{river}", json={"picture": made["id"]}).json()
    assert [step["stale"] for step in now["steps"]] == [False] * 3 and now["steps"][-1]["label"] == "water"
    assert now["steps"][:2] == muted["steps"][:2] and now["steps"][-1]["id"] != river
    result = shown(http, now)
    assert (result == pixels(http.get(made["file"]).content)).all()
    assert (result[:16] == pixels(below)[:16]).all() and (result != pixels(below)).any()
    gone = http.put(f"/api/v1/chains/{chain['id']}/steps/{river}", json={"picture": made["id"]})
    assert gone.status_code == 404 and "run again" in gone.json()["detail"]


def test_a_result_made_of_what_a_chain_shows_goes_on_from_it(
    http: httpx.Client, edits: Edits, chain: dict[str, Any]
) -> None:
    house, *others = chain["steps"]
    muted = arranged(http, chain, {"id": house["id"], "muted": True}, *({"id": step["id"]} for step in others))
    onward = Edits(http, http.get(chain["picture"]).content)
    onward.add("a boat", LEFT, 5)
    told = http.post("/api/v1/chains", json={"picture": onward.ids[0]}).json()
    assert told["id"] != chain["id"] and [step["muted"] for step in told["steps"]] == [True, False, False, False]
    assert [step["id"] for step in told["steps"][:3]] == [step["id"] for step in muted["steps"]]
    assert told["steps"][3]["prompt"] == "a boat" and not told["steps"][3]["stale"]
    assert (shown(http, told) == pixels(onward.files[-1])).all()
    assert http.get(f"/api/v1/chains/{chain['id']}").json() == muted
    http.delete(f"/api/v1/chains/{told['id']}")


def test_the_files_are_the_librarys(http: httpx.Client, edits: Edits, chain: dict[str, Any]) -> None:
    data = http.get(chain["file"])
    assert data.headers["content-type"] == "application/vnd.pentimento.chain"
    own = pm.Chain.from_bytes(data.content)
    assert own.to_bytes() == data.content and (np.asarray(own.picture()) == pixels(edits.files[-1])).all()
    assert http.get(chain["file"], params={"format": "ora", "upto": 2}).content == own.encode("ora", 2)
    arranged(http, chain, *({"id": step["id"], "muted": True} for step in chain["steps"]))
    with zipfile.ZipFile(io.BytesIO(http.get(chain["file"], params={"format": "ora"}).content)) as ora:
        layers = ElementTree.fromstring(ora.read("stack.xml")).findall(".//layer")
    assert [layer.get("visibility") for layer in layers] == ["hidden"] * 3 + ["visible"]
    sent = http.post("/api/v1/chains/files", content=data.content)
    assert sent.status_code == 201 and sent.headers["location"] == f"/api/v1/chains/{sent.json()['id']}"
    assert [step["id"] for step in sent.json()["steps"]] == [step["id"] for step in chain["steps"]]
    kept = [row["id"] for row in http.get("/api/v1/chains").json()]
    assert kept[0] == sent.json()["id"] and chain["id"] in kept
    assert http.delete(f"/api/v1/chains/{sent.json()['id']}").status_code == 204
    assert http.get(sent.headers["location"]).status_code == 404


def test_a_step_that_was_taken_away_comes_back_with_the_file_from_before(
    http: httpx.Client, chain: dict[str, Any]
) -> None:
    place = f"/api/v1/chains/{chain['id']}/file"
    before = http.get(place).content
    fewer = arranged(http, chain, *({"id": step["id"]} for step in chain["steps"][1:]))
    assert len(fewer["steps"]) == 2
    refused = http.put(place, content=before[:-40])
    assert refused.status_code == 422 and http.get(f"/api/v1/chains/{chain['id']}").json() == fewer
    assert http.put(place, content=before).json() == chain and http.get(place).content == before
    assert http.put(f"/api/v1/chains/{'0' * 24}/file", content=before).status_code == 404


def test_a_layer_is_what_the_step_has_painted(http: httpx.Client, edits: Edits, chain: dict[str, Any]) -> None:
    step = chain["steps"][0]
    left, top, right, bottom = step["box"]
    image = Image.open(io.BytesIO(http.get(step["layer"]).content))
    assert (image.mode, image.size) == ("RGBA", (right - left, bottom - top))
    whole = np.asarray(image)
    solid = whole[..., 3] == 255
    assert solid.any() and (whole[solid][:, :3] == pixels(edits.files[1])[top:bottom, left:right][solid]).all()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "", {"picture": "nothing-0"}, 404, "no picture 'nothing-0'"),
        ("POST", "", {"picture": "a", "file": "/etc/passwd"}, 422, "[Ee]xtra"),
        ("GET", "/0123", None, 404, "no chain"),
        ("GET", "/..%2f..%2fjobs", None, 404, "nothing at|no chain"),
        ("PATCH", "/{id}", {"steps": [{"id": "b"}]}, 422, "no step 'b'"),
        ("PATCH", "/{id}", {"steps": [{"id": "{river}"}, {"id": "{river}"}]}, 422, "twice"),
        ("POST", "/{id}/steps/b/runs", {}, 404, "no step 'b'"),
        ("POST", "/{id}/steps/{river}/runs", {"request": {"batch_size": 2}}, 422, "2 pictures"),
        ("POST", "/{id}/steps/{river}/runs", {"request": {"mask": "/etc/passwd"}}, 422, "no picture here|mask"),
        ("POST", "/{id}/steps/{river}/runs", {"request": {"vae": "/etc/passwd"}}, 422, "vae"),
        ("POST", "/{id}/steps", {"picture": "{first}"}, 422, "not the chain's picture"),
        ("GET", "/{id}/file?format=exe", None, 422, "exe"),
        ("GET", "/{id}/file?format=png&upto=4", None, 422, "no step 4"),
        ("GET", "/{id}/file?upto=1", None, 422, "all steps"),
    ],
)
def test_what_cannot_be_is_refused(
    http: httpx.Client, edits: Edits, chain: dict[str, Any], method: str, path: str, body: Any, status: int, said: str
) -> None:
    known = {"{id}": chain["id"], "{river}": chain["steps"][2]["id"], "{first}": edits.ids[0]}
    text = repr(body)
    for name, value in known.items():
        path, text = path.replace(name, value), text.replace(name, value)
    response = http.request(method, f"/api/v1/chains{path}", json=eval(text) if body is not None else None)  # noqa: S307
    assert response.status_code == status, response.text
    assert re.search(said, response.json()["detail"]), response.text
    assert http.get(f"/api/v1/chains/{chain['id']}").json() == chain


def test_a_foreign_file_is_refused_and_a_large_one_is_not_unpacked(
    http: httpx.Client, chain: dict[str, Any], picture: bytes
) -> None:
    for data in (b"", picture, http.get(chain["file"], params={"format": "ora"}).content):
        refused = http.post("/api/v1/chains/files", content=data)
        assert refused.status_code == 422 and refused.json()["field"] == "file", refused.text
    foreign = io.BytesIO()
    Image.fromarray(pixels(picture)).save(foreign, "PPM")
    refused = http.post("/api/v1/chains/files", content=pm.Chain.of(foreign.getvalue()).to_bytes())
    assert refused.status_code == 422 and "no picture that can be read; send PNG" in refused.json()["detail"]
    with pytest.raises(RequestError, match="at most 1000 are taken"):
        pm.Chain.from_bytes(http.get(chain["file"]).content, most=1000)


def test_a_result_without_a_source_begins_a_chain(http: httpx.Client) -> None:
    made = finished(http, request={**EDIT, "prompt": "a red house", "seed": 1})["pictures"][0]
    told = http.post("/api/v1/chains", json={"picture": made["id"]}).json()
    assert told["steps"] == [] and told["untouched_pixels"] == 64 * 64
    assert (shown(http, told) == pixels(http.get(made["file"]).content)).all()
    http.delete(f"/api/v1/chains/{told['id']}")


def test_the_clients_do_the_same(server: Live, edits: Edits, tmp_path: Path) -> None:
    with pm.Client(server.url) as client:
        told = client.chain_of(edits.ids[-1])
        house, tree, river = (step["id"] for step in told["steps"])
        client.arrange_chain(told["id"], [{"id": house, "muted": True}, tree, river])
        fresh = client.refresh_chain(told["id"])
        assert [step["stale"] for step in fresh["steps"]] == [False] * 3
        assert [step["id"] == old for step, old in zip(fresh["steps"], (house, tree, river), strict=True)] == [
            True,
            True,
            False,
        ]
        own = pm.Chain.from_bytes(client.chain_file(told["id"]))
        assert own.stale == (False,) * 3 and own.steps[0].muted

    async def through() -> None:
        async with pm.AsyncClient(server.url) as client:
            own.save(tmp_path / "own.pentimento")
            sent = await client.upload_chain(tmp_path / "own.pentimento")
            again = await client.rerun_step(sent["id"], sent["steps"][-1]["id"])
            assert again["steps"] == [
                {**step, "layer": step["layer"].replace(told["id"], sent["id"])} for step in fresh["steps"]
            ]
            for one in (told["id"], sent["id"]):
                await client.remove_chain(one)
            assert await client.chains() == []

    asyncio.run(through())


def test_users_do_not_see_each_others(tmp_path: Path) -> None:
    with opened(tmp_path, users={ANNA: "anna", BORIS: "boris"}) as client:
        made = client.post("/sdapi/v1/txt2img", json={**JOB["request"], "save_images": True}, headers=bearer(ANNA))
        assert made.status_code == 200
        ((picture, *_),) = (job["pictures"] for job in client.get("/api/v1/jobs", headers=bearer(ANNA)).json())
        body = {"picture": picture["id"]}
        assert client.post("/api/v1/chains", json=body, headers=bearer(BORIS)).status_code == 404
        chain = client.post("/api/v1/chains", json=body, headers=bearer(ANNA)).json()["id"]
        for method, path, status in (("GET", "", 200), ("GET", "/file", 200), ("DELETE", "", 204)):
            place = f"/api/v1/chains/{chain}{path}"
            assert client.request(method, place, headers=bearer(BORIS)).status_code == 404, path
            assert client.patch(place, json={"steps": []}, headers=bearer(BORIS)).status_code in (404, 405)
            assert client.get("/api/v1/chains", headers=bearer(BORIS)).json() == []
            assert client.request(method, place, headers=bearer(ANNA)).status_code == status, path
