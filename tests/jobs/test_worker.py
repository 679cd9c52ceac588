"""Workers as processes: what they make, and what becomes of their jobs when they die."""

import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from pentimento.jobs import Jobs, Limits, LocalExecutor
from pentimento.jobs.local import describe_exit
from pentimento.jobs.orders import Order
from pentimento.jobs.worker import Mailbox
from pentimento.recipe import open_recipe
from pentimento.request import Request
from pentimento.store import Store
from pentimento.studio import Studio

from .free import FreeStudio, files_below
from .test_service import TINY, run, until

ROOT = Path(__file__).parents[2]
FREE = "tests.jobs.free:FreeStudio"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def _tests_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))


@asynccontextmanager
async def working(folder: Path, executor: LocalExecutor, limits: Limits | None = None) -> AsyncGenerator[Jobs]:
    store = Store(folder)
    jobs = Jobs(folder, executor, store, limits)
    await jobs.start()
    try:
        yield jobs
    finally:
        await jobs.stop()
        store.close()


async def submit(jobs: Jobs, steps: int = 3, **more) -> str:
    request = Request(**{**TINY, "steps": steps}, **more)
    return (await jobs.submit(request, FreeStudio().plan(request))).id


def test_the_built_in_model_makes_the_same_files_in_a_worker_as_in_the_library(tmp_path: Path) -> None:
    image = Image.effect_noise((64, 64), 60).convert("RGB")
    mask = Image.new("L", (64, 64))
    mask.paste(255, (16, 16, 48, 48))
    tiny = {"width": 64, "height": 64, "steps": 2, "seed": 3, "variation_seed": 1}
    request = Request(prompt="a red house", init_image=image, mask=mask, batch_size=2, **tiny)
    studio = Studio(device="cpu", data=tmp_path / "library")
    here: list[bytes] = []
    studio.run(request, on_picture=lambda picture: here.append(picture.encode("png")))

    async def test() -> None:
        async with working(tmp_path, LocalExecutor(devices=["cpu"])) as jobs:
            job = await jobs.submit(request, studio.plan(request))
            kinds = [event.kind async for event in jobs.events(job_id=job.id)]
            assert [kind for kind in kinds if kind not in ("step", "preview")] == [
                *("queued", "started", "loading", "picture", "picture", "done")
            ]
            assert "preview" in kinds
            there = [jobs.store.path(picture.id).read_bytes() for picture in jobs.get(job.id).pictures]
            assert [open_recipe(one).pixels for one in there] == [open_recipe(one).pixels for one in here]
            assert there == here
            assert "torch" not in job.as_dict()

    run(test)


def test_a_killed_worker_comes_again_and_its_job_is_done_once(tmp_path: Path) -> None:
    async def test() -> None:
        executor = LocalExecutor({"seconds": 0.02}, ["cpu", "cpu"], studio=FREE)
        async with working(tmp_path, executor, Limits(losses=2)) as jobs:
            await until(lambda: all(status.ready for status in executor.status()))
            first = await submit(jobs, 20, batch_size=3, seed=5)
            second = await submit(jobs, 100)
            await until(lambda: len(jobs.get(first).pictures) == 1 and jobs.get(first).progress.step >= 3)
            assert jobs.get(second).progress.step >= 2, "both places work at once"
            (killed,) = (status for status in executor.status() if status.job == first)
            os.kill(killed.pid or 0, signal.SIGKILL)
            done = await jobs.wait(first)
            assert (done.state, done.attempts, [one.seed for one in done.pictures]) == ("done", 2, [5, 6, 7])
            other = await jobs.wait(second)
            assert (other.state, other.attempts) == ("done", 1)
            await until(lambda: all(status.ready for status in executor.status()))
            assert sorted(status.restarts for status in executor.status()) == [0, 1]
            assert len(files_below(tmp_path)) == 4

    run(test)


def test_what_a_worker_does_not_survive_fails_and_the_queue_goes_on(tmp_path: Path) -> None:
    async def test() -> None:
        executor = LocalExecutor({"seconds": 0.02}, ["cpu"], studio=FREE, patience=0.3)
        async with working(tmp_path, executor, Limits(losses=1)) as jobs:
            first, second, third = await submit(jobs, 200), await submit(jobs, 200), await submit(jobs)
            await until(lambda: jobs.get(first).progress.step >= 2)
            os.kill(executor.status()[0].pid or 0, signal.SIGKILL)
            failed = await jobs.wait(first)
            assert failed.state == "failed" and failed.error is not None
            assert failed.error.title == "The worker died"
            assert "killed (SIGKILL)" in failed.error.detail and "memory" in failed.error.detail

            await until(lambda: jobs.get(second).progress.step >= 2)
            os.kill(executor.status()[0].pid or 0, signal.SIGSTOP)  # it cannot heed the cancel, and is killed
            assert (await jobs.cancel(second)).state == "cancelled"
            assert (await jobs.wait(third)).state == "done"
            assert jobs.get(second).state == "cancelled" and jobs.get(second).pictures == ()

    run(test)


def test_a_worker_that_cannot_start_says_why_and_jobs_wait(tmp_path: Path) -> None:
    async def test() -> None:
        executor = LocalExecutor(devices=["cpu"], studio="tests.jobs.nowhere:Studio")
        async with working(tmp_path, executor) as jobs:
            job = await submit(jobs)
            await until(lambda: executor.status()[0].trouble)
            (status,) = executor.status()
            assert not status.ready and "exit code 1" in str(status.trouble)
            assert (jobs.get(job).state, jobs.get(job).attempts) == ("queued", 0)

    run(test)


def test_a_job_that_gave_way_may_come_again_before_the_worker_is_through_with_it() -> None:
    order = Order("job", 1, "m|64", "{}", {}, ((1, 1),), (0,), "png")
    mailbox = Mailbox()
    mailbox.order(order)
    first, control = mailbox.next()
    mailbox.order(replace(order, attempt=2))
    mailbox.ended(first, control)
    mailbox.cancel("job")
    again, other = mailbox.next()
    assert again.attempt == 2 and other.stop.is_set() and not control.stop.is_set()


@pytest.mark.parametrize(
    ("code", "told"), [(-9, "killed (SIGKILL)"), (-11, "died (SIGSEGV)"), (-15, "died (SIGTERM)"), (70, "exit code 70")]
)
def test_ends_of_processes_are_told_in_words(code: int, told: str) -> None:
    assert told in describe_exit(code)
