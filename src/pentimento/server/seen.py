"""What is seen from outside: an id for every request, a log, and figures for Prometheus."""

import json
import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import PentimentoError
from .errors import describe, respond

log = logging.getLogger("pentimento.server")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass
class Meters:
    """What was counted since the start."""

    started: float = field(default_factory=time.time)
    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter[tuple[str, str, int]])
    seconds: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    sent: int = 0

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        self.requests[method, route, status] += 1
        self.seconds[method, route] += seconds  # pyright: ignore[reportArgumentType]  a Counter of floats


@dataclass(frozen=True)
class Figure:
    """One metric: its name, what it is, and a value for each set of labels."""

    name: str
    kind: str
    help: str
    values: Iterable[tuple[dict[str, str], float]]


def in_prometheus_text(figures: Iterable[Figure]) -> str:
    """Write figures in Prometheus' text form, version 0.0.4."""
    return "\n".join(line for figure in figures for line in _lines(figure)) + "\n"


def _lines(figure: Figure) -> Iterator[str]:
    yield f"# HELP {figure.name} {figure.help}"
    yield f"# TYPE {figure.name} {figure.kind}"
    for labels, value in figure.values:
        told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{figure.name}{{{told}}} {value:g}" if told else f"{figure.name} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Seen:
    """Middleware: gives every request its id, logs and counts it, and turns errors into answers."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status, sent = 0, 0

        async def noting_send(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        except Exception as error:
            if not isinstance(error, PentimentoError | HTTPException):
                log.exception("request failed", extra={"told": {"request_id": request_id, "path": scope["path"]}})
            if status:
                raise
            await respond(scope["path"], describe(error), request_id)(scope, receive, noting_send)
        finally:
            self._note(scope, request_id, status, sent, time.perf_counter() - started)

    def _note(self, scope: Scope, request_id: str, status: int, sent: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        self._meters.count(scope["method"], route, status, seconds)
        self._meters.sent += sent
        told = {
            "request_id": request_id,
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "bytes": sent,
            "owner": scope["state"].get("owner", ""),
        }
        log.info("request", extra={"told": told})


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "told", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextLines(logging.Formatter):
    """One line for people."""

    def format(self, record: logging.LogRecord) -> str:
        told = " ".join(f"{name}={value}" for name, value in getattr(record, "told", {}).items() if value != "")
        line = f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {record.getMessage()} {told}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


LOG_FORMATS: dict[str, type[logging.Formatter]] = {"text": TextLines, "json": JsonLines}


def set_up_logs(form: str) -> None:
    """Send the logs of this package and of uvicorn to stderr in one form."""
    handler = logging.StreamHandler()
    handler.setFormatter(LOG_FORMATS[form]())
    for name, level in (("pentimento", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False
