"""`pentimento txt2img`, `img2img`, `inpaint` and `outpaint`: the request's fields as flags."""

from collections.abc import Callable, Collection
from inspect import Parameter
from typing import Any

import typer

from ..errors import RequestError
from ..request import Request
from .options import COMMON, OUTPUT, STUDIO, given, parameter, request_options, with_options
from .running import open_studio, produce, produce_script

IMAGE = parameter(
    "init_image", str, typer.Argument(help="The picture to start from; - for stdin.", metavar="IMAGE"), Parameter.empty
)


def _command(
    mode: str, *arguments: Parameter, omit: Collection[str], required: Collection[str] = ()
) -> Callable[..., None]:
    @with_options(*arguments, *request_options(mode, omit, required), *OUTPUT, *STUDIO, *COMMON)
    def command(**values: Any) -> None:
        request = Request(**given(values))
        produce(open_studio(values), request, values)

    return command


txt2img = _command("txt2img", omit={"init_image", "mask"})
img2img = _command("img2img", IMAGE, omit={"init_image", "mask"})
inpaint = _command("inpaint", IMAGE, omit={"init_image"}, required={"mask"})

SIDES = ("left", "top", "right", "bottom")
_MARGIN = [
    parameter(
        side,
        str,
        typer.Option(
            f"--{side}",
            help="By how much it grows on this side: px, or percent of it as 25%.",
            metavar="PX|%",
            rich_help_panel="Outpaint",
            show_default=False,
        ),
        "0",
    )
    for side in SIDES
]


_FIELDS = request_options("inpaint", omit={"init_image", "extend"}, defaults={"masked_content": "fill"})


_STEPS = {
    "step_size": ("PX|%", "Grow by at most so much at a time, each step on the one before; left out = all at once."),
    "order": ("NAME", "Where there are steps: all sides together (rings), or one after another (sides)."),
}
_IN_STEPS = [
    parameter(
        name,
        str | None,
        typer.Option("--" + name.replace("_", "-"), help=text, metavar=what, rich_help_panel="Outpaint"),
    )
    for name, (what, text) in _STEPS.items()
]


@with_options(IMAGE, *_MARGIN, *_IN_STEPS, *_FIELDS, *OUTPUT, *STUDIO, *COMMON)
def outpaint(**values: Any) -> None:
    request = Request(**given(values), extend=[values[side] for side in SIDES])
    if not request.extends:
        raise RequestError("extend", request.extend, "no side grows; give one at least, as in --left 128 --right 25%")
    steps = {name: values[name] for name in _STEPS if values[name] is not None}
    studio = open_studio(values)
    if not steps:
        produce(studio, request, values)
        return
    from ..scripts import find_script, plan_script

    script = find_script("outpaint_in_steps")
    produce_script(studio, plan_script(studio, script, request, script.options(**steps)), values)
