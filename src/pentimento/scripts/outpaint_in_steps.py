"""Outpaint in steps: the picture grows by a little at a time, each step on the one before it."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from pydantic import Field

from ..errors import RequestError
from ..geometry import Sides, Size
from ..inputs import read_inputs
from ..profiles import find_profile
from ..request import Request, SideField, in_pixels
from .base import Ask, Asking, Gathered, Options, ScriptPicture, check, infotext_with, one_by_one
from .means import Means

Order = Literal["rings", "sides"]
MOST_STEPS = 200


class StepsOptions(Options):
    step_size: SideField = Field(128, description="px, or percent of the given picture, that a side grows by at once")
    order: Order = Field("rings", description="all sides by a step at a time, or one side after another")


def outpaint_in_steps(request: Request, options: StepsOptions, means: Means) -> Asking:
    """Extend the picture in several runs, each repainting its overlap with what is there.

    Notes
    -----
    The seed counts up by one for each step, as the same noise would draw the same things again. What is
    masked besides is painted in the first step.
    """
    check(request.extends, "extend", request.extend, "no side grows; give one at least, as in 256,0,25%,0")
    source = read_inputs(request.changed(extend=0, mask=None, latent_mask=None), find_profile(request.profile)).source
    assert source is not None, "a script that needs a picture was given one"
    growth = list(growths(request.extension(source.size), _step(options, source.size), options.order))
    check(
        len(growth) <= MOST_STEPS,
        "step_size",
        options.step_size,
        f"{len(growth)} steps are more than {MOST_STEPS}; take larger ones",
    )
    notes = {"Outpaint step": str(options.step_size), "Outpaint order": options.order}
    given: list[ScriptPicture] = []
    for number in range(request.batch_size * request.batch_count):
        picture, size, asked = None, source.size, one_by_one(request)
        for index, sides in enumerate(growth):
            seed = (request.seed + number * len(growth) + index) % 2**64
            asked = asked.changed(seed=seed, extend=sides)
            size = sides.around(size)
            _check_size(asked, means, size)
            (picture,) = yield Ask(asked, f"step {index + 1} of {len(growth)}: {told(sides)}")
            asked = asked.changed(init_image=picture.image, mask=None, latent_mask=None)
        assert picture is not None, "some side grows"
        whole = means(one_by_one(request).changed(seed=(request.seed + number * len(growth)) % 2**64))
        seeds = whole.pictures[0]
        given.append(
            ScriptPicture(picture.image, seeds, request, f"outpainted to {size}", infotext_with(whole, seeds, notes))
        )
    return Gathered(given)


def growths(sides: Sides, step: Sides, order: str) -> Iterator[Sides]:
    """List what every step adds.

    Examples
    --------
    >>> list(growths(Sides(5, 0, 2, 0), Sides(3, 3, 3, 3), "rings"))
    [Sides(left=3, top=0, right=2, bottom=0), Sides(left=2, top=0, right=0, bottom=0)]
    >>> [told(each) for each in growths(Sides(5, 0, 2, 0), Sides(3, 3, 3, 3), "sides")]
    ['left 3', 'left 2', 'right 2']
    """
    counts = [math.ceil(whole / part) for whole, part in zip(sides, step, strict=True)]
    for indices in ORDERS[order](counts):
        yield Sides(
            *(
                min(part, whole - index * part) if 0 <= index < count else 0
                for whole, part, count, index in zip(sides, step, counts, indices, strict=True)
            )
        )


def _rings(counts: list[int]) -> Iterator[tuple[int, ...]]:
    for index in range(max(counts)):
        yield (index,) * len(counts)


def _one_side_after_another(counts: list[int]) -> Iterator[tuple[int, ...]]:
    for side, count in enumerate(counts):
        for index in range(count):
            yield tuple(index if each == side else -1 for each in range(len(counts)))


ORDERS: Mapping[str, Callable[[list[int]], Iterator[tuple[int, ...]]]] = {
    "rings": _rings,
    "sides": _one_side_after_another,
}
"""From how many steps each side needs to which step of each is done together; -1 = none."""


def told(sides: Sides) -> str:
    """Say what a step adds.

    Examples
    --------
    >>> told(Sides(16, 0, 0, 8))
    'left 16, bottom 8'
    """
    return ", ".join(f"{name} {side}" for name, side in zip(Sides._fields, sides, strict=True) if side)


def _step(options: StepsOptions, size: Size) -> Sides:
    lengths = (size.width, size.height, size.width, size.height)
    step = Sides(*(in_pixels(options.step_size, length) for length in lengths))
    if min(step) < 1:
        raise RequestError("step_size", options.step_size, f"{options.step_size} of {size} is less than a pixel")
    return step


def _check_size(asked: Request, means: Means, size: Size) -> None:
    """Refuse where a step would give another size than it adds up to: the next would stand on a scaled picture."""
    made = Size(*means(asked).output_size)
    check(
        made == size,
        "width",
        made.width,
        f"a step would give {made} where it adds up to {size}: leave out width and height, or take inpaint_area"
        " 'only_masked'; the profile a1111 needs sizes that are multiples of 8",
    )
