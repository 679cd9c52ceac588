"""Flags of the commands that talk to a running server."""

import os
import time
from typing import Annotated

import typer

from ..client import Client

Url = Annotated[
    str,
    typer.Option("--url", help="Address of the server; also PENTIMENTO_URL.", metavar="URL", envvar="PENTIMENTO_URL"),
]
Token = Annotated[
    str | None,
    typer.Option("--token", help="Where it asks for one; also PENTIMENTO_TOKEN.", metavar="TEXT"),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
LOCAL = "http://127.0.0.1:7860"


def connect(url: str, token: str | None) -> Client:
    """Open a client; the token may come from the environment, where no other user sees it."""
    return Client(url, token or os.environ.get("PENTIMENTO_TOKEN"))


def ago(when: float) -> str:
    """Say how long ago something was.

    Examples
    --------
    >>> ago(time.time() - 200)
    '3 min'
    """
    seconds = max(0, time.time() - when)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
