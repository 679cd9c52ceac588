"""`pentimento jobs`: what a running server has to do, is doing and has done."""

from typing import Annotated

import typer

from ..client import RemoteJob
from .remote import LOCAL, Debug, Json, Token, Url, ago, connect
from .terminal import say, say_json, say_table


def jobs(
    cancel: Annotated[list[str] | None, typer.Option(help="Cancel this job.", metavar="ID")] = None,
    state: Annotated[
        list[str] | None, typer.Option(help="queued, running, done, failed, cancelled.", metavar="NAME")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=500)] = 20,
    url: Url = LOCAL,
    token: Token = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List or cancel the jobs of a running server."""
    with connect(url, token) as client:
        for name in cancel or ():
            client.cancel(name)
        found = client.jobs(state or (), limit)  # pyright: ignore[reportArgumentType]  the server knows the states
    if json:
        say_json([job.told for job in found])
        return
    if not found:
        say("no jobs")
        return
    say_table(("id", "state", "mode", "when", "prompt or error"), map(_row, found))


def _row(job: RemoteJob) -> tuple[str, ...]:
    state = f"{job.state} {job.fraction:.0%}" if job.state == "running" else job.state
    waiting = f" #{job.position}" if job.position else ""
    text = job.error or str(job.told["request"].get("prompt", ""))
    script = job.told["script"]
    return job.id, state + waiting, script["name"] if script else job.told["mode"], ago(job.told["created"]), text[:60]
