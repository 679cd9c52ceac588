"""What becomes of an error: a status and the form that the caller's dialect has for it."""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from ..errors import (
    DownloadError,
    ImageError,
    ModelError,
    ModelNotFoundError,
    OutOfMemoryError,
    PentimentoError,
    RecipeError,
    RequestError,
)
from ..jobs import JobNotFound, QueueFull
from ..models.downloads import NoSuchDownload
from ..store import ChainNotFound, PictureNotFound


class Refusal(PentimentoError):
    """The server does not do this for this caller, or not now.

    Parameters
    ----------
    status : of HTTP
    message : one sentence with the way out
    """

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.headers = dict(headers or {})
        super().__init__(message)


@dataclass(frozen=True)
class Problem:
    """An error as every dialect can tell it."""

    status: int
    kind: str
    title: str
    detail: str
    field: str | None = None
    value: object = None
    choices: Sequence[str] = ()
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])


# The first row that fits.
_STATUSES: tuple[tuple[type[BaseException], int, str], ...] = (
    (QueueFull, 429, "Too many jobs wait"),
    (JobNotFound, 404, "There is no such job"),
    (PictureNotFound, 404, "There is no such picture"),
    (ChainNotFound, 404, "There is no such chain"),
    (NoSuchDownload, 404, "There is no such download"),
    (ImageError, 422, "The picture cannot be used"),
    (RequestError, 422, "The request cannot be taken"),
    (ModelNotFoundError, 422, "There is no such model"),
    (DownloadError, 422, "The model cannot be fetched"),
    (ModelError, 422, "The model cannot be used"),
    (RecipeError, 422, "The result cannot be run again"),
    (OutOfMemoryError, 507, "Not enough memory"),
    (PentimentoError, 400, "This cannot be done"),
)
TITLES: Mapping[int, str] = {
    400: "The request cannot be taken",
    401: "A token is needed",
    403: "Not allowed",
    404: "Not found",
    405: "Not allowed here",
    409: "Not possible now",
    413: "Too large",
    415: "Content type not taken",
    416: "Not in this file",
    421: "Not this server's name",
    422: "The request cannot be taken",
    429: "Too many jobs wait",
    500: "The server failed",
    501: "Not offered",
    503: "Not ready",
    504: "It took too long",
    507: "Not enough memory",
}


def describe(error: BaseException) -> Problem:
    """Tell what an error means over HTTP."""
    kind = type(error).__name__
    if isinstance(error, Refusal):
        return Problem(error.status, kind, title(error.status), str(error), headers=error.headers)
    if isinstance(error, RequestError):
        status, heading = _row(error)
        return Problem(status, kind, heading, str(error), error.field, _plain(error.value), error.choices)
    if isinstance(error, PentimentoError):
        status, heading = _row(error)
        return Problem(status, kind, heading, str(error), "model" if isinstance(error, ModelError) else None)
    return Problem(500, kind, title(500), "something in the server failed; its log says what, under this request's id")


def title(status: int) -> str:
    return TITLES.get(status, "This cannot be done")


def _row(error: PentimentoError) -> tuple[int, str]:
    return next((status, heading) for kind, status, heading in _STATUSES if isinstance(error, kind))


def _plain(value: object) -> object:
    """Give a value as JSON can hold it, and no longer than a person would read."""
    if isinstance(value, bool | int | None):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, str):
        return value[:200]
    return type(value).__name__ if isinstance(value, bytes) else str(value)[:200]


def _native(problem: Problem, request_id: str) -> tuple[str, dict[str, Any]]:
    return "application/problem+json", {
        "type": f"urn:pentimento:problem:{problem.kind}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "field": problem.field,
        "value": problem.value,
        "choices": list(problem.choices) or None,
        "request_id": request_id,
    }


def _sdapi(problem: Problem, request_id: str) -> tuple[str, dict[str, Any]]:
    if problem.kind == "NoRoute":  # clients tell a server without this API by exactly this body
        return "application/json", {"detail": "Not Found"}
    return "application/json", {"error": problem.kind, "detail": problem.detail, "body": "", "errors": problem.detail}


_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def openai_error(problem: Problem) -> dict[str, Any]:
    """Give OpenAI's body of an error."""
    kind = _OPENAI_TYPES.get(problem.status, "server_error" if problem.status >= 500 else "invalid_request_error")
    code = "model_not_found" if problem.kind == "NoSuchModel" else None
    return {"error": {"message": problem.detail, "type": kind, "param": problem.field, "code": code}}


def _openai(problem: Problem, request_id: str) -> tuple[str, dict[str, Any]]:
    return "application/json", openai_error(problem)


Form = Callable[[Problem, str], tuple[str, dict[str, Any]]]
FORMS: tuple[tuple[str, Form], ...] = (
    ("/sdapi/", _sdapi),
    ("/controlnet/", _sdapi),
    ("/internal/", _sdapi),
    ("/v1/", _openai),
    ("", _native),
)


def respond(path: str, problem: Problem, request_id: str) -> Response:
    """Answer with an error in the form of the dialect that the path belongs to."""
    form = next(form for prefix, form in FORMS if path.startswith(prefix))
    media_type, body = form(problem, request_id)
    content = json.dumps(body, ensure_ascii=True).encode()
    return Response(content, problem.status, headers=dict(problem.headers), media_type=media_type)
