"""A job as it is told, from its row in the queue and what is only known while it runs."""

from collections.abc import Iterable, Mapping

from ..store import Picture
from .job import Job, JobEvent, Progress
from .queue import Row


def job_of(row: Row, pictures: Iterable[Picture], position: int | None, step: JobEvent | None, runs: int) -> Job:
    """Put a job together.

    Parameters
    ----------
    step : the last that was told of it
    runs : of its script that are finished
    """
    script = row.script
    return Job(
        id=row.id,
        state=row.state,
        priority=row.priority,
        owner=row.owner,
        origin=row.origin,
        mode=row.mode,
        format=row.format,
        keep=row.keep,
        created=row.created,
        started=row.started,
        finished=row.finished,
        attempts=row.attempts,
        position=position,
        progress=_progress(row, step) if script is None else _script_progress(row, script, step, runs),
        request=row.request,
        script=script and {"name": script["name"], "options": script["options"], "page": page_of(row)},
        plan=row.plan,
        seeds=tuple(seed for seed, _ in row.seeds),
        pictures=tuple(pictures),
        error=row.error,
    )


def page_of(row: Row) -> int | None:
    """Tell which of a job's pictures is the page of all others."""
    return int(row.script["given"]) if row.script and row.script["has_page"] else None


def _progress(row: Row, step: JobEvent | None) -> Progress:
    if row.state != "running" or step is None or step.data["picture"] in row.pictures:
        return Progress(len(row.pictures), len(row.seeds), 0, int(row.plan.get("steps", 0)))
    return _within(step)


def _script_progress(row: Row, script: Mapping[str, list[list[object]]], step: JobEvent | None, runs: int) -> Progress:
    """Count what is painted, which is often more than what is given."""
    if row.state == "running" and step is not None:
        return _within(step)
    painted = [len(run) for run in script["seeds"]]
    return Progress(sum(painted) if row.state == "done" else sum(painted[:runs]), sum(painted))


def _within(step: JobEvent) -> Progress:
    told = step.data
    return Progress(told["picture"], told["pictures"], told["step"], told["steps"], told["seconds_left"])
