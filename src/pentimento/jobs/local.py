"""Orders executed on this machine: for each device one process, watched and started again."""

import contextlib
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, cast

from .messages import receive, send
from .orders import ENDINGS, Order, PlaceStatus, Report

Message = tuple[object, object]

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0
_SECONDS_TO_LEAVE = 3.0


class LocalExecutor:
    """One process for each device, holding a studio.

    Parameters
    ----------
    settings : arguments of the studio, without the device
    devices : as `Studio(device=...)` takes them
    patience : seconds after which a worker that does not heed a cancel is killed
    studio : what makes a studio, `module:name`; called with settings and device in the process
    """

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        devices: Sequence[str] = ("auto",),
        *,
        patience: float = 10.0,
        studio: str = "pentimento.studio:Studio",
    ) -> None:
        self._patience = patience
        self._places = [_Place(studio, {**(settings or {}), "device": device}) for device in devices]
        self._on_report: Callable[[Report], None] = lambda report: None

    @property
    def capacity(self) -> int:
        return len(self._places)

    def start(self, on_report: Callable[[Report], None]) -> None:
        self._on_report = on_report
        for place in self._places:
            place.start(on_report)

    def stop(self) -> None:
        for place in self._places:
            place.stop()
        for place in self._places:
            place.join()

    def vacant(self) -> list[str]:
        return [place.group for place in self._places if place.vacant]

    def submit(self, order: Order) -> None:
        places = sorted((place for place in self._places if place.vacant), key=lambda one: one.group != order.group)
        if not any(place.take(order) for place in places):
            # The vacant one died meanwhile, which is not the job's fault.
            self._on_report(Report("gave_way", order.job, order.attempt, {"half_done": False}))

    def cancel(self, job: str) -> None:
        if (place := self._place_of(job)) is not None:
            place.send("cancel", job)
            timer = threading.Timer(self._patience, place.kill_if_at, (job,))
            timer.daemon = True
            timer.start()

    def skip(self, job: str) -> None:
        if (place := self._place_of(job)) is not None:
            place.send("skip", job)

    def give_way(self, job: str) -> None:
        if (place := self._place_of(job)) is not None:
            place.send("give_way", job)

    def status(self) -> list[PlaceStatus]:
        return [place.status() for place in self._places]

    def _place_of(self, job: str) -> "_Place | None":
        return next((place for place in self._places if place.job == job), None)


class _Place:
    """One device: its process, what that is doing, and the thread that watches both."""

    def __init__(self, studio: str, settings: Mapping[str, Any]) -> None:
        self._opening = (studio, dict(settings))
        self._device = str(settings["device"])
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._order: Order | None = None
        self._where: str | None = None
        self._ready = False
        self._failures = 0
        self._restarts = 0
        self._trouble: str | None = None
        self._on_report: Callable[[Report], None] = lambda report: None
        self._thread = threading.Thread(target=self._watch, name=f"worker on {self._device}", daemon=True)
        self.group = ""

    @property
    def vacant(self) -> bool:
        return self._ready and self._order is None

    @property
    def job(self) -> str | None:
        order = self._order
        return order and order.job

    def status(self) -> PlaceStatus:
        with self._lock:
            pid = self._process.pid if self._process is not None else None
            return PlaceStatus(self._device, self._where, self._ready, self.job, pid, self._restarts, self._trouble)

    def start(self, on_report: Callable[[Report], None]) -> None:
        self._on_report = on_report
        self._thread.start()

    def stop(self) -> None:
        """Let the process end; it has some seconds."""
        self._stopping.set()
        with self._lock:
            process, self._ready = self._process, False
        if process is not None:
            process.terminate()

    def join(self) -> None:
        self._thread.join(_SECONDS_TO_LEAVE)
        with self._lock:
            process = self._process
        if process is not None:
            process.kill()
        self._thread.join()

    def take(self, order: Order) -> bool:
        with self._lock:
            if not self.vacant:
                return False
            self._order = order
            self.group = order.group
            self._outbox.put(("order", order))
            return True

    def send(self, kind: str, value: object) -> None:
        self._outbox.put((kind, value))

    def kill_if_at(self, job: str) -> None:
        with self._lock:
            if self._order is not None and self._order.job == job and self._process is not None:
                self._process.kill()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                process = self._launch()
            except OSError as error:
                self._trouble = f"the worker on device '{self._device}' cannot be started ({error})"
            else:
                self._read_reports(process)
                self._ended(process.wait())
            pause = min(_LONGEST_PAUSE, _SHORTEST_PAUSE * 2 ** min(self._failures, 10))
            self._failures += 1
            self._stopping.wait(pause)

    def _launch(self) -> "subprocess.Popen[bytes]":
        # -P: what lies in the folder where the server was started is not imported.
        command = [sys.executable, "-P", "-m", "pentimento.jobs.worker"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        outbox.put(self._opening)
        with self._lock:
            self._process, self._outbox = process, outbox
        if self._stopping.is_set():
            process.terminate()
        threading.Thread(target=_write, args=(cast(BinaryIO, process.stdin), outbox), daemon=True).start()
        return process

    def _read_reports(self, process: "subprocess.Popen[bytes]") -> None:
        stream = cast(BinaryIO, process.stdout)
        with stream, contextlib.suppress(EOFError):
            while True:
                self._heed(receive(stream))

    def _heed(self, report: Report) -> None:
        with self._lock:
            if report.kind == "ready":
                self._ready, self._where, self._trouble = not self._stopping.is_set(), report.data["where"], None
            elif report.kind in ENDINGS:
                self._order, self._failures = None, 0
        if not self._stopping.is_set():
            self._on_report(report)

    def _ended(self, code: int) -> None:
        how = f"the worker on device '{self._device}' {describe_exit(code)}"
        with self._lock:
            order, self._order = self._order, None
            self._process, self._ready, self.group = None, False, ""
            self._outbox.put(None)
            self._restarts += 1
            self._trouble = how
        if order is not None and not self._stopping.is_set():
            self._on_report(Report("lost", order.job, order.attempt, {"detail": how}))


def _write(stream: BinaryIO, outbox: "queue.SimpleQueue[Message | None]") -> None:
    # A worker that died is noticed by who reads from it; what it can no longer be told does not matter.
    with contextlib.suppress(OSError), stream:
        while (message := outbox.get()) is not None:
            send(stream, message)


def describe_exit(code: int) -> str:
    """Say how a process ended.

    Examples
    --------
    >>> describe_exit(-11), describe_exit(1)
    ('died (SIGSEGV)', 'ended by itself with exit code 1; its log says why')
    """
    if code == -getattr(signal, "SIGKILL", 9):
        return (
            "was killed (SIGKILL); probably the machine ran out of memory: ask for a smaller width and height, or"
            " inpaint_area 'only_masked'"
        )
    if code < 0:
        return f"died ({signal.Signals(-code).name})"
    return f"ended by itself with exit code {code}; its log says why"
