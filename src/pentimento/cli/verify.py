"""`pentimento verify`: proof, from the file, that nothing outside the mask changed."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from .options import COMMON, DATA, RESULT, with_options
from .terminal import say, say_json


@with_options(RESULT, DATA, *COMMON)
def verify(**values: Any) -> None:
    """Compare a result with its source; ends with 1 where they differ and may not."""
    from ..recipe import InputStore
    from ..verify import verify as compare

    file: Path = values["result"]
    found = compare(file, InputStore(values["data"]))
    if values["json"]:
        say_json({"holds": found.holds, **asdict(found)})
    else:
        say(f"{file}: {found.describe()}")
    if not found.holds:
        raise typer.Exit(1)
