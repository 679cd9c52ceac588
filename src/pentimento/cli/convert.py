"""`pentimento convert`: pickles written as safetensors."""

from inspect import Parameter
from pathlib import Path
from typing import Any

import typer

from .options import COMMON, parameter, with_options
from .terminal import say, say_json

_FILES = parameter(
    "files",
    list[Path],
    typer.Argument(help="Files that end in .pth, .pt, .ckpt or .bin.", metavar="FILE..."),
    Parameter.empty,
)


@with_options(_FILES, *COMMON)
def convert(**values: Any) -> None:
    """Write each file's tensors beside it as .safetensors; a file that holds anything else is refused."""
    from ..models.convert import convert as write

    files: list[Path] = values["files"]
    written: list[dict[str, Any]] = []
    for file in files:
        target = file.with_suffix(".safetensors")
        written.append({"file": str(target), "tensors": write(file, target)})
        if not values["json"]:
            say(str(target))
    if values["json"]:
        say_json(written)
