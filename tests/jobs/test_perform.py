"""What an order tells while it is worked on."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from pentimento.jobs.orders import Order, Report
from pentimento.jobs.perform import Control, perform
from pentimento.models.info import ModelInfo
from pentimento.plan import Plan
from pentimento.request import Request

from .free import FreeStudio
from .test_service import TINY

HOUR = 3600.0


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0


class LateStudio(FreeStudio):
    """A studio whose model takes an hour to load, and whose pictures take no time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def load(self, plan: Plan, info: ModelInfo | None = None, on_loading: Callable[[], None] = lambda: None) -> Any:
        on_loading()
        self.clock.now += HOUR
        return super().load(plan, info)


def test_the_time_that_a_model_takes_to_load_is_not_that_of_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    request = Request(seed=1, **TINY)
    order = Order("1", 1, "", request.to_json(), {}, ((1, 1),), (0,), "png")
    told: list[Report] = []
    perform(LateStudio(clock), order, Control(), told.append)
    assert [report.kind for report in told if report.kind in ("loading", "done")] == ["loading", "done"]
    steps = [report.data for report in told if report.kind == "step"]
    assert steps
    assert all(step["seconds_left"] == 0 for step in steps)
