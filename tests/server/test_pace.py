"""How long a plan will take, told by what jobs told of theirs."""

import pytest

from pentimento import Request
from pentimento.jobs import Job, JobEvent, Progress
from pentimento.plan import Plan
from pentimento.server.pace import Pace
from pentimento.studio import Studio

STEPS = 10


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Studio().plan(Request(steps=STEPS, width=64, height=64))


def job(plan: Plan, *, started: float, finished: float) -> Job:
    return Job(
        id="1",
        state="done",
        priority="interactive",
        owner="",
        origin="native",
        mode="txt2img",
        format="png",
        keep=True,
        created=started,
        started=started,
        finished=finished,
        attempts=1,
        position=None,
        progress=Progress(),
        request={},
        plan=plan.as_dict(),
        seeds=(),
        pictures=(),
        error=None,
    )


def run(pace: Pace, plan: Plan, *, waits: float, seconds: float) -> None:
    """Tell of a job whose worker and model take `waits`, and whose picture takes `seconds`."""
    started, begun = 100.0, 100.0 + waits
    ended = job(plan, started=started, finished=begun + seconds)

    def tell(kind: str, time: float, **data: object) -> None:
        pace.hear(JobEvent(1, ended.id, "", kind, time, data), lambda: ended)  # pyright: ignore[reportArgumentType]

    tell("loading", started + waits / 2, model=plan.model.name)
    for step in range(1, STEPS + 1):
        tell("step", begun + seconds * step / STEPS, step=step, steps_per_second=STEPS / seconds)
    tell("done", begun + seconds)


def test_nothing_is_said_before_the_first_job(plan: Plan) -> None:
    assert Pace().seconds(plan) is None


@pytest.mark.parametrize("waits", [0.0, 30.0])
def test_a_model_that_had_to_be_loaded_is_not_paid_again(plan: Plan, waits: float) -> None:
    pace = Pace()
    run(pace, plan, waits=waits, seconds=4.0)
    assert pace.seconds(plan) == pytest.approx(4.0)
    assert pace.began == {}


def test_twice_the_cells_take_twice_as_long(plan: Plan) -> None:
    pace = Pace()
    run(pace, plan, waits=20.0, seconds=3.0)
    twice = Studio().plan(Request(steps=STEPS, width=128, height=64))
    assert pace.seconds(twice) == pytest.approx(6.0)


def test_a_job_that_failed_teaches_nothing(plan: Plan) -> None:
    pace = Pace()
    ended = job(plan, started=0.0, finished=9.0)
    pace.hear(JobEvent(1, "1", "", "step", 5.0, {"step": 1, "steps_per_second": None}), lambda: ended)
    pace.hear(JobEvent(2, "1", "", "failed", 9.0, {}), lambda: ended)
    assert pace.seconds(plan) is None
    assert pace.began == {}
