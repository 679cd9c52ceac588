"""`pentimento txt2img`, `img2img`, `inpaint` and `outpaint`: the request's fields as flags."""

from collections.abc import Callable, Collection
from inspect import Parameter
from typing import Any

import typer

from ..errors import RequestError
from ..request import Request
from .options import COMMON, OUTPUT, STUDIO, given, parameter, request_options, with_options
from .running import open_studio, produce

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


@with_options(IMAGE, *_MARGIN, *_FIELDS, *OUTPUT, *STUDIO, *COMMON)
def outpaint(**values: Any) -> None:
    request = Request(**given(values), extend=[values[side] for side in SIDES])
    if not request.extends:
        raise RequestError("extend", request.extend, "no side grows; give one at least, as in --left 128 --right 25%")
    produce(open_studio(values), request, values)
