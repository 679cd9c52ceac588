"""A studio whose network costs nothing, and an executor that runs it in a thread.

Everything else is real: plans, the pipeline, metadata, recipes. The network's answer is a
function of what it is given, so that a picture is the same whenever it is made.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from pentimento.geometry import Size
from pentimento.jobs.orders import ENDINGS, Order, PlaceStatus, Report
from pentimento.jobs.perform import Control, UnknownError, perform
from pentimento.models.base import Conditioning, TextOptions
from pentimento.models.info import ModelInfo
from pentimento.plan import Plan
from pentimento.studio import Studio
from tests.hostile import HOSTILE, HostileModel


class FreeModel(HostileModel):
    """Answers from its input alone.

    Parameters
    ----------
    seconds : that a call takes
    fail : raised by every call, if given
    """

    def __init__(self, seconds: float = 0.0, fail: Exception | None = None) -> None:
        super().__init__()
        self.seconds = seconds
        self.fail = fail

    def encode_prompt(self, texts: Sequence[str], options: TextOptions) -> list[Conditioning]:
        return [Conditioning(torch.full((1, 77, 8), float(len(text))), None) for text in texts]

    def encode_image(self, pixels: Tensor, generator: Generator | None = None) -> Tensor:
        small = pixels[:, :, ::8, ::8]
        return torch.cat([small, small.mean(1, keepdim=True)], 1) * 2 - 1

    def decode(self, latents: Tensor) -> Tensor:
        return (latents[:, :3].repeat_interleave(8, 2).repeat_interleave(8, 3) / 6 + 0.5).clamp(0, 1)

    def preview(self, denoised: Tensor) -> Any:
        return ((denoised[0, :3] / 6 + 0.5).clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()

    def predict(
        self, x: Tensor, t: float, conditioning: Sequence[Conditioning], size: Size, concat: Tensor | None = None
    ) -> Tensor:
        time.sleep(self.seconds)
        if self.fail is not None:
            raise self.fail
        return torch.tanh(x)


class FreeStudio(Studio):
    """A studio with that network."""

    def __init__(self, device: str = "cpu", data: str | None = None, seconds: float = 0.0) -> None:
        super().__init__(device="cpu", data=data)
        self.network = FreeModel(seconds)

    def find(self, name: str | None = None) -> ModelInfo:
        return HOSTILE

    def warm_up(self) -> None:
        print("what a worker prints does not come between its reports")
        import pentimento.pipeline  # noqa: F401

    def load(self, plan: Plan, info: ModelInfo | None = None, on_loading: Callable[[], None] = lambda: None) -> Any:
        return self.network


class ThreadExecutor:
    """An executor with one place, a thread of this process."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.orders: list[Order] = []
        self._inbox: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._now: tuple[Order, Control] | None = None
        self._group = ""
        self._gone = False
        self._on_report: Callable[[Report], None] = lambda report: None
        self._thread = threading.Thread(target=self._work, daemon=True)

    @property
    def capacity(self) -> int:
        return 1

    def start(self, on_report: Callable[[Report], None]) -> None:
        self._on_report = on_report
        self._thread.start()
        on_report(Report("ready", data={"where": "a thread"}))

    def stop(self) -> None:
        self._gone = True
        if self._now is not None:
            self._now[1].stop.set()
        self._inbox.put(None)
        self._thread.join()

    def vacant(self) -> list[str]:
        return [self._group] if self._now is None and not self._gone else []

    def submit(self, order: Order) -> None:
        self.orders.append(order)
        self._now, self._group = (order, Control()), order.group
        self._inbox.put(order)

    def cancel(self, job: str) -> None:
        if self._now is not None and self._now[0].job == job:
            self._now[1].cancel()

    def skip(self, job: str) -> None:
        if self._now is not None and self._now[0].job == job:
            self._now[1].skip()

    def give_way(self, job: str) -> None:
        if self._now is not None and self._now[0].job == job:
            self._now[1].give_way()

    def status(self) -> list[PlaceStatus]:
        job = self._now and self._now[0].job
        return [PlaceStatus("cpu", "a thread", True, job, None, 0, None)]

    def _work(self) -> None:
        while (order := self._inbox.get()) is not None:
            assert self._now is not None
            with contextlib.suppress(UnknownError):  # which was told
                perform(self.studio, order, self._now[1], self._tell)

    def _tell(self, report: Report) -> None:
        if report.kind in ENDINGS:
            self._now = None
        if not self._gone:
            self._on_report(report)


def files_below(folder: Path, tops: Collection[str] = ("pictures",)) -> list[Path]:
    """List the files of pictures, and whatever else lies among them."""
    return sorted(path for top in tops for path in (folder / top).rglob("*") if path.is_file())
