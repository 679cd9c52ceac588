"""A server that is killed again and again under a client: `python -m tests.server.lives FOLDER KILLS SEED`.

Each life is the real server on one socket, forked from this process, which has imported what takes time. The client
is a process of its own: what it sends under a key it sends again until it is answered, and sometimes once more. It
writes down what it was answered. The last life ends the work.
"""

import itertools
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pentimento.server.app  # noqa: F401  # before the forks
from pentimento.client import Client, ServerError
from pentimento.server.run import listen, serve
from pentimento.server.settings import Settings
from tests.jobs.free import FreeStudio, ThreadExecutor
from tests.jobs.lives import SCRIPTS, imported_before_the_forks, noted, requests

SECONDS = 0.002
WAITING = 15


def forked(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def serving(folder: Path, taken: socket.socket) -> None:
    studio = FreeStudio(data=str(folder / "data" / "inputs"), seconds=SECONDS)
    studio.warm_up()
    settings = Settings(data=folder / "data", port=taken.getsockname()[1], devices=("cpu",))
    serve(settings, taken, executor=ThreadExecutor(studio))


def insisting(ask: Callable[[], Any]) -> Any:
    """Ask until there is an answer."""
    while True:
        try:
            return ask()
        except ServerError:
            time.sleep(0.1)


def sending(folder: Path, url: str, seed: int) -> None:
    dice = random.Random(seed)
    with Client(url) as client, (folder / "accepted.jsonl").open("a") as log:
        for number, request in enumerate(requests(dice)):
            if (folder / "enough").exists():
                return
            name, options = dice.choice(SCRIPTS) if request.init_image is not None else (None, None)
            ids: set[str] = set()
            for _ in range(dice.choice((1, 1, 2))):
                job = insisting(lambda: client.submit(request, script=name, options=options, key=f"job-{number}"))  # noqa: B023
                ids.add(job.id)
            log.write(json.dumps({"accepted": job.id, "ids": sorted(ids), "seeds": job.seeds, "script": name}) + "\n")
            log.flush()
            while len(insisting(lambda: client.jobs(("queued",)))) > WAITING:
                time.sleep(0.1)


def open_jobs(url: str) -> int:
    with Client(url) as client:
        return len(insisting(lambda: client.jobs(("queued", "running"))))


def main(folder: Path, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    imported_before_the_forks()
    taken = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    client = forked(lambda: sending(folder, url, seed))
    for life in itertools.count():
        server = forked(lambda: serving(folder, taken))
        if life == kills:
            break
        before, end = len(noted(folder, "accepted")), time.monotonic() + dice.choice((0.5, 60, 60, 60))
        while time.monotonic() < end and len(noted(folder, "accepted")) < before + 2:
            time.sleep(0.02)
        time.sleep(dice.uniform(0.0, 0.5))
        os.kill(server, signal.SIGKILL)
        assert ended(server) == -signal.SIGKILL, "the server ended by itself"
    (folder / "enough").touch()
    assert ended(client) == 0, "the client failed"
    while open_jobs(url):
        time.sleep(0.1)
    os.kill(server, signal.SIGTERM)
    sys.exit(ended(server))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
