"""How long a plan will take, told by how long finished jobs took."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..jobs import Job, JobEvent
from ..plan import Plan

_WEIGHT_OF_NEW = 0.3


@dataclass
class Pace:
    """Seconds per model call and latent cell, for each model; nothing is said before the first job.

    Attributes
    ----------
    began : of the jobs that run, when the first picture was begun: what came before it, a
        worker that started and a model that was loaded, is not paid again
    """

    per_cell: dict[str, float] = field(default_factory=dict[str, float])
    began: dict[str, float] = field(default_factory=dict[str, float])

    def hear(self, event: JobEvent, job: Callable[[], Job]) -> None:
        """Take what is told of a job into account; `job` gives the job itself."""
        if event.kind == "step":
            pace = event.data["steps_per_second"]
            self.began.setdefault(event.job, event.time - (event.data["step"] / pace if pace else 0.0))
        elif event.kind in ("done", "failed", "cancelled"):
            began = self.began.pop(event.job, None)
            if event.kind == "done" and began is not None:
                self._learn(job(), began)

    def seconds(self, plan: Plan) -> float | None:
        """Estimate a plan's time, without what waits before it."""
        pace = self.per_cell.get(plan.model.name)
        work = _work(plan.model_calls * len(plan.pictures), plan.latent_size.area)
        return None if pace is None else round(pace * work, 2)

    def seconds_of_all(self, runs: Iterable[Plan]) -> float | None:
        """Estimate the time of several plans together; None where that of one is not known."""
        each = [self.seconds(run) for run in runs]
        known = [seconds for seconds in each if seconds is not None]
        return round(sum(known), 2) if len(known) == len(each) else None

    def _learn(self, job: Job, began: float) -> None:
        work = _work(int(job.plan.get("model_calls", 0)), int(job.plan.get("latent_cells", 0)))
        if not work or job.finished is None or job.attempts != 1:
            return
        model, now = str(job.plan.get("model")), (job.finished - began) / work
        before = self.per_cell.get(model, now)
        self.per_cell[model] = before + _WEIGHT_OF_NEW * (now - before)


def _work(model_calls: int, latent_cells: int) -> int:
    return model_calls * latent_cells
