"""Jobs from acceptance to pictures, with a network that costs nothing and everything else real."""

import asyncio
import io
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pentimento.errors import RequestError
from pentimento.jobs import Job, JobEvent, JobNotFound, Jobs, Limits, QueueFull, Stopping
from pentimento.jobs.queue import Queue
from pentimento.jobs.submission import make_submission
from pentimento.recipe import open_recipe, pixels_sha256
from pentimento.request import Request
from pentimento.store import Store

from .free import FreeStudio, ThreadExecutor, files_below

TINY = {"width": 64, "height": 64, "steps": 3, "cfg_scale": 1.0}
SLOW = 0.03


class Bench:
    """A folder with a running service on it."""

    def __init__(self, jobs: Jobs, studio: FreeStudio, executor: ThreadExecutor) -> None:
        self.jobs = jobs
        self.studio = studio
        self.executor = executor
        self.store = jobs.store

    async def submit(self, request: Request | None = None, **options) -> Job:
        request = request or Request(**TINY)
        return await self.jobs.submit(request, self.studio.plan(request), **options)

    async def done(self, request: Request | None = None, **options) -> Job:
        return await self.jobs.wait((await self.submit(request, **options)).id)


@asynccontextmanager
async def bench(folder: Path, seconds: float = 0.0, limits: Limits | None = None) -> AsyncGenerator[Bench]:
    store = Store(folder)
    studio = FreeStudio(data=str(folder / "inputs"), seconds=seconds)
    executor = ThreadExecutor(studio)
    jobs = Jobs(folder, executor, store, limits)
    await jobs.start()
    try:
        yield Bench(jobs, studio, executor)
    finally:
        await jobs.stop()
        store.close()


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 300))  # type: ignore[arg-type]


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.002)


def inpaint(seed: int = 7, **more) -> Request:
    image = Image.effect_noise((64, 64), 80).convert("RGB")
    mask = Image.new("L", (64, 64))
    mask.paste(255, (30, 20, 60, 44))
    return Request(
        init_image=image, mask=mask, seed=seed, prompt="a fox", masked_content="latent_noise", **TINY, **more
    )


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_files_are_those_that_the_studio_makes(tmp_path: Path, format: str) -> None:
    async def test() -> None:
        async with bench(tmp_path) as at:
            request = inpaint(batch_size=3)
            job = await at.done(request, format=format)
            assert (job.state, job.attempts, job.seeds) == ("done", 1, (7, 8, 9))
            here: list[bytes] = []
            plan = at.studio.plan(request)
            at.studio.run(plan, on_picture=lambda picture: here.append(picture.encode(format)))
            there = [at.store.path(picture.id).read_bytes() for picture in job.pictures]
            for mine, other in zip(here, there, strict=True):
                first, second = open_recipe(mine), open_recipe(other)
                ignore = {"variation_seed": 0, "inputs": {}}
                assert first.model_copy(update=ignore) == second.model_copy(update=ignore)
                assert np.array_equal(
                    np.asarray(Image.open(io.BytesIO(mine))), np.asarray(Image.open(io.BytesIO(other)))
                )
            assert all(picture.footprint is not None and picture.mode == "inpaint" for picture in job.pictures)

    run(test)


def left_by_a_crash(folder: Path, request: Request, *, begun: bool, pictures: dict[int, bytes]) -> str:
    """Leave a job as a crash does: accepted, perhaps begun, with pictures of which the queue does not know."""
    store, queue = Store(folder), Queue(folder / "jobs.sqlite")
    options = {"owner": "", "origin": "native", "priority": "batch", "format": "png", "keep": True}
    id = queue.add(make_submission(request, FreeStudio().plan(request), store.inputs, **options)).id
    if begun:
        queue.claim()
    for index, data in pictures.items():
        store.add(data, job=id, index=index)
    queue.close()
    store.close()
    return id


@pytest.mark.parametrize("profile", ["pentimento", "a1111"])
def test_a_job_goes_on_with_the_pictures_that_are_missing(tmp_path: Path, profile: str) -> None:
    request = inpaint(batch_size=2, batch_count=2, profile=profile)

    async def test() -> None:
        async with bench(tmp_path / "whole") as at:
            whole = await at.done(request)
            files = [at.store.path(picture.id).read_bytes() for picture in whole.pictures]
        made = {0: files[0], 3: files[3]}
        id = left_by_a_crash(tmp_path / "broken", request, begun=True, pictures=made)
        async with bench(tmp_path / "broken") as at:
            job = await at.jobs.wait(id)
            assert job.state == "done" and job.attempts == 2
            assert [order.wanted for order in at.executor.orders] == [(1, 2)]
            again = [open_recipe(at.store.path(picture.id)) for picture in job.pictures]
            assert [one.pixels for one in again] == [open_recipe(one).pixels for one in files]
            assert [one.index for one in again] == [0, 1, 2, 3]
            assert len(files_below(tmp_path / "broken")) == 4

    run(test)


@pytest.mark.parametrize("begun", [True, False])
def test_a_job_whose_last_picture_was_finished_is_done_without_more_work(tmp_path: Path, begun: bool) -> None:
    async def test() -> None:
        async with bench(tmp_path / "whole") as at:
            data = at.store.path((await at.done()).pictures[0].id).read_bytes()
        id = left_by_a_crash(tmp_path / "broken", Request(**TINY), begun=begun, pictures={0: data})
        async with bench(tmp_path / "broken") as at:
            job = at.jobs.get(id)
            assert job.state == "done" and len(job.pictures) == 1
            assert at.executor.orders == [] and len(files_below(tmp_path / "broken")) == 1

    run(test)


def test_nothing_is_accepted_once_it_stops(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path) as at:
            await at.jobs.stop()
            with pytest.raises(Stopping):
                await at.submit()

    run(test)


def test_events_tell_a_job_from_beginning_to_end_and_again(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.06) as at:
            job = await at.submit(Request(batch_size=2, **TINY))
            live = [event async for event in at.jobs.events(job_id=job.id)]
            kinds = [event.kind for event in live]
            assert kinds[:2] == ["queued", "started"] and kinds[-1] == "done"
            assert [kind for kind in kinds if kind not in ("step", "preview")] == [
                *("queued", "started", "picture", "picture", "done")
            ]
            steps = [(event.data["picture"], event.data["step"]) for event in live if event.kind == "step"]
            assert steps == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)]
            previews = [event.data["jpeg"] for event in live if event.kind == "preview"]
            assert previews and all(jpeg.startswith("data:image/jpeg;base64,") for jpeg in previews)
            numbers = [event.seq for event in live]
            assert numbers == sorted(set(numbers))
            stored = [event for event in live if event.kind not in ("step", "preview")]
            for seen in range(len(live)):
                after = live[seen].seq
                replayed = [event async for event in at.jobs.events(job_id=job.id, after=after)]
                assert replayed == [event for event in stored if event.seq > after]

        async with bench(tmp_path) as at:
            replayed = [event async for event in at.jobs.events(job_id=job.id)]
            assert [(event.seq, event.kind) for event in replayed] == [(event.seq, event.kind) for event in stored]

    run(test)


def test_who_comes_late_is_given_the_last_step_and_preview(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.05) as at:
            job = await at.submit(Request(**{**TINY, "steps": 40}))
            await until(lambda: at.jobs.get(job.id).progress.step >= 6)
            late: list[JobEvent] = []
            async for event in at.jobs.events(job_id=job.id):
                late.append(event)
                if len(late) == 4:
                    break
            assert sorted(event.kind for event in late) == ["preview", "queued", "started", "step"]
            assert next(event for event in late if event.kind == "step").data["step"] >= 6
            assert 0.1 < at.jobs.get(job.id).progress.fraction < 1
            ended = await at.jobs.cancel(job.id)
            assert ended.state == "cancelled" and ended.progress.step == 0

    run(test)


def test_owners_see_and_stop_their_own_only(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.02) as at:
            job = await at.submit(Request(**{**TINY, "steps": 30}), owner="ann")
            with pytest.raises(JobNotFound):
                at.jobs.get(job.id, owner="bob")
            with pytest.raises(JobNotFound):
                await at.jobs.cancel(job.id, owner="bob")
            with pytest.raises(JobNotFound):
                await anext(at.jobs.events(job_id=job.id, owner="bob"))
            assert at.jobs.list(owner="bob") == []
            assert (await at.jobs.cancel(job.id, owner="ann")).state == "cancelled"
            mine = await at.done(owner="bob")
            events = at.jobs.events(owner="bob")
            seen = [await anext(events) for _ in range(4)]
            await events.aclose()
            assert {event.job for event in seen} == {mine.id}
            assert at.store.search(owner="ann").pictures == ()
            assert [picture.job for picture in at.store.search(owner="bob").pictures] == [mine.id]

    run(test)


def test_a_cancelled_job_stops_within_a_call_and_the_next_begins(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=SLOW) as at:
            long = await at.submit(Request(**{**TINY, "steps": 500}, batch_size=2))
            waits = await at.submit()
            await until(lambda: at.jobs.get(long.id).progress.step >= 3)
            assert (await at.jobs.cancel(long.id)).state == "cancelled"
            assert (await at.jobs.cancel(long.id)).state == "cancelled"
            assert (await at.jobs.wait(waits.id)).state == "done"
            assert at.jobs.get(long.id).pictures == ()
            queued = [await at.submit(Request(**{**TINY, "steps": 500})) for _ in range(2)]
            assert (await at.jobs.cancel(queued[1].id)).state == "cancelled"
            kinds = [event.kind async for event in at.jobs.events(job_id=queued[1].id)]
            assert kinds == ["queued", "cancelled"]

    run(test)


def test_a_skipped_picture_is_left_out_and_the_next_is_what_it_would_have_been(tmp_path: Path) -> None:
    async def test() -> None:
        request = Request(**{**TINY, "steps": 20}, batch_size=3, seed=4, variation_seed=1)
        async with bench(tmp_path / "skipped", seconds=0.02) as at:
            job = await at.submit(request)
            await until(lambda: len(at.jobs.get(job.id).pictures) == 1 and at.jobs.get(job.id).progress.step >= 2)
            await at.jobs.skip(job.id)
            ended = await at.jobs.wait(job.id)
            assert ended.state == "done" and [picture.index for picture in ended.pictures] == [0, 2]
            assert [picture.seed for picture in ended.pictures] == [4, 6] and ended.progress.fraction == 1
            last = at.store.path(ended.pictures[1].id).read_bytes()
            again = await at.submit(request)
            assert again.state != "done", "what was skipped is no answer to the same request"
            await until(lambda: at.jobs.get(again.id).progress.step >= 1)
            await at.jobs.skip(again.id)
            await at.jobs.cancel(again.id)
            assert (await at.jobs.wait(again.id)).state == "cancelled"
            assert (await at.done()).state == "done"
        async with bench(tmp_path / "whole") as at:
            whole = await at.done(request)
            assert at.store.path(whole.pictures[2].id).read_bytes() == last

    run(test)


def test_a_batch_job_makes_way_early_in_a_picture_and_loses_no_finished_one(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.01) as at:
            batch = await at.submit(Request(**{**TINY, "steps": 30}, batch_size=3, seed=1), priority="batch")
            await until(lambda: len(at.jobs.get(batch.id).pictures) == 1)
            await until(lambda: at.jobs.get(batch.id).progress.step in range(1, 10))
            quick = await at.done()
            between = at.jobs.get(batch.id)
            assert quick.state == "done" and not between.ended and between.pictures[0].seed == 1
            ended = await at.jobs.wait(batch.id)
            assert ended.state == "done" and [picture.seed for picture in ended.pictures] == [1, 2, 3]
            assert [order.wanted for order in at.executor.orders] == [(0, 1, 2), (0,), (1, 2)]
            assert at.jobs._queue.get(batch.id).half_done == 1

    run(test)


def test_a_picture_that_is_half_done_is_finished_first(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.02) as at:
            batch = await at.submit(Request(**{**TINY, "steps": 30}, batch_size=2), priority="batch")
            await until(lambda: at.jobs.get(batch.id).progress.step >= 16)
            quick = await at.done()
            assert quick.state == "done" and len(at.jobs.get(batch.id).pictures) == 1
            assert (await at.jobs.wait(batch.id)).state == "done"
            assert [order.wanted for order in at.executor.orders] == [(0, 1), (0,), (1,)]
            assert at.jobs._queue.get(batch.id).half_done == 0

    run(test)


def test_a_job_does_not_make_way_for_ever(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.01, limits=Limits(half_done=1)) as at:
            batch = await at.submit(Request(**{**TINY, "steps": 40}), priority="batch")
            for _ in range(2):
                await until(lambda: 1 <= at.jobs.get(batch.id).progress.step < 15)
                await at.done()
            assert (await at.jobs.wait(batch.id)).state == "done"
            assert at.jobs._queue.get(batch.id).half_done == 1 and at.jobs.get(batch.id).attempts == 2

    run(test)


def test_the_same_request_is_answered_from_its_result(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path) as at:
            image = Image.effect_noise((64, 64), 90).convert("RGB")
            buffer = io.BytesIO()
            image.save(buffer, "PNG", compress_level=1)
            request = Request(init_image=image, seed=5, prompt="a fox", **TINY)
            first = await at.done(request)
            again = await at.submit(Request(init_image=buffer.getvalue(), seed=5, prompt="a fox", **TINY))
            assert again.state == "done" and again.id != first.id and again.pictures == first.pictures
            others = (
                request.changed(seed=6),
                request.changed(seed=-1),
                request.changed(prompt="a dog"),
                request.changed(init_image=Image.new("RGB", (64, 64))),
            )
            for other in others:
                assert (await at.done(other)).pictures != first.pictures
            assert (await at.done(request, format="webp")).pictures != first.pictures
            assert (await at.done(request, owner="ann")).pictures != first.pictures
            at.store.trash(first.pictures[0].id)
            assert (await at.done(request)).pictures[0].id != first.pictures[0].id
            chance = Request(**TINY)
            assert (await at.done(chance)).pictures != (await at.done(chance)).pictures

    run(test)


def test_pictures_that_are_not_kept_go_with_their_job(tmp_path: Path) -> None:
    async def test() -> None:
        limits = Limits(temporary_seconds=0)
        async with bench(tmp_path, limits=limits) as at:
            job = await at.done(keep=False)
            path = at.store.path(job.pictures[0].id)
            assert path.is_file() and files_below(tmp_path) == []
            assert at.store.search().pictures == () and at.store.search(trash=True).pictures == ()
            kept = await at.done()
        async with bench(tmp_path, limits=limits) as at:
            await until(lambda: not path.exists())
            with pytest.raises(JobNotFound):
                at.jobs.get(job.id)
            assert at.store.path(kept.pictures[0].id).is_file()

    run(test)


def test_errors_of_the_engine_are_the_job_s_with_field_and_sentence(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path) as at:
            for raised, title, detail in (
                (RequestError("steps", 3, "3 are too few"), "The request cannot be done", "steps: 3 are too few"),
                (MemoryError(), "Not enough memory", "the machine has too little memory"),
                (ZeroDivisionError("by zero"), "Something unforeseen failed", "ZeroDivisionError: by zero"),
            ):
                at.studio.network.fail = raised
                job = await at.jobs.wait((await at.submit()).id)
                assert job.state == "failed" and job.error is not None
                assert job.error.title == title and job.error.detail.startswith(detail)
                assert job.error.field == ("steps" if isinstance(raised, RequestError) else None)

    run(test)


def test_a_format_that_cannot_hold_the_picture_fails_the_job_in_words(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path) as at:
            image = Image.new("RGBA", (64, 64), (255, 0, 0, 90))
            mask = Image.new("L", (64, 64), 0)
            mask.paste(255, (0, 0, 32, 32))
            job = await at.done(Request(init_image=image, mask=mask, **TINY), format="jpeg")
            assert job.state == "failed" and job.error is not None and "transparency" in job.error.detail
            with pytest.raises(RequestError, match="format"):
                await at.submit(format="bmp")
            with pytest.raises(RequestError, match="priority"):
                await at.submit(priority="soon")

    run(test)


def test_an_input_that_was_lost_fails_the_job_in_words(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.02) as at:
            first = await at.submit(Request(**{**TINY, "steps": 20}))
            job = await at.submit(inpaint())
            reference = str(job.request["init_image"]).removeprefix("sha256:")
            (at.store.inputs.folder / reference[:2] / reference).unlink()
            ended = await at.jobs.wait(job.id)
            assert ended.state == "failed" and ended.error is not None and ended.error.field == "init_image"
            assert (await at.jobs.wait(first.id)).state == "done"

    run(test)


def test_what_is_under_way_is_begun_again_after_a_stop(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=0.02) as at:
            jobs = [await at.submit(Request(**{**TINY, "steps": 30}, seed=index)) for index in range(3)]
            await until(lambda: at.jobs.get(jobs[0].id).progress.step >= 2)
        async with bench(tmp_path) as at:
            ended = [await at.jobs.wait(job.id) for job in jobs]
            assert [job.state for job in ended] == ["done"] * 3
            assert [job.attempts for job in ended] == [2, 1, 1]
            assert at.jobs._queue.get(jobs[0].id).losses == 0
            assert at.jobs.counts() == {"done": 3}
            assert len(files_below(tmp_path)) == 3

    run(test)


def test_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path, seconds=SLOW, limits=Limits(queued=2)) as at:
            for _ in range(3):
                await at.submit(Request(**{**TINY, "steps": 50}))
            with pytest.raises(QueueFull):
                await at.submit()

    run(test)


def test_many_jobs_leave_nothing_in_memory(tmp_path: Path) -> None:
    async def test() -> None:
        async with bench(tmp_path) as at:
            await asyncio.gather(*(at.done(Request(**TINY, prompt=str(index))) for index in range(30)))
            assert not (at.jobs._running or at.jobs._passing or at.jobs._subscribers or at.jobs._giving_way)
            files = files_below(tmp_path)
            assert len(files) == 30
            assert sorted(file.name.split("-")[0] for file in files) == [f"{index:05d}" for index in range(1, 31)]
            shown = {open_recipe(file).request["prompt"] for file in files}
            assert shown == {str(index) for index in range(30)}
            for file in files[:5]:
                with Image.open(file) as image:
                    assert pixels_sha256(image) == open_recipe(file).pixels

    run(test)
