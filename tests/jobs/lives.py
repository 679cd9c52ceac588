"""A server that is killed again and again: `python -m tests.jobs.lives FOLDER KILLS SEED PLACE`.

Each life is a process forked from this one, which has imported what takes time, so that
hundreds of lives take little. A life takes up what the former left, accepts more jobs, and
writes down outside of the queue what it accepted. The last one only ends the work.

PLACE is `thread`, where the network runs in the server's process, or `process`, where it
runs in a worker that is killed as often as the server.
"""

import asyncio
import itertools
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from pentimento.jobs import Jobs, Limits, LocalExecutor
from pentimento.plan import Plan
from pentimento.request import Request
from pentimento.scripts import ScriptPlan, find_script, plan_script
from pentimento.store import Store

from .free import FreeStudio, ThreadExecutor

SECONDS = 0.002
WAITING = 30
LIMITS = Limits(losses=1_000_000)


def executor(place: str) -> Any:
    if place == "thread":
        studio = FreeStudio(seconds=SECONDS)
        studio.warm_up()
        return ThreadExecutor(studio)
    return LocalExecutor({"seconds": SECONDS}, ["cpu"], studio="tests.jobs.free:FreeStudio")


SCRIPTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sheet", {"x": "steps=1,2", "y": "denoising_strength=1,0.5"}),
    ("loopback", {"loops": 4}),
    ("sd_upscale", {"scale": 1.5, "overlap": 16}),
)
"""What some of the requests with a picture are run by."""


def scripted(dice: random.Random, request: Request, planner: FreeStudio) -> Plan | ScriptPlan:
    if request.init_image is None or dice.random() < 0.5:
        return planner.plan(request)
    name, options = dice.choice(SCRIPTS)
    script = find_script(name)
    return plan_script(planner, script, request, script.options(**options))


def requests(dice: random.Random) -> Iterator[Request]:
    """Give requests of many shapes, some of them the same."""
    picture = Image.effect_noise((64, 64), 60).convert("RGB")
    while True:
        size = dice.choice((64, 72))
        fields: dict[str, Any] = {"width": size, "height": size, "steps": dice.randint(1, 4), "cfg_scale": 1.0}
        if dice.random() < 0.5:
            fields |= {"init_image": picture, "denoising_strength": 1.0}
        yield Request(batch_size=dice.randint(1, 3), seed=dice.choice((-1, dice.randint(0, 5))), **fields)


async def live(folder: Path, place: str, seed: int, last: bool) -> None:
    """Serve until killed; in the last life, until all is done."""
    dice = random.Random(seed)
    store = Store(folder / "data")
    working = executor(place)
    jobs = Jobs(folder / "data", working, store, LIMITS)
    await jobs.start()
    with (folder / "accepted.jsonl").open("a") as log:

        def note(**told: Any) -> None:
            log.write(json.dumps(told) + "\n")
            log.flush()

        planner = FreeStudio()
        for number, request in enumerate(requests(dice)):
            (status,) = working.status()
            note(worker=status.pid, ready=status.ready, server=os.getpid())
            if last:
                break
            await asyncio.sleep(dice.uniform(0, 0.06))
            if jobs.counts().get("queued", 0) > WAITING:
                continue
            options = {"priority": dice.choice(("interactive", "batch")), "keep": dice.random() < 0.8}
            job = await jobs.submit(request, scripted(dice, request, planner), **options)
            note(accepted=job.id, seeds=job.seeds, keep=job.keep)
            if number % 7 == 6:
                note(cancelling=job.id)
                await jobs.cancel(job.id)
    for job in jobs.list(limit=100_000):
        await jobs.wait(job.id)
    await jobs.stop()
    store.close()


def noted(folder: Path, key: str) -> list[dict[str, Any]]:
    path = folder / "accepted.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for text in lines if key in (line := json.loads(text))]


def worker_of(folder: Path, server: int) -> tuple[int | None, bool]:
    """Find the process that a server started, and whether it is at work, by what the server wrote down."""
    found = [line for line in noted(folder, "worker") if line["server"] == server]
    return (found[-1]["worker"], found[-1]["ready"]) if found else (None, False)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def begun(folder: Path, place: str, seed: int, last: bool) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        asyncio.run(live(folder, place, seed, last))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def wait(folder: Path, server: int, place: str, dice: random.Random) -> None:
    """Let some time pass; mostly so much that something is accepted and the worker is at work."""
    end = time.monotonic() + dice.choice((0.5, 60, 60))
    before = len(noted(folder, "accepted"))
    while time.monotonic() < end:
        at_work = place == "thread" or worker_of(folder, server)[1]
        if at_work and len(noted(folder, "accepted")) >= before + 2:
            break
        time.sleep(0.05)
    time.sleep(dice.uniform(0.02, 0.7))


def imported_before_the_forks() -> None:
    executor("thread")
    dice = random.Random(0)
    for request in itertools.islice(requests(dice), 20):
        scripted(dice, request, FreeStudio())


def main(folder: Path, kills: int, seed: int, place: str) -> None:
    dice = random.Random(seed)
    imported_before_the_forks()
    killed = 0
    for life in itertools.count():
        server = begun(folder, place, seed + life, last=killed >= kills)
        if killed >= kills:
            _, status = os.waitpid(server, 0)
            sys.exit(os.waitstatus_to_exitcode(status))
        wait(folder, server, place, dice)
        worker, _ = worker_of(folder, server)
        while place == "process" and dice.random() < 0.5 and worker is not None and is_alive(worker):
            os.kill(worker, signal.SIGKILL)
            killed += 1
            time.sleep(0.5)  # so that the server writes down that it is gone
            wait(folder, server, place, dice)
            worker, _ = worker_of(folder, server)
        os.kill(server, signal.SIGKILL)
        _, status = os.waitpid(server, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, f"the server ended by itself: {status}"
        killed += 1
        while worker is not None and is_alive(worker):
            time.sleep(0.01)  # a worker ends when its server is gone


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
