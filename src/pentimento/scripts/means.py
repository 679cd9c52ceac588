"""What a script has beside the pictures that it asks for: a way to plan, and eyes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from ..models.objects import Found, ObjectFinder, find_detector
from ..plan import Plan
from ..request import Request

if TYPE_CHECKING:
    from ..studio import Studio


@dataclass(frozen=True)
class Search:
    """What to find in a picture.

    Attributes
    ----------
    model : hub id or folder of a detector
    words : what to look for
    confidence : least score, 0..1
    """

    model: str
    words: tuple[str, ...] = ()
    confidence: float = 0.3


Look = Callable[[Search, Image.Image], Sequence[Found]]


class Eyes:
    """Finds things in pictures for one run, by detectors that are loaded when they are first needed."""

    def __init__(self, studio: "Studio") -> None:
        self._studio = studio
        self._finders: dict[str, ObjectFinder] = {}

    def __call__(self, search: Search, image: Image.Image) -> Sequence[Found]:
        if search.model not in self._finders:
            self._finders[search.model] = self._load(search.model)
        return self._finders[search.model].find(image, search.words, search.confidence)

    def _load(self, name: str) -> ObjectFinder:
        from ..models.memory import choose_device

        studio = self._studio
        folder = find_detector(name, allow_download=studio.download, allow_paths=studio.paths)
        return ObjectFinder(folder, str(choose_device(studio.device)))


@dataclass(frozen=True, eq=False)
class Means:
    """Plans requests when it is called, and looks.

    Attributes
    ----------
    plan : of one request
    look : None where no model may be loaded, because only a plan is wanted
    blank : the pictures that are sent are blank, because only a plan is wanted
    """

    plan: Callable[[Request], Plan]
    look: Look | None = None
    blank: bool = False

    def __call__(self, request: Request) -> Plan:
        return self.plan(request)
