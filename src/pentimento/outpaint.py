"""Outpainting in several goes: a chain of requests, each over the result of the one before."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from PIL import Image

from .errors import RequestError
from .geometry import Size
from .pictures.read import read_picture
from .plan import Plan
from .request import Picture, Request

if TYPE_CHECKING:
    from .pipeline import Event
    from .result import Result
    from .studio import Studio


Made = TypeVar("Made")


@dataclass(frozen=True)
class _Go:
    """What one go left behind for the next: the picture, and the seed that it was made with."""

    picture: Picture
    seed: int


def plan_outpaint(studio: "Studio", request: Request, at_once: int | None = None) -> list[Plan]:
    """Decide what the goes of an outpainting will do, without doing it.

    Parameters
    ----------
    request : with `extend` set
    at_once : px by which a side grows at most in one go; left out = all in one

    Raises
    ------
    RequestError
        Where it cannot be divided, or a go cannot be done.
    """

    def go(one: Request) -> tuple[Plan, _Go]:
        plan = studio.plan(one)
        # Where the work happens depends on sizes alone, so that an empty picture stands for what will be there.
        return plan, _Go(Image.new("RGB", plan.output_size), plan.pictures[0].seed)

    return list(_chain(request, at_once, go))


def run_outpaint(
    studio: "Studio",
    request: Request,
    at_once: int | None = None,
    on_event: "Callable[[Event], None] | None" = None,
    cancel: threading.Event | None = None,
) -> "Iterator[Result]":
    """Extend a picture, and give the result of every go; the last one is the whole.

    Parameters and `Raises` are as in `plan_outpaint` and `Studio.run`. Each result has a recipe
    of its own, whose source is the result before it.
    """

    def go(one: Request) -> "tuple[Result, _Go]":
        result = studio.run(one, on_event=on_event, cancel=cancel)
        picture = result.images[0].copy()
        if result.icc:
            picture.info["icc_profile"] = result.icc
        return result, _Go(picture, result.seeds[0])

    return _chain(request, at_once, go)


def _chain(request: Request, at_once: int | None, go: Callable[[Request], tuple[Made, _Go]]) -> Iterator[Made]:
    parts = _parts(request, at_once)
    made, last = go(request.changed(extend=parts[0]))
    yield made
    for part in parts[1:]:
        # Another seed, so that the same noise does not lie in every ring.
        made, last = go(request.changed(init_image=last.picture, mask=None, extend=part, seed=last.seed + 1))
        yield made


def _parts(request: Request, at_once: int | None) -> "list[tuple[int | str, ...]]":
    """Divide the new margin; one go keeps it as it was asked for."""
    if request.init_image is None or not request.extends:
        raise RequestError("extend", request.extend, "give a picture, and by how much it grows on one side at least")
    if at_once is None:
        return [request.extend]
    if at_once < 1:
        raise RequestError("extend", at_once, f"{at_once} px in one go is too small; it must be at least 1")
    sides = request.extension(Size(*read_picture(request.init_image, "init_image").size))
    parts = sides.split(at_once)
    if len(parts) > 1:
        _check_chain(request)
    return [request.extend] if len(parts) == 1 else [tuple(part) for part in parts]


def _check_chain(request: Request) -> None:
    """Refuse what has no meaning over several goes."""
    if request.batch_size * request.batch_count > 1:
        raise RequestError(
            "batch_count", request.batch_count, "in several goes only one picture is extended; run it again for another"
        )
    sized = request.width is not None or request.height is not None
    if sized and request.inpaint_area == "whole_picture":
        raise RequestError(
            "width",
            request.width or request.height,
            "in several goes the picture grows with each: leave out width and height, or take 'only_masked'",
        )
