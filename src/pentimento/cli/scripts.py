"""One command for each script: its options and the request's fields as flags."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import Parameter
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from ..errors import RequestError
from ..request import Request
from ..scripts import Options, Script, find_script
from ..scripts.detail import DetailPass
from ..scripts.region import Region, read_pairs, read_region
from .options import COMMON, OUTPUT, STUDIO, Kind, described, given, parameter, request_options, with_options
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
        kind, words = _kind(field), _words(field)
        flag = "--" + name.replace("_", "-")
        option = typer.Option(
            *([f"{flag}/--no-{flag[2:]}"] if kind.flag == bool | None else [_singular(flag, kind)]),
            help=described(field, words),
            metavar="NAME" if words and not _is_list(field) else kind.metavar,
            show_default=False,
            rich_help_panel=PANEL,
        )
        yield parameter(name, kind.flag, option)


def _singular(flag: str, kind: Kind) -> str:
    """Name a flag that is given once for each of several things."""
    return flag.removesuffix("s") if kind.flag == list[str] | None else flag


def read_regions(texts: Iterable[str]) -> list[dict[str, Any]]:
    """Read regions as text, or from a .json file with a list of them."""
    found: list[dict[str, Any]] = []
    for text in texts:
        is_file = text.endswith(".json") and "=" not in text
        found += _regions_of_file(text) if is_file else [read_region(text)]
    return found


def _regions_of_file(name: str) -> list[dict[str, Any]]:
    try:
        told: Any = json.loads(Path(name).expanduser().read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError("region", name, f"{name} cannot be read: {error}") from error
    listed = cast(list[Any], told) if isinstance(told, list) else [told]
    if not all(isinstance(each, dict) for each in listed):
        raise RequestError("region", name, f'{name} holds no regions; write a list, as in [{{"mask": "all"}}]')
    return listed


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def read_passes(texts: Iterable[str]) -> list[dict[str, Any]]:
    """Read further passes over details: the options of each as text, its lists with commas as their flags have them."""
    fields = DetailPass.model_fields
    passes = [{name.replace("-", "_"): value for name, value in read_pairs("then", text)} for text in texts]
    return [
        {name: _kind(fields[name]).read(value) if name in fields else value for name, value in told.items()}
        for told in passes
    ]


_YES_NO = Kind(None, flag=bool | None)
_LIST = Kind("NAME,NAME", read=_split)
_TEXT = Kind("VALUE")
_BY_ITEM: Mapping[Any, Kind] = {
    Region: Kind("MASK=... NAME=...", flag=list[str] | None, read=read_regions),
    DetailPass: Kind("NAME=... NAME=...", flag=list[str] | None, read=read_passes),
}


def _kind(field: FieldInfo) -> Kind:
    """Find how an option's flag is read."""
    if not _is_list(field):
        return _YES_NO if field.annotation is bool else _TEXT
    return _BY_ITEM.get(get_args(field.annotation)[0], _LIST)


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
        from ..scripts.means import Eyes

        request, options = Request(**given(values)), script.options(**read_options(script, values))
        studio = open_studio(values)
        look = Eyes(studio) if values["plan"] else None
        produce_script(studio, plan_script(studio, script, request, options, look=look), values)

    return command


def read_options(script: Script, values: Mapping[str, Any]) -> dict[str, Any]:
    """Read those of the values that are options of a script, as their flags are written."""
    return {
        name: _kind(field).read(values[name])
        for name, field in script.options.model_fields.items()
        if values.get(name) is not None
    }


sheet = _command("sheet")
loopback = _command("loopback")
sd_upscale = _command("sd_upscale")
prompt_matrix = _command("prompt_matrix")
prompts_from_file = _command("prompts_from_file")
outpaint_in_steps = _command("outpaint_in_steps")
outpainting_mk2 = _command("outpainting_mk2")
poor_mans_outpainting = _command("poor_mans_outpainting")
regions = _command("regions")
detail = _command("detail")
