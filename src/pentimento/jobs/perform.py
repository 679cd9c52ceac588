"""Do an order on a studio, telling of it; the same in a process of its own, on a cluster, or in a thread."""

import io
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, ModelError, OutOfMemoryError, PentimentoError, RequestError
from ..plan import Plan, Seeds
from ..request import Request
from .orders import Order, Report, ReportKind

if TYPE_CHECKING:
    from ..pipeline import Event
    from ..result import Finished
    from ..studio import Studio

_SECONDS_BETWEEN_STEPS = 1 / 20
_SECONDS_BETWEEN_PREVIEWS = 1 / 4
_PREVIEW_QUALITY = 80

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Control:
    """What others want of an order that is under way; set from any thread.

    Attributes
    ----------
    stop : seen within one call of the network
    """

    stop: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    giving_way: bool = False

    def cancel(self) -> None:
        self.cancelled = True
        self.stop.set()

    def give_way(self) -> None:
        self.giving_way = True


class UnknownError(Exception):
    """Something failed that nobody foresaw; what state the process is in is not known."""


def perform(studio: "Studio", order: Order, control: Control, tell: Callable[[Report], None]) -> None:
    """Make the wanted pictures of an order; how it ended is told, too.

    Raises
    ------
    UnknownError
        After it was told that the order failed, where what failed is no error of this package.
    """
    teller = _Teller(order, control, tell)
    try:
        teller.say("started")
        plan = _plan(studio, read_request(order))
        teller.plan = plan.with_pictures(tuple(Seeds(*pair) for pair in order.seeds))
        studio.run(
            teller.plan, teller.on_event, control.stop, on_picture=teller.on_picture, only=frozenset(order.wanted)
        )
    except Cancelled:
        if control.cancelled:
            teller.say("cancelled")
        else:
            teller.say("gave_way", half_done=teller.step > 0)
    except (PentimentoError, MemoryError) as error:
        teller.say("failed", **describe(error))
    except Exception as error:
        _log.exception("order %s failed", order.job)
        teller.say("failed", **describe(error))
        raise UnknownError(str(error)) from error
    else:
        teller.say("done")


def _plan(studio: "Studio", request: Request) -> Plan:
    """Plan what was accepted; what it names may be younger than what this studio has seen."""
    try:
        return studio.plan(request)
    except (RequestError, ModelError):
        studio.refresh()
        return studio.plan(request)


def read_request(order: Order) -> Request:
    """Put the pictures of an order back into its request."""
    fields: dict[str, Any] = json.loads(order.request)
    return Request(**{**fields, **order.pictures})


_TITLES: tuple[tuple[type[BaseException], str], ...] = (
    (RequestError, "The request cannot be done"),
    (ModelError, "The model cannot be used"),
    (OutOfMemoryError, "Not enough memory"),
    (MemoryError, "Not enough memory"),
    (PentimentoError, "The job failed"),
    (Exception, "Something unforeseen failed"),
)


def describe(error: BaseException) -> dict[str, Any]:
    """Tell an error as `JobError` does: title, sentence and field."""
    title = next(title for kind, title in _TITLES if isinstance(error, kind))
    if isinstance(error, PentimentoError):
        detail = str(error)
    elif isinstance(error, MemoryError):
        detail = "the machine has too little memory; ask for a smaller width and height, or inpaint_area 'only_masked'"
    else:
        detail = f"{type(error).__name__}: {error}"
    named = error.field if isinstance(error, RequestError) else "model" if isinstance(error, ModelError) else None
    return {"title": title, "detail": detail, "field": named}


class _Teller:
    """Turns the events of a run into reports, not too many, and stops the run where it should give way."""

    def __init__(self, order: Order, control: Control, tell: Callable[[Report], None]) -> None:
        self.plan: Plan | None = None
        self.step = 0
        self._order = order
        self._control = control
        self._tell = tell
        self._left = len(order.wanted)
        self._begun = time.monotonic()
        self._told: dict[str, float] = {}
        self._heeded: dict[str, Callable[[Event], None]] = {
            "loading": self._loading,
            "started": self._picture_begins,
            "step": self._step,
            "upscaling": self._upscaling,
        }

    def say(self, kind: ReportKind, **data: Any) -> None:
        self._tell(Report(kind, self._order.job, self._order.attempt, data))

    def on_event(self, event: "Event") -> None:
        if (heed := self._heeded.get(event.kind)) is not None:
            heed(event)

    def _loading(self, event: "Event") -> None:
        assert self.plan is not None
        self.say("loading", model=self.plan.model.name)

    def _picture_begins(self, event: "Event") -> None:
        self.step, self._begun = 0, time.monotonic()
        self._give_way(event)

    def _step(self, event: "Event") -> None:
        self.step = event.step
        if self._is_due("step", _SECONDS_BETWEEN_STEPS) or event.step == event.steps:
            self.say("step", **self._progress(event))
        if event.preview is not None and self._is_due("preview", _SECONDS_BETWEEN_PREVIEWS):
            assert self.plan is not None
            box = self.plan.layout.box
            jpeg = _jpeg(event.preview)
            self.say(
                "preview", picture=event.picture, step=event.step, jpeg=jpeg, box=None if box is None else list(box)
            )
        self._give_way(event)

    def _upscaling(self, event: "Event") -> None:
        """Tell of tiles where enlarging is all that is done; elsewhere it is steps that are counted."""
        assert self.plan is not None
        if self.plan.unchanged:
            self._step(event)
        elif self._control.giving_way and self.step == 0:
            self._control.stop.set()

    def _progress(self, event: "Event") -> Mapping[str, Any]:
        seconds = time.monotonic() - self._begun
        steps_left = event.steps * self._left - event.step
        return {
            "picture": event.picture,
            "pictures": event.pictures,
            "step": event.step,
            "steps": event.steps,
            "sigma": event.sigma,
            "steps_per_second": event.step / seconds if seconds else None,
            "seconds_left": seconds / event.step * steps_left,
        }

    def _give_way(self, event: "Event") -> None:
        """Stop between pictures, or where less than half of one would be lost."""
        little = event.step == 0 or (self._order.may_stop_half_done and 2 * event.step < event.steps)
        if self._control.giving_way and little:
            self._control.stop.set()

    def _is_due(self, kind: str, seconds: float) -> bool:
        now = time.monotonic()
        if now - self._told.get(kind, -seconds) < seconds:
            return False
        self._told[kind] = now
        return True

    def on_picture(self, picture: "Finished") -> None:
        self._left -= 1
        self.step = 0
        footprint = None if picture.footprint is None else asdict(picture.footprint)
        self.say("picture", index=picture.index, file=picture.encode(self._order.format), footprint=footprint)


def _jpeg(preview: Callable[[], Any]) -> bytes:
    buffer = io.BytesIO()
    preview().convert("RGB").save(buffer, "JPEG", quality=_PREVIEW_QUALITY)
    return buffer.getvalue()
