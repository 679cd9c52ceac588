"""Flags derived from the fields of `Request`, and the flags that all commands share.

Defaults, bounds and help are read from the request; a new field is a new flag.
"""

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_origin

import typer
from pydantic.fields import FieldInfo
from rich.markup import escape

from .. import choices
from ..diffusion.samplers import SAMPLERS
from ..diffusion.schedules import SCHEDULES
from ..labels import Group, group_of
from ..request import PICTURE_FIELDS, Mask, Picture, Request, Side


@dataclass(frozen=True)
class Kind:
    """How a flag for one type of field is called and read; validation stays with `Request`."""

    metavar: str | None
    flag: Any = str | None
    read: Callable[[Any], object] = lambda value: value


def _picture(text: str) -> str | bytes:
    return sys.stdin.buffer.read() if text == "-" else text


_WHOLE, _NUMBER, _TEXT = Kind("INTEGER"), Kind("NUMBER"), Kind("TEXT")
KINDS: Mapping[Any, Kind] = {
    str: _TEXT,
    str | None: Kind("NAME"),
    int: _WHOLE,
    int | None: _WHOLE,
    float: _NUMBER,
    float | None: _NUMBER,
    bool: Kind(None, flag=bool | None),
    tuple[str, ...]: Kind("NAME", flag=list[str] | None, read=tuple),
    tuple[float, float]: Kind("X[,Y]"),
    tuple[int, int] | None: Kind("WxH"),
    tuple[Side, Side, Side, Side]: Kind("L,T,R,B"),
    Picture | None: Kind("FILE", read=_picture),
    Mask | None: Kind("FILE|DRAWING", read=_picture),
}


def kind_of(field: FieldInfo) -> Kind:
    """Find how a field's flag is read; a field of a type that no row knows has no flag."""
    return Kind("NAME") if get_origin(field.annotation) is Literal else KINDS[field.annotation]


SHORT = {"prompt": "-p", "negative_prompt": "-n", "seed": "-s"}

NAMES: Mapping[str, tuple[str, ...]] = {
    **{table.field: table.names for table in choices.TABLES},
    "sampler": tuple(row.name for row in SAMPLERS),
    "schedule": tuple(row.name for row in SCHEDULES),
}


def request_options(
    mode: str, omit: Iterable[str] = (), required: Iterable[str] = (), defaults: Mapping[str, str] | None = None
) -> Iterator[inspect.Parameter]:
    """Give one option for each field of the request, in its order.

    Fields that have no meaning in this mode are taken, but not shown in the help.

    Parameters
    ----------
    defaults : what is meant where a flag is not given, if that is not the field's default
    """
    omit, required = set(omit), set(required)
    groups = group_of()
    for name, field in Request.model_fields.items():
        group = groups[name]
        if name not in omit:
            default = (defaults or {}).get(name, inspect.Parameter.empty if name in required else None)
            yield _option(name, field, group, default, hidden=mode not in group.modes)


def _option(name: str, field: FieldInfo, group: Group, default: Any, *, hidden: bool) -> inspect.Parameter:
    kind = kind_of(field)
    flag = "--" + name.replace("_", "-")
    declarations = [f"{flag}/--no-{flag[2:]}" if kind.flag == bool | None else flag]
    option = typer.Option(
        *declarations,
        *([SHORT[name]] if name in SHORT else []),
        help=described(field, NAMES.get(name, ()), default if isinstance(default, str) else None),
        metavar="NAME" if name in NAMES else kind.metavar,
        show_default=False,
        rich_help_panel=group.label,
        hidden=hidden,
    )
    return parameter(name, str if default is inspect.Parameter.empty else kind.flag, option, default)


def parameter(name: str, annotation: Any, option: Any, default: Any = None) -> inspect.Parameter:
    """Build one parameter of a command."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[annotation, option]
    )


def described(field: FieldInfo, names: Iterable[str] = (), default: str | None = None) -> str:
    """Write the help of a field: what it is, its bounds, the names it takes, its default."""
    bounds = {type(item).__name__: item for item in field.metadata}
    low = getattr(bounds.get("Ge"), "ge", None)
    high = getattr(bounds.get("Le"), "le", None)
    parts = [field.description or ""]
    if low is not None and high is not None:
        parts.append(f"({low:g} to {high:g})")
    if names := tuple(names):
        parts.append(f"({', '.join(names)})")
    if default := default or shown_default(field):
        parts.append(f"[default: {default}]")
    return escape(" ".join(parts))


def shown_default(field: FieldInfo) -> str:
    """Write a field's default as it would be given on the command line; empty for none."""
    default: Any = field.default
    if default is None or default == () or default == "":
        return ""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple):
        parts = cast(tuple[float | str, ...], default)
        return ",".join(part if isinstance(part, str) else f"{part:g}" for part in parts)
    return f"{default:g}" if isinstance(default, float) else str(default)


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the request's fields that were given as flags, read as their fields want them."""
    return {
        name: kind_of(field).read(values[name])
        for name, field in Request.model_fields.items()
        if values.get(name) is not None
    }


def assignments(texts: Iterable[str]) -> dict[str, Any]:
    """Read `name=value` pairs as fields of the request.

    Examples
    --------
    >>> assignments(["seed=7", "mask-blur=4,6"])
    {'seed': '7', 'mask_blur': '4,6'}
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise typer.BadParameter(f"'{text}' is not name=value, as in seed=7", param_hint="--set")
        values[name] = _picture(value) if name in PICTURE_FIELDS else value
    return values


def _studio_option(name: str, annotation: Any, default: Any, help: str, metavar: str, **more: Any) -> inspect.Parameter:
    flag = "--" + name.replace("_", "-")
    option = typer.Option(flag, help=help, metavar=metavar, rich_help_panel="Model and machine", **more)
    return parameter(name, annotation, option, default)


DATA = _studio_option("data", Path | None, None, "Folder where the inputs of results are kept.", "PATH")

STUDIO = (
    _studio_option(
        "models", list[Path] | None, None, "Folder with models; may be repeated.", "PATH", envvar="PENTIMENTO_MODELS"
    ),
    _studio_option("device", str, "auto", "auto, cpu, cuda, cuda:1, mps.", "NAME"),
    _studio_option("dtype", str, "auto", "auto, float32, bfloat16, float16.", "NAME"),
    DATA,
    _studio_option("styles_file", Path | None, None, "Saved styles: a styles.csv.", "FILE"),
    parameter(
        "download",
        bool,
        typer.Option(
            "--download",
            help="Fetch a model of the catalogue or the hub where it is not here.",
            rich_help_panel="Model and machine",
        ),
        False,
    ),
)

RESULT = parameter(
    "result",
    Path,
    typer.Argument(help="A picture with a recipe, or an exported recipe.", metavar="FILE"),
    inspect.Parameter.empty,
)

OUTPUT = (
    parameter(
        "output",
        str,
        typer.Option("--output", "-o", help="File, folder, or - for stdout.", metavar="PATH", rich_help_panel="Output"),
        "out/",
    ),
    parameter(
        "format",
        str | None,
        typer.Option("--format", help="png, jpeg, webp or avif.", metavar="NAME", rich_help_panel="Output"),
    ),
    parameter(
        "plan", bool, typer.Option("--plan", help="Only say what would happen.", rich_help_panel="Output"), False
    ),
)

COMMON = (
    parameter("json", bool, typer.Option("--json", help="Answer in JSON.", rich_help_panel="Output"), False),
    parameter("debug", bool, typer.Option("--debug", help="Show tracebacks.", rich_help_panel="Output"), False),
)


def with_options(*parameters: inspect.Parameter) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a function that takes `**values` these parameters as its signature."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        object.__setattr__(function, "__signature__", inspect.Signature(parameters))
        return function

    return decorate
