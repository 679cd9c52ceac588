"""Loopback: the result is painted again, and again, with a strength that follows a curve."""

import math
from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import Field

from ..plan import Plan
from ..request import Request
from .base import Ask, Asking, Gathered, Options, Pictures, ScriptPicture, check_not_extended, one_by_one

Curve = Literal["aggressive", "linear", "lazy"]

CURVES: Mapping[str, Callable[[float], float]] = {
    "aggressive": lambda part: math.sin(part * math.pi / 2),
    "linear": lambda part: part,
    "lazy": lambda part: 1 - math.cos(part * math.pi / 2),
}
"""Share of the way to the final strength, by the share of the loops."""


class LoopbackOptions(Options):
    loops: int = Field(4, ge=1, le=1000, description="how many times the picture is painted")
    final_denoising_strength: float = Field(0.5, ge=0, le=1, description="strength of the last loop")
    curve: Curve = Field("linear", description="how the strength goes from the first to the last loop")


def strengths(first: float, final: float, loops: int, curve: str) -> list[float]:
    """List the strength of every loop.

    Examples
    --------
    >>> strengths(0.2, 0.6, 3, "linear")
    [0.2, 0.4, 0.6]
    """
    steps = max(1, loops - 1)
    return [min(1.0, max(0.0, first + (final - first) * CURVES[curve](loop / steps))) for loop in range(loops)]


def loopback(request: Request, options: LoopbackOptions, plan: Callable[[Request], Plan]) -> Asking:
    """Paint the result again; of several series only the last picture of each is given.

    Notes
    -----
    A1111 v1.10.1 behaviour: the seed counts on over all series, and after the first loop the
    masked content is what was painted there.
    """
    del plan
    check_not_extended(request)
    given: list[ScriptPicture] = []
    first = one_by_one(request)
    notes = {"Final denoising strength": options.final_denoising_strength, "Denoising curve": options.curve.title()}
    series = request.batch_size * request.batch_count
    for number in range(series):
        asked = first
        made: Pictures = ()
        for loop, strength in enumerate(
            strengths(request.denoising_strength, options.final_denoising_strength, options.loops, options.curve)
        ):
            seed = (request.seed + number * options.loops + loop) % 2**64
            asked = asked.changed(seed=seed, denoising_strength=strength)
            made = yield Ask(asked, f"loop {loop + 1}, strength {strength:g}", notes)
            if series == 1:
                given.extend(made)
            asked = asked.changed(init_image=made[0].image, masked_content="original")
        if series > 1:
            given.extend(made)
    return Gathered(given)
