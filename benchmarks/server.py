"""What the server costs: requests a second, its CPU for each, and how long an interactive job waits behind a batch.

    python benchmarks/server.py [--requests 60] [--clients 4] [--size 512]

The network costs nothing (tests/jobs/free.py), so that all time is the server's and the
engine's own: HTTP, base64, planning, the queue on disk, noise, composing, encoding files.
Priorities are compared with first-in-first-out in the same run: the same jobs, once as
interactive ones and once as part of the batch. Linux only (CPU time is read from /proc).
"""

import argparse
import base64
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
TICK = os.sysconf("SC_CLK_TCK")
SECONDS_A_CALL = 0.005
STEPS = 20
BATCH, INTERACTIVE = 40, 8


def serve(folder: Path, seconds: float) -> None:
    """Serve on a free port; prints it."""
    from pentimento.jobs import LocalExecutor
    from pentimento.server import run
    from pentimento.server.settings import Settings

    settings = Settings(data=folder, port=0)
    executor = LocalExecutor(
        {"data": str(folder / "inputs"), "seconds": seconds}, ("cpu",), studio="tests.jobs.free:FreeStudio"
    )
    taken = run.listen("127.0.0.1", 0)
    run.serve(settings, taken, lambda: print(taken.getsockname()[1], flush=True), executor)


class Server:
    """A server in a process of its own."""

    def __init__(self, seconds: float) -> None:
        self._folder = tempfile.TemporaryDirectory()
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, "--serve", f"{self._folder.name}/data", "--seconds", str(seconds)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{int(self.process.stdout.readline())}", timeout=600)
        while self.http.get("/readyz").status_code != 200:
            time.sleep(0.2)

    def cpu(self) -> float:
        """CPU seconds of the server itself, without its engine."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait()
        self._folder.cleanup()


def photograph(size: int) -> str:
    """A smooth picture with some noise, as PNG in base64."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(40, 200, size)[None, :, None] + np.zeros((size, size, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(ramp + rng.normal(0, 8, ramp.shape), 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def throughput(server: Server, size: int, form: str, requests: int, clients: int) -> dict[str, Any]:
    """Repaint a picture again and again over /sdapi/v1 from several clients at once."""
    picture = photograph(size)

    def ask(seed: int) -> float:
        body = {"init_images": [picture], "width": size, "height": size, "steps": 1, "denoising_strength": 1.0}
        body |= {"seed": seed, "sampler_name": "Euler", "override_settings": {"samples_format": form}}
        begun = time.perf_counter()
        answer = server.http.post("/sdapi/v1/img2img", json=body)
        assert answer.status_code == 200 and len(answer.json()["images"]) == 1
        return time.perf_counter() - begun

    first = 1_000_000 * (form == "png") + 1000 * size
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(ask, range(first, first + 5)))
        cpu, begun = server.cpu(), time.perf_counter()
        times = list(pool.map(ask, range(first + 5, first + 5 + requests)))
        seconds = time.perf_counter() - begun
    return {
        "what": f"img2img {size}x{size}, {form}",
        "requests_per_second": round(requests / seconds, 1),
        "server_cpu_ms": round(1000 * (server.cpu() - cpu) / requests, 1),
        "p50_ms": round(1000 * statistics.median(times)),
        "p95_ms": round(1000 * statistics.quantiles(times, n=20)[-1]),
    }


def waiting(server: Server, priority: str) -> dict[str, Any]:
    """Submit a batch, then some jobs one after the other; measure how long those take."""
    seed = 10_000 if priority == "batch" else 20_000
    fields = {"prompt": "x", "width": 64, "height": 64, "steps": STEPS, "sampler": "euler"}

    def submit(number: int, how: str) -> str:
        body = {"request": {**fields, "seed": seed + number}, "priority": how}
        return server.http.post("/api/v1/jobs", json=body).json()["id"]

    batch = [submit(number, "batch") for number in range(BATCH)]

    def interactive(number: int) -> float:
        begun = time.perf_counter()
        job = submit(1000 + number, priority)
        with server.http.stream("GET", f"/api/v1/jobs/{job}/events") as response:
            for _ in response.iter_lines():
                pass
        return time.perf_counter() - begun

    with ThreadPoolExecutor(INTERACTIVE) as pool:
        under_way: list[Future[float]] = []
        for number in range(INTERACTIVE):
            under_way.append(pool.submit(interactive, number))
            time.sleep(0.25)
        times = [one.result() for one in under_way]
    for job in batch:
        server.http.delete(f"/api/v1/jobs/{job}")
    order = "first in, first out" if priority == "batch" else priority
    return {
        "what": f"{INTERACTIVE} jobs behind a batch of {BATCH}, {order}",
        "p50_ms": round(1000 * statistics.median(times)),
        "p95_ms": round(1000 * statistics.quantiles(times, n=20)[-1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=0.0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve is not None:
        serve(arguments.serve, arguments.seconds)
        return
    server = Server(0.0)
    try:
        for form in ("jpeg", "png"):
            print(
                json.dumps(throughput(server, arguments.size, form, arguments.requests, arguments.clients)), flush=True
            )
    finally:
        server.stop()
    server = Server(SECONDS_A_CALL)
    try:
        for priority in ("batch", "interactive"):
            print(json.dumps(waiting(server, priority)), flush=True)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
