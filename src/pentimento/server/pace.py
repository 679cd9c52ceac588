"""How long a plan will take, told by how long finished jobs took."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..jobs import Job
from ..plan import Plan

_WEIGHT_OF_NEW = 0.3


@dataclass
class Pace:
    """Seconds per model call and latent cell, for each model; nothing is said before the first job."""

    per_cell: dict[str, float] = field(default_factory=dict[str, float])

    def learn(self, job: Job) -> None:
        """Take a finished job into account."""
        work = _work(int(job.plan.get("model_calls", 0)), int(job.plan.get("latent_cells", 0)))
        if job.state != "done" or not work or job.started is None or job.finished is None or job.attempts != 1:
            return
        model, now = str(job.plan.get("model")), (job.finished - job.started) / work
        before = self.per_cell.get(model, now)
        self.per_cell[model] = before + _WEIGHT_OF_NEW * (now - before)

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


def _work(model_calls: int, latent_cells: int) -> int:
    return model_calls * latent_cells
