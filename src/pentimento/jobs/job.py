"""What a job is: its state, its place in the order, its progress, and what is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ..errors import PentimentoError
from ..store import Picture

State = Literal["queued", "running", "done", "failed", "cancelled"]
Ending = Literal["done", "failed", "cancelled"]
Priority = Literal["interactive", "batch"]
EventKind = Literal["queued", "loading", "started", "step", "preview", "picture", "done", "failed", "cancelled"]

STATES: tuple[State, ...] = get_args(State)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
ENDED: frozenset[str] = frozenset(get_args(Ending))
"""States that a job stays in."""
PASSING: frozenset[str] = frozenset({"loading", "step", "preview"})
"""Events of which only a job's last is given to who comes later."""


class QueueFull(PentimentoError):
    """No more jobs are taken for now; the text says which limit is reached."""


class JobNotFound(PentimentoError):
    """There is no such job, or it is somebody else's."""


class QueueDamaged(PentimentoError):
    """The queue on disk cannot be read."""


class Stopping(PentimentoError):
    """The server is about to stop."""


@dataclass(frozen=True)
class Limits:
    """What the queue takes and keeps.

    Attributes
    ----------
    queued, queued_per_owner : jobs that may wait
    losses : how often in a row the worker or the server may die with a job before it fails
    passed_over : how often a job may be passed over by younger ones that need no other model or shape
    half_done : how often a job's unfinished picture may be given up for an interactive job
    kept_seconds, kept_jobs : how long, and how many, ended jobs are remembered
    temporary_seconds : how long those are whose pictures are not kept
    """

    queued: int = 2000
    queued_per_owner: int = 1000
    losses: int = 3
    passed_over: int = 8
    half_done: int = 3
    kept_seconds: float = 7 * 86400
    kept_jobs: int = 10_000
    temporary_seconds: float = 3600


@dataclass(frozen=True)
class JobError:
    """Why a job failed: a few words, the sentence, and the field of the request where it is about one."""

    title: str
    detail: str
    field: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"title": self.title, "detail": self.detail, "field": self.field}


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes
    ----------
    picture, pictures : which one is worked on, counted from 0, of how many
    step, steps : of this picture
    seconds_left : estimate for the whole job
    """

    picture: int = 0
    pictures: int = 1
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None

    @property
    def fraction(self) -> float:
        within = self.step / self.steps if self.steps else 0.0
        return min(1.0, (self.picture + within) / max(1, self.pictures))

    def as_dict(self) -> dict[str, Any]:
        return {
            "picture": self.picture,
            "pictures": self.pictures,
            "step": self.step,
            "steps": self.steps,
            "fraction": self.fraction,
            "seconds_left": self.seconds_left,
        }


@dataclass(frozen=True)
class Job:
    """One accepted request.

    Attributes
    ----------
    origin : the surface that it came through: native, sdapi, openai
    attempts : how often it was begun
    position : 1 = the next one; None where it does not wait
    request : as it was given, pictures as `sha256:<hex>` of the store's inputs
    script : name and options of the script that makes its pictures; None = the request alone does
    plan : `Plan.as_dict()`, or `ScriptPlan.as_dict()`
    seeds : of every picture, fixed when the job was accepted
    pictures : those that are finished, in order; a page of all of them is the last
    """

    id: str
    state: State
    priority: Priority
    owner: str
    origin: str
    mode: str
    format: str
    keep: bool
    created: float
    started: float | None
    finished: float | None
    attempts: int
    position: int | None
    progress: Progress
    request: Mapping[str, Any]
    script: Mapping[str, Any] | None
    plan: Mapping[str, Any]
    seeds: tuple[int, ...]
    pictures: tuple[Picture, ...]
    error: JobError | None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def as_dict(self) -> dict[str, Any]:
        """Give the job as plain values for JSON."""
        return {
            "id": self.id,
            "state": self.state,
            "priority": self.priority,
            "origin": self.origin,
            "mode": self.mode,
            "format": self.format,
            "keep": self.keep,
            "created": self.created,
            "started": self.started,
            "finished": self.finished,
            "attempts": self.attempts,
            "position": self.position,
            "progress": self.progress.as_dict(),
            "request": dict(self.request),
            "script": None if self.script is None else dict(self.script),
            "plan": dict(self.plan),
            "seeds": list(self.seeds),
            "pictures": [picture.as_dict() for picture in self.pictures],
            "error": self.error and self.error.as_dict(),
        }


@dataclass(frozen=True)
class JobEvent:
    """Something happened to a job.

    Attributes
    ----------
    seq : grows from event to event, also over restarts
    data : plain values for JSON, by kind: `loading` {model}; `started` {plan}; `step` {picture, pictures,
        step, steps, sigma, steps_per_second, seconds_left}; `preview` {picture, step, jpeg (a data URI),
        box}; `failed` {error}; others nothing
    picture : with kind `picture`, the finished one
    """

    seq: int
    job: str
    owner: str
    kind: EventKind
    time: float
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    picture: Picture | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the event as plain values for JSON."""
        told = {"job": self.job, "seq": self.seq, "time": self.time, **self.data}
        return told if self.picture is None else {**told, "picture": self.picture.as_dict()}
