"""Do an order on a studio, telling of it; the same in a process of its own, on a cluster, or in a thread."""

import io
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from PIL import Image

from ..errors import Cancelled, ModelError, OutOfMemoryError, PentimentoError, RequestError
from ..pictures.write import to_png
from ..plan import Plan, Seeds
from ..request import Request
from ..scripts import Course, ScriptPicture, find_script, run_script
from .orders import Order, Report, ReportKind, ScriptOrder
from .submission import replaced

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
    skipping : the picture under way is to be left out, and the next one made
    """

    stop: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    giving_way: bool = False
    skipping: bool = False

    def cancel(self) -> None:
        self.cancelled = True
        self.stop.set()

    def give_way(self) -> None:
        self.giving_way = True

    def skip(self) -> None:
        self.skipping = True
        self.stop.set()

    def go_on(self) -> None:
        """Take a skip back once it was heeded; a cancel that came meanwhile stays."""
        self.skipping = False
        self.stop.clear()
        if self.cancelled:
            self.stop.set()


class UnknownError(Exception):
    """Something failed that nobody foresaw; what state the process is in is not known."""


def perform(studio: "Studio", order: Order, control: Control, tell: Callable[[Report], None]) -> None:
    """Make the wanted pictures of an order; how it ended is told, too.

    Raises
    ------
    UnknownError
        After it was told that the order failed, where what failed is no error of this package.
    """
    teller = (
        _Teller(order, control, tell) if order.script is None else _ScriptTeller(order, order.script, control, tell)
    )
    try:
        teller.say("started")
        teller.follow(studio)
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
        self.step = 0
        self._plan: Plan | None = None
        self._order = order
        self._control = control
        self._tell = tell
        self._left = len(order.wanted)
        self._missing = list(order.wanted)
        self._begun = time.monotonic()
        self._loading_since: float | None = None
        self._told: dict[str, float] = {}
        self._heeded: dict[str, Callable[[Event], None]] = {
            "loading": self._loading,
            "loaded": self._loaded,
            "started": self._picture_begins,
            "step": self._step,
            "upscaling": self._upscaling,
        }

    def follow(self, studio: "Studio") -> None:
        """Make the wanted pictures."""
        plan = _plan(studio, read_request(self._order))
        self._plan = plan.with_pictures(tuple(Seeds(*pair) for pair in self._order.seeds))
        while self._missing:
            try:
                studio.run(
                    self._plan, self._on_event, self._control.stop, on_picture=self._on_picture, only=self._missing
                )
            except Cancelled:
                if self._control.cancelled or not self._control.skipping:
                    raise
                self._control.go_on()
                self._left -= 1
                self.say("skipped", index=self._missing.pop(0))

    def say(self, kind: ReportKind, **data: Any) -> None:
        self._tell(Report(kind, self._order.job, self._order.attempt, data))

    def _on_event(self, event: "Event") -> None:
        if (heed := self._heeded.get(event.kind)) is not None:
            heed(event)

    def _loading(self, event: "Event") -> None:
        assert self._plan is not None
        self._loading_since = time.monotonic()
        self.say("loading", model=self._plan.model.name)

    def _loaded(self, event: "Event") -> None:
        """Leave the time of loading out of the picture's: the next one will not need it."""
        if self._loading_since is not None:
            self._begun += time.monotonic() - self._loading_since
            self._loading_since = None

    def _picture_begins(self, event: "Event") -> None:
        self.step, self._begun = 0, time.monotonic()
        self._give_way(event)

    def _step(self, event: "Event") -> None:
        self.step = event.step
        if self._is_due("step", _SECONDS_BETWEEN_STEPS) or event.step == event.steps:
            self.say("step", **self._progress(event))
        if event.preview is not None and self._is_due("preview", max(event.pause, _SECONDS_BETWEEN_PREVIEWS)):
            assert self._plan is not None
            box = self._plan.layout.box
            jpeg = _jpeg(event.preview)
            self.say(
                "preview", picture=event.picture, step=event.step, jpeg=jpeg, box=None if box is None else list(box)
            )
        self._give_way(event)

    def _upscaling(self, event: "Event") -> None:
        """Tell of tiles where enlarging is all that is done; elsewhere it is steps that are counted."""
        assert self._plan is not None
        if self._plan.unchanged:
            self._step(event)
        elif self._control.giving_way and self.step == 0:
            self._control.stop.set()

    def _progress(self, event: "Event") -> Mapping[str, Any]:
        seconds = time.monotonic() - self._begun
        # Of a script that looks what there is to paint, it is not known how much is left.
        steps_left = event.steps * max(1, self._left) - event.step
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
        """Stop where nothing would be lost, or less than half of a picture."""
        little = event.step == 0 or (self._order.may_stop_half_done and 2 * event.step < event.steps)
        if self._control.giving_way and little:
            self._control.stop.set()

    def _is_due(self, kind: str, seconds: float) -> bool:
        now = time.monotonic()
        if now - self._told.get(kind, -seconds) < seconds:
            return False
        self._told[kind] = now
        return True

    def _on_picture(self, picture: "Finished") -> None:
        self._left -= 1
        self.step = 0
        self._missing.remove(picture.index)
        footprint = None if picture.footprint is None else asdict(picture.footprint)
        self._give(picture.index, picture.encode(self._order.format), footprint=footprint)

    def _give(self, index: int, file: bytes, **more: Any) -> None:
        self.say("picture", **{"index": index, "file": file, "footprint": None, "label": "", "inputs": (), **more})


class _ScriptTeller(_Teller):
    """The same for the runs of a script: a picture is told as soon as the run is finished that it is from."""

    def __init__(self, order: Order, script: ScriptOrder, control: Control, tell: Callable[[Report], None]) -> None:
        super().__init__(order, control, tell)
        self._script = script
        self._given = set(range(len(order.seeds))) - set(order.wanted)
        self._left = sum(map(len, script.seeds[len(script.made) :]))
        self._run_has_pictures = False
        self._sent: list[bytes] = []
        self._heeded["picture"] = self._painted

    def follow(self, studio: "Studio") -> None:
        request = read_request(self._order)
        _plan(studio, request)  # what it names may be younger than what this studio has seen
        self._sent = [picture for picture in request.pictures.values() if isinstance(picture, bytes)]
        course = read_course(self._script, request)
        made = run_script(studio, course, self._on_event, self._control.stop, watcher=self, made=self._script.made)
        for place, picture in enumerate(made.pictures):
            self._give_picture(place, picture)
        if len(made.pictures) not in self._given and (page := made.page_file(self._order.format)) is not None:
            self._give(len(made.pictures), page, label=self._script.name)

    def begins(self, run: Plan) -> None:
        self._plan, self._run_has_pictures = run, False

    def ended(self, number: int, pictures: Sequence[ScriptPicture]) -> None:
        if number < len(self._script.made):
            files = self._script.made[number]
        else:
            files = tuple(picture.encode("png") for picture in pictures)
            self.say("run", run=number, files=files)
        places = self._script.places[number] if number < len(self._script.places) else ()
        for place, picture, file in zip(places, pictures, files, strict=False):
            if place is not None:
                self._give_picture(place, picture, file if self._order.format == "png" else None)

    def _painted(self, event: "Event") -> None:
        self._left -= 1
        self.step, self._run_has_pictures = 0, True

    def _give_way(self, event: "Event") -> None:
        # Of a run that is begun again, its finished pictures would be lost too.
        if not self._run_has_pictures:
            super()._give_way(event)

    def _give_picture(self, place: int, picture: ScriptPicture, file: bytes | None = None) -> None:
        if place in self._given:
            return
        self._given.add(place)
        # What a script made on its way to this picture is in nobody's store yet.
        own = (given for given in picture.request.pictures.values() if isinstance(given, Image.Image | bytes))
        inputs = tuple(
            to_png(given) if isinstance(given, Image.Image) else given for given in own if given not in self._sent
        )
        file = file or picture.encode(self._order.format)
        footprint = None if picture.footprint is None else asdict(picture.footprint)
        self._give(place, file, label=picture.label, inputs=inputs, footprint=footprint)


def read_course(order: ScriptOrder, request: Request) -> Course:
    """Make of an order what `run_script` runs."""
    script = find_script(order.name)
    options: dict[str, Any] = replaced(json.loads(order.options), order.pictures.__getitem__)
    return Course(
        script=script,
        request=request.changed(seed=order.start[0], variation_seed=order.start[1]),
        options=script.options(**options),
        seeds=tuple(tuple(Seeds(*pair) for pair in run) for run in order.seeds),
        places=order.places,
        pictures=order.given,
        has_page=order.has_page,
    )


def _jpeg(preview: Callable[[], Any]) -> bytes:
    buffer = io.BytesIO()
    preview().convert("RGB").save(buffer, "JPEG", quality=_PREVIEW_QUALITY)
    return buffer.getvalue()
