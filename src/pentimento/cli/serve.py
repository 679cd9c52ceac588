"""`pentimento serve`: the APIs and the studio's page."""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import RequestError
from ..files import data_dir
from ..server.settings import LOOPBACK, Settings

_NETWORK, _ENGINE, _SAFETY = "Where", "Engine", "Who may come in"


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at.", rich_help_panel=_NETWORK)] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 = any that is free.", min=0, max=65535, rich_help_panel=_NETWORK)] = 7860,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser.", rich_help_panel=_NETWORK)
    ] = False,
    models: Annotated[
        list[str] | None, typer.Option(help="Folder with models.", metavar="FOLDER", rich_help_panel=_ENGINE)
    ] = None,
    model: Annotated[
        str, typer.Option(help="Model of requests that name none.", metavar="NAME", rich_help_panel=_ENGINE)
    ] = "builtin",
    device: Annotated[
        list[str] | None,
        typer.Option(help="auto, cpu, cuda, cuda:1, mps; several = one engine each.", rich_help_panel=_ENGINE),
    ] = None,
    dtype: Annotated[
        str, typer.Option(help="auto, float32, bfloat16, float16.", metavar="NAME", rich_help_panel=_ENGINE)
    ] = "auto",
    styles: Annotated[str | None, typer.Option(help="A styles.csv.", metavar="FILE", rich_help_panel=_ENGINE)] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch models named by hub id.", rich_help_panel=_ENGINE)
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(help="Folder of jobs, pictures and uploads.", metavar="FOLDER", rich_help_panel=_NETWORK),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="What clients must show; '' = one that is made and kept. On other addresses than loopback always.",
            metavar="TEXT",
            rich_help_panel=_SAFETY,
        ),
    ] = None,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Let everybody in who can reach the address.", rich_help_panel=_SAFETY)
    ] = False,
    users: Annotated[
        Path | None,
        typer.Option(help="Lines of name:token; each has own jobs.", metavar="FILE", rich_help_panel=_SAFETY),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A name that the server may be called by.", metavar="NAME", rich_help_panel=_SAFETY),
    ] = None,
    allow_urls: Annotated[
        bool,
        typer.Option("--allow-urls", help="Let /sdapi/v1 fetch pictures from the web.", rich_help_panel=_SAFETY),
    ] = False,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(help="Another site whose pages may call the APIs.", metavar="URL", rich_help_panel=_SAFETY),
    ] = None,
    log_format: Annotated[str, typer.Option(help="text or json.", rich_help_panel=_NETWORK)] = "text",
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.", rich_help_panel="Output")] = False,
) -> None:
    """Serve the APIs and the studio's page."""
    from ..server.run import listen

    taken = listen(host, port)
    folder = Path(data).expanduser() if data else data_dir()
    known = _read_users(users)
    shown, is_new = _token(folder, host, token, no_token=no_token or bool(known))
    settings = Settings(
        data=folder,
        host=host,
        port=taken.getsockname()[1],
        models=tuple(models or ()),
        model=model,
        devices=tuple(device or ("auto",)),
        dtype=dtype,
        styles=styles,
        download=download,
        token=shown,
        users=known,
        allow_urls=allow_urls,
        cors_origins=tuple(origin.rstrip("/") for origin in cors_origin or ()),
        hosts=frozenset(name.lower() for name in allow_host or ()),
    )
    _run(settings, taken, log_format, new_token=shown if is_new else None, open_page=open_page)


def _run(settings: Settings, taken: Any, log_format: str, *, new_token: str | None, open_page: bool) -> None:
    from ..server.run import serve as run
    from ..server.seen import LOG_FORMATS, set_up_logs

    if log_format not in LOG_FORMATS:
        raise RequestError("log_format", log_format, f"'{log_format}' is not one of {', '.join(LOG_FORMATS)}")
    set_up_logs(log_format)
    name = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{name}:{settings.port}/"

    def ready() -> None:
        print(f"Pentimento listens at {address} (data in {settings.data})", file=sys.stderr, flush=True)
        if new_token:
            print(f"Token: {new_token}\nOpen {address}?token={new_token}", file=sys.stderr, flush=True)
        if open_page:
            import webbrowser

            webbrowser.open(address if not settings.token else f"{address}?token={settings.token}")

    run(settings, taken, ready)


def _token(folder: Path, host: str, given: str | None, *, no_token: bool) -> tuple[str | None, bool]:
    """Decide on the token: as given, else none on loopback, else the one that is kept in the data folder.

    Returns
    -------
    The token, and whether it was made now and so must be shown.
    """
    if given:
        return given, False
    if no_token or (host in LOOPBACK and given is None):
        return None, False
    place = folder / "token"
    if place.is_file():
        return place.read_text("utf-8").strip(), False
    folder.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(32)
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(made + "\n")
    return made, True


def _read_users(file: Path | None) -> Mapping[str, str]:
    """Read lines of `name:token`; gives names by token."""
    users: dict[str, str] = {}
    if file is None:
        return users
    try:
        lines = file.expanduser().read_text("utf-8").splitlines()
    except OSError as error:
        raise RequestError("users", str(file), f"{file} cannot be read ({error.strerror})") from error
    for number, line in enumerate(lines, 1):
        name, colon, token = line.strip().partition(":")
        if not line.strip() or line.startswith("#"):
            continue
        if not colon or not name or len(token) < 16 or token in users:
            raise RequestError("users", number, f"line {number} of {file} is not name:token with 16 letters or more")
        users[token] = name
    if not users:
        raise RequestError("users", str(file), f"{file} names nobody; write lines of name:token")
    return users
