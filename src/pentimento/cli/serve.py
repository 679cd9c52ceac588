"""`pentimento serve`: the APIs and the studio's page."""

import os
import secrets
import socket
import sys
from collections.abc import Mapping, Sequence
from inspect import Parameter
from pathlib import Path
from typing import Any

import typer

from ..errors import RequestError
from ..files import data_dir
from ..models.previews import check_method
from ..server.settings import LOOPBACK, Settings
from .options import COMMON, STUDIO, parameter, with_options

_PLACE, _SAFETY = "Where", "Who may come in"


def _option(panel: str, name: str, annotation: Any, default: Any, help: str, **more: Any) -> Parameter:
    flag = "--" + name.removesuffix("_").replace("_", "-")
    return parameter(name, annotation, typer.Option(flag, help=help, rich_help_panel=panel, **more), default)


_SERVE = (
    _option(_PLACE, "host", str, "127.0.0.1", "Address to listen at.", metavar="ADDRESS"),
    _option(_PLACE, "port", int, 7860, "0 = any that is free.", metavar="NUMBER", min=0, max=65535),
    _option(_PLACE, "open", bool, False, "Open the page in a browser."),
    _option(_PLACE, "log_format", str, "text", "text or json.", metavar="NAME"),
    _option(_PLACE, "model", str, "builtin", "Model of requests that name none.", metavar="NAME"),
    _option(_PLACE, "preview", str, "auto", "While a picture is made: auto, cheap, tiny, full, off.", metavar="NAME"),
    _option(
        _PLACE,
        "detector",
        list[str] | None,
        None,
        "What stands for a model of ADetailer: a hub id or folder of transformers, and words to look for.",
        metavar="NAME=MODEL,WORD",
    ),
    _option(
        _SAFETY,
        "token",
        str | None,
        None,
        "What clients must show. Left out: nothing on loopback, else one that is made, kept and shown once.",
        metavar="TEXT",
        envvar="PENTIMENTO_TOKEN",
    ),
    _option(_SAFETY, "no_token", bool, False, "Let everybody in who can reach the address."),
    _option(
        _SAFETY, "users", Path | None, None, "Lines of name:token; each has own jobs and pictures.", metavar="FILE"
    ),
    _option(
        _SAFETY, "allow_host", list[str] | None, None, "Another name that the server is called by.", metavar="NAME"
    ),
    _option(_SAFETY, "cors_origin", list[str] | None, None, "A site whose pages may call the APIs.", metavar="URL"),
    _option(_SAFETY, "allow_urls", bool, False, "Let /sdapi/v1 fetch pictures from public addresses."),
)


@with_options(*_SERVE, *STUDIO, COMMON[-1])
def serve(**values: Any) -> None:
    """Serve the APIs and the studio's page."""
    from ..server.run import listen

    taken = listen(values["host"], values["port"])
    folder = (values["data"] or data_dir()).expanduser()
    users = _read_users(values["users"])
    token, is_new = _token(folder, values["host"], values["token"], no_token=values["no_token"] or bool(users))
    styles: Path | None = values["styles_file"]
    settings = Settings(
        data=folder,
        host=values["host"],
        port=taken.getsockname()[1],
        models=tuple(map(str, values["models"] or ())),
        model=values["model"],
        devices=tuple(values["device"].split(",")),
        dtype=values["dtype"],
        styles=str(styles) if styles else None,
        download=values["download"],
        preview=check_method(values["preview"]),
        token=token,
        users=users,
        detectors=_read_detectors(values["detector"] or ()),
        allow_urls=values["allow_urls"],
        cors_origins=tuple(origin.rstrip("/") for origin in values["cors_origin"] or ()),
        hosts=frozenset(name.lower() for name in values["allow_host"] or ()),
    )
    _run(settings, taken, values["log_format"], new_token=token if is_new else None, open_page=values["open"])


def _run(settings: Settings, taken: socket.socket, log_format: str, *, new_token: str | None, open_page: bool) -> None:
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


def _read_detectors(texts: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Read `name=model,word,word`."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, _, told = text.partition("=")
        model, *words = (part.strip() for part in told.split(","))
        if not name.strip() or not model:
            message = f"'{text}' is not NAME=MODEL,WORD, as in face_yolov8n.pt=google/owlv2-base-patch16-ensemble,face"
            raise RequestError("detector", text, message)
        found[name.strip()] = (model, *words)
    return found


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
