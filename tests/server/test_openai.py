"""OpenAI's API over a live server, with its real client."""

import base64
import io
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from PIL import Image

from pentimento.recipe import open_recipe
from tests.server.conftest import Live

SMALL: dict[str, Any] = {"steps": 4, "seed": 3}


@pytest.fixture(scope="module")
def client(server: Live) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


@pytest.fixture(scope="module")
def hole(mask: bytes) -> bytes:
    """OpenAI's mask: transparent where the picture is to be repainted."""
    painted = Image.open(io.BytesIO(mask)).convert("L").resize((128, 128))
    image = Image.new("RGBA", (128, 128), (0, 0, 0, 255))
    image.putalpha(painted.point(lambda value: 0 if value > 127 else 255))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def image_of(text: str | None) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text or "")))


def test_an_edit_repaints_what_is_transparent(client: openai.OpenAI, picture: bytes, hole: bytes) -> None:
    extra = {**SMALL, "strength": 0.9, "mask_blur": [0, 0], "sampler": "euler"}
    answer = client.images.edit(
        image=("in.png", picture), mask=("mask.png", hole), prompt="a cat", model="gpt-image-1", extra_body=extra
    )
    assert answer.data is not None
    file = base64.b64decode(answer.data[0].b64_json or "")
    got, source = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in (file, picture))
    alpha = np.asarray(Image.open(io.BytesIO(hole)).getchannel("A"))
    assert np.array_equal(got[alpha == 255], source[alpha == 255])
    assert not np.array_equal(got[alpha == 0], source[alpha == 0])
    recipe = open_recipe(file)
    assert recipe.request["denoising_strength"] == 0.9 and recipe.request["sampler"] == "euler"
    assert recipe.profile["name"] == "pentimento"


def test_a_list_of_one_picture_and_no_mask_is_repainted_wholly(client: openai.OpenAI, picture: bytes) -> None:
    answer = client.images.edit(image=[("in.png", picture)], prompt="a cat", size="auto", n=2, extra_body=SMALL)
    assert answer.data is not None
    assert [image_of(one.b64_json).size for one in answer.data] == [(128, 128)] * 2
    with pytest.raises(openai.UnprocessableEntityError, match="one is repainted"):
        client.images.edit(image=[("a.png", picture), ("b.png", picture)], prompt="a cat")


def test_a_picture_with_holes_is_its_own_mask(client: openai.OpenAI, picture: bytes, hole: bytes) -> None:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.putalpha(Image.open(io.BytesIO(hole)).getchannel("A"))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    answer = client.images.edit(image=("in.png", buffer.getvalue()), prompt="a cat", extra_body=SMALL)
    assert answer.data is not None
    assert open_recipe(base64.b64decode(answer.data[0].b64_json or "")).inputs.keys() == {"init_image", "mask"}


def test_generations_and_formats(client: openai.OpenAI, http: httpx.Client) -> None:
    answer = client.images.generate(
        prompt="a house", size="64x96", output_format="jpeg", model="dall-e-3", extra_body=SMALL
    )
    assert answer.data is not None
    image = image_of(answer.data[0].b64_json)
    assert (image.size, image.format) == ((64, 96), "JPEG")
    linked = client.images.generate(prompt="a house", size="64x64", response_format="url", extra_body=SMALL)
    assert linked.data is not None and linked.data[0].url is not None
    assert Image.open(io.BytesIO(http.get(linked.data[0].url).content)).size == (64, 64)


def test_variations_are_like_the_picture(http: httpx.Client, picture: bytes) -> None:
    files = {"image": ("in.png", picture)}
    answer = http.post("/v1/images/variations", data={"n": "2", "steps": "4", "seed": "3"}, files=files).json()
    first, second = (image_of(one["b64_json"]) for one in answer["data"])
    assert first.size == (128, 128) and first.tobytes() != second.tobytes()


def test_partial_pictures_come_before_the_finished_one(client: openai.OpenAI, picture: bytes) -> None:
    stream = client.images.edit(
        image=("in.png", picture), prompt="x", stream=True, partial_images=2, extra_body={"steps": 200, "seed": 8}
    )
    events = list(stream)
    kinds = [event.type for event in events]
    assert kinds[-1] == "image_edit.completed" and set(kinds[:-1]) <= {"image_edit.partial_image"}
    assert 1 <= len(kinds) - 1 <= 2
    partial = [event for event in events if event.type == "image_edit.partial_image"]
    assert [event.partial_image_index for event in partial] == list(range(len(partial)))
    assert all(image_of(event.b64_json).format == "PNG" for event in events)


def test_models_are_listed(client: openai.OpenAI) -> None:
    names = [one.id for one in client.models.list()]
    assert {"builtin", "tiny_sd15"} <= set(names)
    assert client.models.retrieve("tiny_sd15").id == "tiny_sd15"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing")


def test_errors_have_openais_form(client: openai.OpenAI, http: httpx.Client, picture: bytes) -> None:
    with pytest.raises(openai.NotFoundError) as lost:
        client.images.generate(prompt="x", model="not-here")
    assert lost.value.code == "model_not_found"
    with pytest.raises(openai.UnprocessableEntityError) as wrong:
        client.images.generate(prompt="x", extra_body={"steps": 0})
    assert wrong.value.param == "steps" and "at least 1" in wrong.value.message
    with pytest.raises(openai.UnprocessableEntityError, match="size"):
        client.images.generate(prompt="x", size="large")  # pyright: ignore[reportArgumentType]
    with pytest.raises(openai.UnprocessableEntityError, match="no picture"):
        client.images.edit(image=("in.png", b"hello"), prompt="x")
    told = http.post("/v1/images/edits", json={}).json()
    assert told["error"].keys() == {"message", "type", "param", "code"}


def test_a_picture_may_come_as_a_long_text_field(http: httpx.Client) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (640, 640, 3), np.uint8))
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    text = base64.b64encode(buffer.getvalue()).decode()
    assert len(text) > 2**20
    body = {"image": text, "prompt": "x", "size": "64x64", "steps": "2", "seed": "1"}
    response = http.post("/v1/images/edits", files=[(name, (None, value)) for name, value in body.items()])
    assert response.status_code == 200, response.text[:200]
