"""`pentimento describe`: what a picture shows, in words."""

import sys
from inspect import Parameter
from typing import Any

import typer

from .options import COMMON, STUDIO, parameter, with_options
from .running import open_studio
from .terminal import say, say_json

_OWN = (
    parameter("image", str, typer.Argument(help="The picture; - for stdin.", metavar="IMAGE"), Parameter.empty),
    parameter(
        "model",
        str | None,
        typer.Option("--model", help="Folder, name or hub id of a captioning model.", metavar="NAME"),
    ),
    parameter(
        "most_tokens", int, typer.Option("--most-tokens", help="Where the text ends at the latest.", min=1, max=500), 40
    ),
)


@with_options(*_OWN, *STUDIO, *COMMON)
def describe(**values: Any) -> None:
    """Say what a picture shows, by a captioning model in the model folders."""
    picture = sys.stdin.buffer.read() if values["image"] == "-" else values["image"]
    text = open_studio(values).describe(picture, values["model"], most_tokens=values["most_tokens"])
    if values["json"]:
        say_json({"description": text})
    else:
        say(text)
