"""`pentimento history`: the pictures of a running server."""

from pathlib import Path
from typing import Annotated

import typer

from .remote import LOCAL, Debug, Json, Token, Url, ago, connect
from .terminal import say, say_json, say_table


def history(
    text: Annotated[str, typer.Argument(help="Words of prompt, model or tags.", metavar="WORDS")] = "",
    favourite: Annotated[bool, typer.Option("--favourite", help="Favourites only.")] = False,
    tag: Annotated[str | None, typer.Option(help="With this tag only.", metavar="NAME")] = None,
    trash: Annotated[bool, typer.Option("--trash", help="What is in the trash.")] = False,
    fetch: Annotated[Path | None, typer.Option(help="Fetch the files into this folder.", metavar="FOLDER")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=500)] = 20,
    url: Url = LOCAL,
    token: Token = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Find pictures of a running server, and fetch them."""
    with connect(url, token) as client:
        found, _ = client.history(text, favourite=favourite or None, tag=tag, trash=trash, limit=limit)
        if fetch is not None:
            fetch.mkdir(parents=True, exist_ok=True)
            for picture in client.fetch(found):
                say(str(picture.save(fetch / f"{picture.id}.{picture.format}")))
            return
    if json:
        say_json([picture.told for picture in found])
        return
    if not found:
        say("no pictures")
        return
    rows = (
        (one.id, f"{one.width}x{one.height}", str(one.seed), ago(one.told["created"]), one.prompt[:60]) for one in found
    )
    say_table(("id", "size", "seed", "when", "prompt"), rows)
