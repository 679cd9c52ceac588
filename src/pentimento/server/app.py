"""The server's application: dialects side by side, what guards them, and the studio's page."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from .. import __version__
from ..errors import PentimentoError, RequestError
from ..jobs import Executor
from . import health, native, openai, page
from .errors import Problem, describe, respond, title
from .native.answers import JobEvents
from .native.bodies import PROBLEM, REQUEST_HERE, ProblemBody, request_schema
from .native.jobs import NewJob
from .sdapi import routes as sdapi_routes
from .security import Guard
from .seen import Seen
from .service import Service, open_service
from .settings import Settings

_log = logging.getLogger("pentimento.server")


def build_app(settings: Settings, executor: Executor | None = None) -> FastAPI:
    """Build the application; the data folder is opened now, the queue begins when it is served.

    Parameters
    ----------
    executor : does the jobs; left out = a process for each device of this machine

    Raises
    ------
    FolderInUse
        Where another server works on the data folder.
    """
    service = open_service(settings, executor)
    app = FastAPI(
        title="Pentimento",
        version=__version__,
        lifespan=_life(service),
        openapi_url=f"{native.PREFIX}/openapi.json",
        docs_url=None,  # these pages fetch scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    app.include_router(native.router())
    app.include_router(sdapi_routes.router())
    app.include_router(openai.router)
    app.include_router(health.router)
    app.include_router(page.router(page.FOLDER, page.GUIDE))
    _answer_errors(app)
    object.__setattr__(app, "openapi", _described(app))
    app.add_middleware(Guard, settings=settings)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Location", "ETag", "X-Request-Id"],
        )
    app.add_middleware(Seen, meters=service.meters)
    return app


def _life(service: Service) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncGenerator[None]:
        await service.jobs.start()
        learning = asyncio.create_task(service.learn())
        try:
            yield
        finally:
            service.stopping.set()
            learning.cancel()
            await service.jobs.stop()
            service.store.close()

    return life


def _answer_errors(app: FastAPI) -> None:
    def answer(request: Request, problem: Problem) -> Response:
        return respond(request.url.path, problem, request.state.request_id)

    @app.exception_handler(PentimentoError)
    async def ours(request: Request, error: PentimentoError) -> Response:
        return answer(request, describe(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return answer(request, describe(RequestError(place, first.get("input"), str(first["msg"]))))

    @app.exception_handler(HTTPException)
    async def of_starlette(request: Request, error: HTTPException) -> Response:
        kind = "NoRoute" if error.status_code == 404 else "HTTPException"
        detail = f"there is nothing at {request.url.path[:200]}" if kind == "NoRoute" else str(error.detail)
        problem = Problem(error.status_code, kind, title(error.status_code), detail, headers=error.headers or {})
        return answer(request, problem)

    _ = (ours, invalid, of_starlette)


def _described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Give the OpenAPI document, with the schemas that bodies point to; built on first use."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = build()
        schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
        for model in (NewJob, JobEvents):
            described = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(described.pop("$defs", {}), **{model.__name__: described})
        schemas["Problem"] = ProblemBody.model_json_schema()
        document = _with_references(document)
        document["components"]["schemas"]["Request"] = request_schema()
        _tell_own_refusals(document)
        app.openapi_schema = document
        return document

    return openapi


def _tell_own_refusals(document: dict[str, Any]) -> None:
    """Put our form of a refusal where FastAPI tells its own, which no route answers with."""
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                refusal = PROBLEM if path.startswith(native.PREFIX) else {"description": "refused"}
                operation["responses"]["422"] = refusal


_OF_PLAIN_VALUES = ("type", "additionalProperties", "title")


def _with_references(value: Any) -> Any:
    """Put a reference to the schema of `Request` wherever its place is marked."""
    if isinstance(value, list):
        return [_with_references(item) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    told = cast(dict[str, Any], value)
    if told.get("$comment") == REQUEST_HERE:
        return {"$ref": "#/components/schemas/Request"}
    if "$ref" in told or "anyOf" in told:
        # What FastAPI says of the route's plain values is said better by the model that it points to.
        told = {name: item for name, item in told.items() if name not in _OF_PLAIN_VALUES}
    return {name: _with_references(item) for name, item in told.items()}
