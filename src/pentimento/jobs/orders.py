"""Between the queue and what does the work: orders go out, reports come back, all of it plain data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class ScriptOrder:
    """The script of a job, as it was planned when the job was accepted.

    Attributes
    ----------
    options : JSON; pictures in it are `sha256:<hex>`, whose bytes are in `pictures`
    start : seed and variation seed of the request
    seeds : (seed, variation seed) of every picture of every run
    places : of each of those among the pictures that the script gives; None for a step on the way
    given : how many pictures it gives; its page, where it has one, stands behind them
    made : of the first runs, the files of their pictures; those need not be run again
    """

    name: str
    options: str
    pictures: Mapping[str, bytes]
    start: tuple[int, int]
    seeds: tuple[tuple[tuple[int, int], ...], ...]
    places: tuple[tuple[int | None, ...], ...]
    given: int
    has_page: bool
    made: tuple[tuple[bytes, ...], ...] = ()


@dataclass(frozen=True)
class Order:
    """A job for an executor; can be pickled and run on any machine that has the model.

    Attributes
    ----------
    job, attempt : told again in every report
    group : orders of one group need the same model and shape
    request : JSON; its pictures are in `pictures`
    pictures : bytes of the request's pictures, by field
    seeds : (seed, variation seed) of all pictures of the job
    wanted : which pictures are to be made, counted from 0
    format : of the files
    may_stop_half_done : whether a picture may be given up halfway when the order is to give way
    script : what asks for the requests that make the pictures; None = the request itself
    """

    job: str
    attempt: int
    group: str
    request: str
    pictures: Mapping[str, bytes]
    seeds: tuple[tuple[int, int], ...]
    wanted: tuple[int, ...]
    format: str
    may_stop_half_done: bool = True
    script: ScriptOrder | None = None


ReportKind = Literal[
    "loading",
    "started",
    "step",
    "preview",
    "run",
    "picture",
    "skipped",
    "done",
    "failed",
    "cancelled",
    "gave_way",
    "lost",
    "ready",
]


@dataclass(frozen=True)
class Report:
    """What an executor tells.

    Attributes
    ----------
    data : by kind: `picture` {index, file (bytes), footprint, label, inputs (bytes of pictures that it was made
        from and nobody sent)}; `run` {run, files (bytes), told before the pictures that come from it};
        `skipped` {index}; `preview` {picture, step, jpeg (bytes), box};
        `failed` {title, detail, field}; `gave_way` {half_done}; `lost` {detail}; others as in `JobEvent`.
        `done`, `failed`, `cancelled`, `gave_way` and `lost` end the order; `ready` is of no job: a place
        became vacant
    """

    kind: ReportKind
    job: str = ""
    attempt: int = 0
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


ENDINGS: frozenset[ReportKind] = frozenset({"done", "failed", "cancelled", "gave_way", "lost"})
"""Reports after which an order is over."""


@dataclass(frozen=True)
class PlaceStatus:
    """One place where orders are executed, such as a process with a GPU.

    Attributes
    ----------
    device : as it was asked for; `where` is what it came to, once it is ready
    job : what is being done there
    restarts : how often it had to be started again
    trouble : why it is not ready, where that is known
    """

    device: str
    where: str | None
    ready: bool
    job: str | None
    pid: int | None
    restarts: int
    trouble: str | None


class Executor(Protocol):
    """Where orders are executed. No method waits for work; reports may come from any thread."""

    @property
    def capacity(self) -> int:
        """How many orders can be under way at once."""
        ...

    def start(self, on_report: Callable[[Report], None]) -> None: ...

    def stop(self) -> None:
        """End all work; unfinished orders are not reported."""
        ...

    def vacant(self) -> list[str]:
        """For each place that would begin an order at once, the group that it did last ("" before the first)."""
        ...

    def submit(self, order: Order) -> None:
        """Begin an order; there must be a vacant place."""
        ...

    def cancel(self, job: str) -> None:
        """Stop within one call of the network; comes back as an ending report."""
        ...

    def skip(self, job: str) -> None:
        """Leave out the picture under way, within one call of the network, and go on with the next."""
        ...

    def give_way(self, job: str) -> None:
        """Stop where little is lost: after the picture, or now where few of its steps are done."""
        ...

    def status(self) -> list[PlaceStatus]: ...
