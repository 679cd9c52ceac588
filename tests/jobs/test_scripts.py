"""Scripts as jobs: the files that the library makes, resumed where they were left, each picture once."""

import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pentimento import scripts
from pentimento.jobs import Job
from pentimento.jobs.queue import Queue
from pentimento.jobs.runs import Runs
from pentimento.jobs.schema import MIGRATIONS
from pentimento.jobs.submission import make_submission
from pentimento.recipe import InputStore, open_recipe
from pentimento.request import MaskField, PictureField, Request
from pentimento.scripts import Options, Script, ScriptPlan, ScriptResult, find_script, plan_script, run_script
from pentimento.scripts.base import Ask, Asking, Gathered
from pentimento.scripts.rerun import read_again
from pentimento.store import Store

from .free import FreeStudio, files_below
from .test_service import TINY, Bench, bench, inpaint, run, until

SHEET = ("sheet", {"x": "steps=2,3", "y": "prompt_replace=fox,dog"})
LOOPBACK = ("loopback", {"loops": 3})
TILES = ("sd_upscale", {"scale": 2, "overlap": 16})


def planned(request: Request, name: str, options: dict[str, Any]) -> ScriptPlan:
    script = find_script(name)
    return plan_script(FreeStudio(), script, request, script.options(**options))


def library(request: Request, name: str, options: dict[str, Any], folder: Path) -> ScriptResult:
    return run_script(FreeStudio(data=str(folder)), planned(request, name, options))


async def submit(at: Bench, request: Request, name: str, options: dict[str, Any], **more: Any) -> Job:
    return await at.jobs.submit(request, planned(request, name, options), **more)


async def done(at: Bench, request: Request, name: str, options: dict[str, Any], **more: Any) -> Job:
    job = await at.jobs.wait((await submit(at, request, name, options, **more)).id)
    assert job.state == "done", job.error
    return job


def files(at: Bench, job: Job) -> list[bytes]:
    return [at.store.path(picture.id).read_bytes() for picture in job.pictures]


def pixels(file: bytes) -> bytes:
    return Image.open(io.BytesIO(file)).convert("RGBA").tobytes()


ONE = inpaint(variation_seed=1)


def fixed(**more: Any) -> Request:
    return ONE.changed(**more)


@pytest.mark.parametrize("format", ["png", "webp"])
@pytest.mark.parametrize(("name", "options"), [SHEET, LOOPBACK, TILES])
def test_files_are_those_that_the_library_makes(
    tmp_path: Path, name: str, options: dict[str, Any], format: str
) -> None:
    async def test() -> None:
        async with bench(tmp_path / "server") as at:
            job = await done(at, fixed(), name, options, format=format)
            made = library(fixed(), name, options, tmp_path / "library")
            mine = [picture.encode(format) for picture in made.pictures]
            if (page := made.page_file(format)) is not None:
                mine.append(page)
            assert [pixels(file) for file in files(at, job)] == [pixels(file) for file in mine]
            recipes = [picture.recipe and picture.recipe.pixels for picture in made.pictures]
            told = files(at, job)[: len(recipes)]
            assert recipes == [one and open_recipe(file).pixels for one, file in zip(recipes, told, strict=True)]
            labels = [picture.label for picture in made.pictures] + [name] * (made.page is not None)
            assert [picture.label for picture in job.pictures] == labels
            assert job.script == {
                "name": name,
                "options": options,
                "page": None if made.page is None else len(made.pictures),
            }
            assert not list((tmp_path / "server" / "runs").iterdir())

    run(test)


def test_every_picture_of_a_chain_can_be_made_again(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path) as at:
            job = await done(at, fixed(), *LOOPBACK)
            last = files(at, job)[-1]
            again = read_again(open_recipe(last), at.store.inputs, {})
            assert again.script is not None
            assert again.options is not None
            plan = plan_script(at.studio, again.script, again.request, again.options, only=again.only)
            (image,) = run_script(at.studio, plan).images
            assert image.convert("RGBA").tobytes() == pixels(last)

    run(test)


def left_by_a_crash(
    folder: Path, plan: ScriptPlan, request: Request, runs: list[list[bytes]], pictures: dict[int, bytes]
) -> str:
    """Leave a script job as a crash does: begun, with some runs and some pictures finished."""
    store, queue = Store(folder), Queue(folder / "jobs.sqlite")
    more = {"owner": "", "origin": "native", "priority": "batch", "format": "png", "keep": True}
    id = queue.add(make_submission(request, plan, store.inputs, **more)).id
    queue.claim()
    for number, made in enumerate(runs):
        Runs(folder / "runs").put(id, number, made)
    for index, data in pictures.items():
        store.add(data, job=id, index=index)
    queue.close()
    store.close()
    return id


@pytest.mark.parametrize(("name", "options"), [SHEET, LOOPBACK, TILES])
@pytest.mark.parametrize("finished", [0, 1, 2])
def test_a_script_goes_on_behind_the_runs_that_are_finished(
    tmp_path: Path, name: str, options: dict[str, Any], finished: int
) -> None:
    request = fixed()
    plan = planned(request, name, options)
    made: list[list[bytes]] = []

    class Keeping(scripts.Unwatched):
        def ended(self, number: int, pictures: Any) -> None:
            made.append([picture.encode("png") for picture in pictures])

    whole = run_script(FreeStudio(data=str(tmp_path / "library")), plan, watcher=Keeping())
    there = [place for places in plan.places[:finished] for place in places if place is not None]
    # The last of them was not told before the crash.
    pictures = {place: whole.pictures[place].encode("png") for place in there[:-1]}

    async def test() -> None:
        id = left_by_a_crash(tmp_path / "broken", plan, request, made[:finished], pictures)
        async with bench(tmp_path / "broken") as at:
            job = await at.jobs.wait(id)
            assert job.state == "done" and job.attempts == 2
            (order,) = at.executor.orders
            assert order.script is not None and len(order.script.made) == finished
            mine = [picture.image.convert("RGBA").tobytes() for picture in whole.pictures]
            if whole.page is not None:
                mine.append(whole.page.convert("RGBA").tobytes())
            assert [pixels(file) for file in files(at, job)] == mine
            assert len(files_below(tmp_path / "broken")) == len(mine)

    run(test)


def test_a_script_makes_way_and_loses_no_finished_run(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.01) as at:
            request = Request(**{**TINY, "steps": 30}, seed=1, variation_seed=1)
            batch = await submit(at, request, "sheet", {"x": "cfg_scale=1,2,3"}, priority="batch")
            await until(lambda: len(at.jobs.get(batch.id).pictures) == 1)
            await until(lambda: at.jobs.get(batch.id).progress.step in range(1, 10))
            quick = await at.done()
            between = at.jobs.get(batch.id)
            assert quick.state == "done" and not between.ended and len(between.pictures) == 1
            assert between.progress.pictures == 3 and between.progress.picture == 1
            ended = await at.jobs.wait(batch.id)
            assert ended.state == "done" and [picture.index for picture in ended.pictures] == [0, 1, 2, 3]
            orders = [order.script for order in at.executor.orders if order.script]
            assert [len(order.made) for order in orders] == [0, 1]
            assert len({picture.id for picture in ended.pictures}) == 4

    run(test)


def test_progress_counts_what_is_painted_over_all_runs(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.02) as at:
            job = await submit(at, fixed(batch_count=2), "loopback", {"loops": 3})
            assert job.progress.pictures == 6 and len(job.seeds) == 2
            told = [event async for event in at.jobs.events(job_id=job.id) if event.kind == "step"]
            places = [(event.data["picture"], event.data["step"]) for event in told]
            assert places == sorted(places) and {event.data["pictures"] for event in told} == {6}
            assert places[-1][0] == 5
            ended = at.jobs.get(job.id)
            assert ended.progress.fraction == 1 and len(ended.pictures) == 2

    run(test)


def test_what_a_cancelled_script_has_finished_stays(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.02) as at:
            job = await submit(at, Request(**{**TINY, "steps": 20}, seed=1), "sheet", {"x": "cfg_scale=1-9"})
            await until(lambda: len(at.jobs.get(job.id).pictures) == 1)
            ended = await at.jobs.cancel(job.id)
            assert ended.state == "cancelled" and len(ended.pictures) >= 1
            assert (await at.done()).state == "done"
            assert not list((tmp_path / "runs").iterdir())

    run(test)


def test_the_same_script_is_answered_from_its_result(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path) as at:
            first = await done(at, fixed(), *SHEET)
            again = await submit(at, fixed(), *SHEET)
            assert again.state == "done" and again.pictures == first.pictures
            assert (await at.done(fixed())).pictures != first.pictures
            assert (await done(at, fixed(), "sheet", {**SHEET[1], "legend": False})).pictures != first.pictures
            chance = ("sheet", {"x": "seed=3,-1"})
            assert (await done(at, fixed(), *chance)).pictures != (await done(at, fixed(), *chance)).pictures

    run(test)


class Part(Options):
    mask: MaskField = None
    prompt: str = ""


class CollageOptions(Options):
    """Options as scripts with several masks have them."""

    over: PictureField = None
    parts: tuple[Part, ...] = ()


def collage(request: Request, options: CollageOptions, plan: Callable[[Request], Any]) -> Asking:
    """Paint part after part, each with its own mask and prompt."""
    del plan
    given: list[Any] = []
    image = options.over or request.init_image
    for part in options.parts:
        given.extend((yield Ask(request.changed(init_image=image, mask=part.mask, prompt=part.prompt), part.prompt)))
        image = given[-1].image
    return Gathered(given[-1:])


def test_pictures_among_options_are_kept_by_content_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Script("collage", "Collage", "Коллаж", "Paint part after part.", CollageOptions, collage)
    monkeypatch.setattr(scripts, "SCRIPTS", (*scripts.SCRIPTS, row))
    left, over = Image.new("L", (64, 64)), Image.effect_noise((64, 64), 30).convert("RGB")
    left.paste(255, (0, 0, 20, 64))
    options = {"over": over, "parts": [{"mask": left, "prompt": "a"}, {"mask": "rect 50% 0 50% 50%", "prompt": "b"}]}

    async def test() -> None:
        async with bench(tmp_path / "server") as at:
            job = await done(at, fixed(), "collage", options)
            assert job.script is not None
            told = job.script["options"]
            references = [told["over"], told["parts"][0]["mask"]]
            kept = [at.store.inputs.get(one.removeprefix("sha256:")) for one in references]
            assert [Image.open(io.BytesIO(one or b"")).size for one in kept] == [(64, 64)] * 2
            assert "rect" in told["parts"][1]["mask"] and told["parts"][1]["prompt"] == "b"
            assert "data:" not in json.dumps(job.as_dict())
            made = library(fixed(), "collage", options, tmp_path / "library")
            assert pixels(files(at, job)[0]) == made.images[0].convert("RGBA").tobytes()
            again = await submit(at, fixed(), "collage", {**options, "over": over.copy()})
            assert again.state == "done"
            lost = await submit(at, fixed(seed=8), "collage", {**options, "over": Image.new("RGB", (64, 64))})
            assert (await at.jobs.wait(lost.id)).state == "done"

    run(test)


def test_a_picture_among_options_that_was_lost_fails_the_job_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Script("collage", "Collage", "Коллаж", "Paint part after part.", CollageOptions, collage)
    monkeypatch.setattr(scripts, "SCRIPTS", (*scripts.SCRIPTS, row))
    whole = Image.new("L", (64, 64), 255)

    async def test() -> None:
        async with bench(tmp_path, seconds=0.02) as at:
            await at.submit(Request(**{**TINY, "steps": 20}))
            job = await submit(at, fixed(), "collage", {"parts": [{"mask": whole}]})
            assert job.script is not None
            digest = job.script["options"]["parts"][0]["mask"].removeprefix("sha256:")
            (at.store.inputs.folder / digest[:2] / digest).unlink()
            ended = await at.jobs.wait(job.id)
            assert ended.error is not None and ended.error.field == "options" and digest in ended.error.detail

    run(test)


def test_a_queue_of_the_form_before_scripts_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    queue = Queue(path)
    plan = FreeStudio().plan(request := Request(**TINY, seed=3))
    more = {"owner": "ann", "origin": "native", "priority": "batch", "format": "png", "keep": True}
    id = queue.add(make_submission(request, plan, InputStore(tmp_path / "inputs"), **more)).id
    queue.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP INDEX jobs_by_key")
        for column in ("script", "key", "body"):
            db.execute(f"ALTER TABLE jobs DROP COLUMN {column}")
        db.execute("PRAGMA user_version = 1")
    assert list(MIGRATIONS) == [1, 2]
    queue = Queue(path)
    row = queue.get(id, "ann")
    assert (row.script, row.seeds[0][0], row.request["width"], row.state) == (None, 3, 64, "queued")
    sheet = planned(fixed(), *SHEET)
    added = queue.add(make_submission(fixed(), sheet, InputStore(tmp_path / "inputs"), **more))
    assert added.script is not None and added.script["name"] == "sheet"
    assert len(queue.get(added.id).seeds) == sheet.pictures + 1
    queue.close()


def test_runs_are_there_whole_or_not_at_all(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    assert runs.of("a") == () and runs.count("a") == 0
    runs.put("a", 0, [b"1", b"2"])
    runs.put("a", 0, [b"3"])
    runs.put("a", 2, [b"5"])
    (tmp_path / "a" / "1.unfinished").mkdir()
    assert runs.of("a") == ((b"3",),)
    runs.put("b", 0, [])
    runs.keep_only(["b"])
    assert runs.of("a") == () and runs.of("b") == ((),)
