"""One command for each script: its options and the request's fields as flags."""

from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from ..request import Request
from ..scripts import Options, Script, find_script
from .options import COMMON, OUTPUT, STUDIO, described, given, parameter, request_options, with_options
from .running import open_studio, produce_script

PANEL = "This script"


def _image(script: Script) -> Parameter:
    """Build the argument for the picture, which some scripts can do without."""
    argument = typer.Argument(help="The picture to start from; - for stdin.", metavar="IMAGE")
    if script.needs_image:
        return parameter("init_image", str, argument, Parameter.empty)
    return parameter("init_image", str | None, argument)


def _options(options: type[Options]) -> Iterator[Parameter]:
    for name, field in options.model_fields.items():
        flag = "--" + name.replace("_", "-")
        yes_no, words = field.annotation is bool, _words(field)
        option = typer.Option(
            *([f"{flag}/--no-{flag[2:]}"] if yes_no else [flag]),
            help=described(field, words),
            metavar=None if yes_no else "NAME,NAME" if _is_list(field) else "NAME" if words else "VALUE",
            show_default=False,
            rich_help_panel=PANEL,
        )
        yield parameter(name, bool | None if yes_no else str | None, option)


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def _words(field: FieldInfo) -> tuple[str, ...]:
    """List the words that an option takes, if it takes words."""
    kind: Any = get_args(field.annotation)[0] if _is_list(field) else field.annotation
    return get_args(kind) if get_origin(kind) is Literal else ()


def _command(name: str) -> Callable[..., None]:
    script = find_script(name)

    @with_options(
        _image(script),
        *_options(script.options),
        *request_options("inpaint", omit={"init_image"}),
        *OUTPUT,
        *STUDIO,
        *COMMON,
    )
    def command(**values: Any) -> None:
        from ..scripts import plan_script

        request, options = Request(**given(values)), script.options(**read_options(script, values))
        studio = open_studio(values)
        produce_script(studio, plan_script(studio, script, request, options), values)

    return command


def read_options(script: Script, values: Mapping[str, Any]) -> dict[str, Any]:
    """Read those of the values that are options of a script, as their flags are written."""
    return {
        name: [part.strip() for part in values[name].split(",")] if _is_list(field) else values[name]
        for name, field in script.options.model_fields.items()
        if values.get(name) is not None
    }


sheet = _command("sheet")
loopback = _command("loopback")
sd_upscale = _command("sd_upscale")
prompt_matrix = _command("prompt_matrix")
prompts_from_file = _command("prompts_from_file")
outpainting_mk2 = _command("outpainting_mk2")
poor_mans_outpainting = _command("poor_mans_outpainting")
