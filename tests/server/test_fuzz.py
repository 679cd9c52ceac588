"""Whatever is sent, the answer is no failure of the server: bodies by the OpenAPI document, any JSON for others."""

import base64
import io
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from pentimento.jobs import Order, PlaceStatus
from pentimento.scripts import SCRIPTS
from pentimento.server.app import build_app
from pentimento.server.sdapi.scripts import TITLES
from pentimento.server.settings import Bounds, Settings
from tests.jobs.free import FreeStudio, ThreadExecutor

EXAMPLES = int(os.environ.get("PENTIMENTO_EXAMPLES", "4"))
"""Requests for each operation; thousands with `PENTIMENTO_EXAMPLES=200`."""
RULES = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES < 50,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _small_picture() -> str:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((24, 16)).convert("RGB").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


PICTURE = _small_picture()


class NeverVacant(ThreadExecutor):
    """Takes no orders: what is accepted waits."""

    def vacant(self) -> Sequence[str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return []

    def submit(self, order: Order) -> None:
        raise AssertionError("there was no vacant place")

    def status(self) -> list[PlaceStatus]:
        return []


def served(executor: ThreadExecutor, folder: Any) -> Iterator[str]:
    """Serve on loopback in a thread; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        app = build_app(Settings(data=folder, bounds=Bounds(queued_jobs=50)), executor)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, args=([taken],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("waiting")
    yield from served(NeverVacant(FreeStudio(data=str(folder / "inputs"))), folder)


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("working")
    for url in served(ThreadExecutor(FreeStudio(data=str(folder / "inputs"))), folder):
        with httpx.Client(base_url=url, timeout=60) as client:
            yield client


def test_nothing_that_the_document_allows_or_forbids_makes_the_server_fail(waiting: str) -> None:
    document = httpx.get(f"{waiting}/api/v1/openapi.json", timeout=60).json()
    for path in list(document["paths"]):
        if path.endswith("/events") or path.startswith(("/sdapi/v1/txt2img", "/sdapi/v1/img2img", "/v1/images")):
            del document["paths"][path]  # these answer when a job ends
    schema = schemathesis.openapi.from_dict(document)
    tried: set[int] = set()
    with httpx.Client(base_url=waiting, timeout=30) as client:
        for found in schema.get_all_operations():
            operation = found.ok()

            @RULES
            @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
            def test(case: Any) -> None:
                _try(client, case, tried)

            test()
    assert tried >= {200, 404, 422}


def _try(client: httpx.Client, case: Any, tried: set[int]) -> None:
    request = case.as_transport_kwargs(base_url=str(client.base_url))
    content: dict[str, Any] = {name: request[name] for name in ("json", "data", "files") if request.get(name)}
    if "files" in content:
        content["files"] = [(name, _part(part)) for name, part in dict(content["files"]).items()]
    if isinstance(content.get("data"), bytes | str):
        content = {"content": content["data"]}
    headers = {str(name): str(value) for name, value in dict(request.get("headers") or {}).items()}
    headers = {name: value for name, value in headers.items() if value.isascii() and value.isprintable()}
    answer = client.request(request["method"], request["url"], params=request.get("params"), headers=headers, **content)
    tried.add(answer.status_code)
    assert answer.status_code not in (500, 502), (case.method, case.path, content, answer.text)
    if answer.status_code >= 400 and case.path.startswith("/api/v1") and case.method != "HEAD":
        assert answer.json()["status"] == answer.status_code


def _part(value: Any) -> Any:
    """Give a part of a form as it can be sent: whatever is no text or bytes as its text."""
    if isinstance(value, tuple):
        name, inner, *kind = value
        return (name, _part(inner), *kind)
    return value if isinstance(value, bytes | str) else str(value)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        ["Euler a", "Karras", "data:image/png;base64,AAAA", "sha256:" + "0" * 64, "../../etc/passwd", "1e999"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
_KEYS = [
    "prompt negative_prompt styles seed subseed subseed_strength seed_resize_from_h seed_resize_from_w sampler_name",
    "scheduler sampler_index batch_size n_iter cfg_scale eta s_churn s_tmax s_tmin s_noise tiling override_settings",
    "denoising_strength resize_mode init_images mask mask_blur inpainting_fill inpaint_full_res mask_blur_x",
    "inpaint_full_res_padding inpainting_mask_invert initial_noise_multiplier script_name alwayson_scripts",
    "send_images save_images include_init_images force_task_id restore_faces mask_round script_args",
]
_SCRIPTS = [row.title for row in TITLES] + ["sd upscale", "None", ""]
_SETTINGS = (
    "CLIP_stop_at_last_layers sd_vae sd_model_checkpoint samples_format eta_ancestral sigma_min return_mask sd_lora"
)
_BODIES = st.fixed_dictionaries(
    {"width": st.just(64), "height": st.just(64), "steps": st.just(1)},
    optional={
        **dict.fromkeys(" ".join(_KEYS).split(), _VALUES),
        "override_settings": _VALUES | st.dictionaries(st.sampled_from(_SETTINGS.split()), _VALUES, max_size=3),
        "script_name": _VALUES | st.sampled_from(_SCRIPTS),
        "script_args": _VALUES | st.lists(_VALUES | st.integers(-3, 8), max_size=18),
        "init_images": _VALUES | st.just([PICTURE]),
        "batch_size": st.integers(-2, 2),
        "n_iter": st.integers(-2, 2),
    },
)


@pytest.mark.parametrize("endpoint", ["/sdapi/v1/txt2img", "/sdapi/v1/img2img", "/v1/images/generations"])
def test_any_body_of_other_dialects_is_answered(working: httpx.Client, endpoint: str) -> None:
    @settings(RULES, max_examples=15 * EXAMPLES)
    @given(body=_BODIES)
    def test(body: dict[str, Any]) -> None:

        answer = working.post(endpoint, content=json.dumps(body), headers={"content-type": "application/json"})
        assert answer.status_code in (200, 400, 404, 422, 501), (answer.status_code, body, answer.text[:500])
        assert "images" in answer.json() or "data" in answer.json() or "error" in answer.json()

    test()


_OPTION = (
    _VALUES
    | st.integers(-2, 9)
    | st.sampled_from(["steps=1,2", "seed=1-2", "vae=a", "mask=rect 1 1 9 9", "init_image=x", "--prompt a --steps 1"])
    | st.sampled_from(["left", ["left", "up"], "linear", "xy", "none", f"data:image/png;base64,{PICTURE}"])
)
_CALLS = st.sampled_from(SCRIPTS).flatmap(
    lambda script: st.fixed_dictionaries(
        {"name": st.just(script.name) | st.text(max_size=8)},
        optional={"options": st.dictionaries(st.sampled_from(list(script.options.model_fields)), _OPTION, max_size=4)},
    )
)


@pytest.mark.parametrize("route", ["plan", "jobs"])
def test_any_script_is_answered(working: httpx.Client, route: str) -> None:
    @settings(RULES, max_examples=15 * EXAMPLES)
    @given(script=_CALLS | _VALUES, source=st.booleans())
    def test(script: Any, source: bool) -> None:
        fields: dict[str, Any] = {"width": 64, "height": 64, "steps": 1, "prompt": "a|b"}
        fields |= {"init_image": f"data:image/png;base64,{PICTURE}"} if source else {}
        body = json.dumps({"request": fields, "script": script})
        answer = working.post(f"/api/v1/{route}", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (200, 202, 400, 422, 429), (answer.status_code, body[:2000], answer.text[:500])
        if answer.status_code == 202:
            working.delete(f"/api/v1/jobs/{answer.json()['id']}")

    test()


@pytest.mark.parametrize("endpoint", ["extra-single-image", "extra-batch-images", "png-info", "interrogate", "options"])
def test_any_body_of_the_smaller_routes_is_answered(working: httpx.Client, endpoint: str, picture: bytes) -> None:

    names = ["image", "imageList", "upscaling_resize", "upscaling_resize_w", "upscaler_1", "resize_mode", "model"]
    good = st.just(base64.b64encode(picture).decode())

    @settings(RULES, max_examples=5 * EXAMPLES)
    @given(body=st.dictionaries(st.sampled_from(names), _VALUES | good | st.just("Lanczos"), max_size=5))
    def test(body: dict[str, Any]) -> None:
        answer = working.post(
            f"/sdapi/v1/{endpoint}", content=json.dumps(body), headers={"content-type": "application/json"}
        )
        assert answer.status_code in (200, 404, 422, 501), (answer.status_code, body, answer.text[:500])

    test()
