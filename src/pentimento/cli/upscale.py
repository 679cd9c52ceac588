"""`pentimento upscale`: a picture enlarged, nothing in it repainted."""

from inspect import Parameter
from typing import Any

import typer

from ..upscaling import upscale_request
from .options import COMMON, OUTPUT, STUDIO, parameter, with_options
from .running import open_studio, produce

_IMAGE = parameter("image", str, typer.Argument(help="The picture.", metavar="IMAGE"), Parameter.empty)
_OWN = (
    parameter("by", float | None, typer.Option("--by", help="Times that it is enlarged.", metavar="NUMBER")),
    parameter("width", int | None, typer.Option("--width", help="px, instead of the times.", metavar="INTEGER")),
    parameter("height", int | None, typer.Option("--height", help="px, instead of the times.", metavar="INTEGER")),
    parameter(
        "crop",
        bool,
        typer.Option("--crop", help="Cut off what sticks out of width x height instead of stretching to it."),
        False,
    ),
    parameter(
        "upscaler",
        str,
        typer.Option("--upscaler", help="lanczos, nearest, or a network in the model folders.", metavar="NAME"),
        "lanczos",
    ),
)


@with_options(_IMAGE, *_OWN, *OUTPUT, *STUDIO, *COMMON)
def upscale(**values: Any) -> None:
    """Enlarge a picture by a function or a network; transparency and colour profile are kept."""
    own = {name: values[name] for name in ("by", "width", "height", "crop", "upscaler")}
    produce(open_studio(values), upscale_request(values["image"], **own), values)
