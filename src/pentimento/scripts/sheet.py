"""Sheet (X/Y/Z plot): one request over the values of up to three of its fields."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

from pydantic import Field

from ..errors import RequestError
from ..geometry import Size
from ..plan import Plan
from ..request import Request
from .base import Ask, Asking, Gathered, Options, Pictures, check
from .page import LARGEST_PAGE, Grid, draw_grid
from .values import Axis, Value, read_axis

_NONE = Axis("", (Value("", lambda request: request),))
_SLOW = ("model", "vae", "refiner", "hires_model")
"""Fields whose change means loading: they vary last, wherever they stand."""
LARGEST_SHEET = 10_000


class SheetOptions(Options):
    x: str = Field(
        "", description="across: field=values, as in steps=10,20 or cfg_scale=5-9:2 or prompt_replace=cat,dog"
    )
    y: str = Field("", description="down: the same")
    z: str = Field("", description="one block below the other: the same")
    legend: bool = Field(True, description="write the values along the sides")
    margin: int = Field(0, ge=0, le=500, description="px between the pictures")
    next_seeds: str = Field("", description="axes along which every picture has the next seed, as in xy")


def sheet(request: Request, options: SheetOptions, plan: Callable[[Request], Plan]) -> Asking:
    """Paint every combination; the page shows the first picture of each."""
    axes = tuple(read_axis(text) if text else _NONE for text in (options.x, options.y, options.z))
    check(any(axis.name for axis in axes), "x", "", "name at least one axis, as in steps=10,20")
    check(
        set(options.next_seeds) <= set("xyz"), "next_seeds", options.next_seeds, "it takes the letters x, y and z only"
    )
    names = [axis.name for axis in axes if axis.name]
    check(len(set(names)) == len(names), "x", names, "two axes vary the same field; give each its own")
    places = _order(axes)
    _check_page(axes, len(places), request, plan)
    made: dict[tuple[int, ...], Pictures] = {}
    for place in places:
        made[place] = yield Ask(_cell(request, axes, place, options.next_seeds), _label(axes, place))
    everywhere = [made[place] for place in sorted(places, key=lambda place: place[::-1])]
    across, down, blocks = axes
    count = len(across.values) * len(down.values)
    grids = [
        Grid(
            _labels(across),
            _labels(down),
            tuple(pictures[0].image for pictures in everywhere[index * count : (index + 1) * count]),
            title,
        )
        for index, title in enumerate(_labels(blocks))
    ]
    pictures = [picture for each in everywhere for picture in each]
    return Gathered(pictures, partial(draw_grid, grids, options.margin, legend=options.legend))


def _order(axes: Sequence[Axis]) -> list[tuple[int, ...]]:
    """List the places (x, y, z) in the order in which they are painted."""
    count = 1
    for axis in axes:
        count *= len(axis.values)
    check(count <= LARGEST_SHEET, "x", count, f"{count} pictures are more than {LARGEST_SHEET}; take fewer values")
    places = product(*(range(len(axis.values)) for axis in axes))
    slow = [index for index, axis in enumerate(axes) if axis.name in _SLOW]
    return sorted(places, key=lambda place: (*(place[index] for index in slow), *place[::-1]))


def _cell(request: Request, axes: Sequence[Axis], place: Sequence[int], next_seeds: str) -> Request:
    for axis, index in zip(axes, place, strict=True):
        request = axis.values[index].change(request)
    offset, stride = 0, 1
    for letter, axis, index in zip("xyz", axes, place, strict=True):
        if letter in next_seeds:
            offset, stride = offset + index * stride, stride * len(axis.values)
    # -1 along an axis of seeds is a random one, in this cell too.
    return request.changed(seed=(request.seed + offset) % 2**64) if offset and request.seed != -1 else request


def _label(axes: Sequence[Axis], place: Sequence[int]) -> str:
    return ", ".join(f"{axis.name} {axis.values[i].label}" for axis, i in zip(axes, place, strict=True) if axis.name)


def _labels(axis: Axis) -> tuple[str, ...]:
    return tuple(f"{axis.name}: {value.label}" if axis.name else "" for value in axis.values)


def _check_page(axes: Sequence[Axis], count: int, request: Request, plan: Callable[[Request], Plan]) -> None:
    """Refuse before the work a page that could not be drawn after it."""
    largest = Size(0, 0)
    for axis in axes:
        if axis.name in ("width", "height", "hires_scale", "hires_width", "hires_height"):
            return  # sizes differ; the page itself is measured when it is drawn
    largest = plan(_cell(request, axes, (0, 0, 0), "")).output_size
    if largest.area * count > LARGEST_PAGE:
        raise RequestError(
            "x",
            count,
            f"a page of {count} pictures of {largest} has more than 200 megapixels; take fewer or smaller ones",
        )
