"""The clients against a live server: what they give is what the studio gives, waited for or awaited."""

import asyncio
import inspect
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

import pentimento as pm
from pentimento.client import JobFailed, RemoteEvent, ServerError
from tests.server.conftest import INPUTS, Live

REQUEST = pm.Request(
    prompt="a cat", init_image=str(INPUTS / "astro_128.png"), mask=str(INPUTS / "m_ellipse_128.png"), steps=3, seed=9
)


@pytest.fixture
def client(server: Live) -> Iterator[pm.Client]:
    with pm.Client(server.url) as client:
        yield client


def test_run_gives_the_studios_picture(client: pm.Client, tmp_path: Path) -> None:
    told: list[RemoteEvent] = []
    (picture,) = client.run(REQUEST, told.append)
    assert [event.kind for event in told if event.kind in ("queued", "started", "picture", "done")] == [
        "queued",
        "started",
        "picture",
        "done",
    ]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        own = pm.Studio(dtype="float32", device="cpu").run(REQUEST).images[0]
    finally:
        torch.set_num_threads(threads)
    assert picture.image.tobytes() == own.tobytes() and picture.seed == 9
    saved = picture.save(tmp_path / "out.png")
    assert Image.open(saved).info["parameters"].startswith("a cat")


def test_a_picture_is_sent_once(client: pm.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.effect_noise((40, 40), 80)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    sent: list[str] = []
    send = client._http.request  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(client._http, "request", lambda method, *a, **k: sent.append(method) or send(method, *a, **k))  # pyright: ignore
    first, second = client.upload(buffer.getvalue()), client.upload(buffer.getvalue())
    assert first == second and sent == ["HEAD", "PUT", "HEAD"]


def test_plan_history_and_marks(client: pm.Client) -> None:
    plan = client.plan(REQUEST)
    assert plan["mode"] == "inpaint" and plan["seeds"] == [9]
    (picture,) = client.run(REQUEST.changed(prompt="an axolotl in a hat"), format="jpeg")
    assert picture.image.format == "JPEG"
    found, _ = client.history("axolotl")
    assert [one.id for one in found] == [picture.id]
    assert client.mark(picture.id, favourite=True, tags=["pet"]).tags == ("pet",)
    assert [one.id for one in client.history(tag="pet", favourite=True)[0]] == [picture.id]
    client.trash(picture.id)
    assert client.history("axolotl")[0] == []
    assert client.restore(picture.id).id == picture.id
    assert client.server()["version"] == pm.__version__ and client.models()[0]["name"] == "builtin"


def test_errors_are_the_librarys(client: pm.Client) -> None:
    with pytest.raises(pm.RequestError, match="did you mean") as refused:
        client.plan(pm.Request.model_construct(_fields_set={"sampler"}, sampler="eulr"))
    assert refused.value.field == "sampler" and "euler" in refused.value.choices
    with pytest.raises(ServerError, match="none") as lost:
        client.job("none")
    assert lost.value.status == 404 and lost.value.request_id
    with pm.Client("http://127.0.0.1:9") as nobody, pytest.raises(ServerError, match="pentimento serve"):
        nobody.server()
    with pytest.raises(ServerError):
        list(client.events("none"))


def test_a_cancelled_job_is_told_to_who_waits(client: pm.Client) -> None:
    def stop(event: RemoteEvent) -> None:
        if event.kind == "step":
            client.cancel(event.data["job"])

    with pytest.raises(JobFailed, match="cancelled"):
        client.run(pm.Request(prompt="x", width=64, height=64, steps=900, batch_count=9), stop)


def test_the_awaited_client_does_the_same(server: Live) -> None:
    async def use() -> None:
        async with pm.AsyncClient(server.url) as client:
            first, second = await asyncio.gather(client.run(REQUEST), client.run(REQUEST.changed(seed=10)))
            assert (first[0].seed, second[0].seed) == (9, 10)
            assert first[0].image.tobytes() != second[0].image.tobytes()
            job = await client.submit(REQUEST.changed(seed=11), priority="batch")
            kinds = [event.kind async for event in client.events(job.id)]
            assert kinds[-1] == "done" and (await client.job(job.id)).ended
            plan = await client.plan(REQUEST)
            assert plan["box"] is None
            with pytest.raises(pm.RequestError):
                await client.plan(pm.Request.model_construct(_fields_set={"steps"}, steps=0))

    asyncio.run(use())


def test_both_clients_have_the_same_methods() -> None:
    def surface(kind: type) -> dict[str, list[str]]:
        own = {name: one for name, one in vars(kind).items() if not name.startswith("_")}
        return {name: list(inspect.signature(one).parameters) for name, one in own.items()}

    assert surface(pm.Client) == surface(pm.AsyncClient)
