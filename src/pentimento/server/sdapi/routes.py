"""`/sdapi/v1`: all routes, as A1111 v1.10.1 has them."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request as HttpRequest

from ...errors import ModelNotFoundError, RequestError
from ..incoming import read_json
from ..service import Owner, TheService
from . import extras, generate, lists
from .memory import DEFAULTS, PREVIEWS, Callers

PREFIX = "/sdapi/v1"
_LARGEST_SETTING = 100_000


def router() -> APIRouter:
    """Give the routes; what callers set is remembered as long as the server runs."""
    callers = Callers()
    whole = APIRouter()
    api = APIRouter(prefix=PREFIX, tags=["sdapi"])
    for part in (generate.router(callers), extras.router, lists.router, _options(callers)):
        api.include_router(part)
    whole.include_router(api)
    whole.include_router(generate.internal_router(callers), include_in_schema=False)
    return whole


def _options(callers: Callers) -> APIRouter:
    routes = APIRouter()

    @routes.get("/options")
    def options(service: TheService, owner: Owner) -> dict[str, Any]:
        """Give the settings: what the caller has set, and for the rest what holds."""
        model = service.studio.find()
        now = {**DEFAULTS, "sd_model_checkpoint": model.title, "sd_checkpoint_hash": model.full_hash}
        now |= PREVIEWS[service.settings.preview]
        return {**now, **callers.of(owner).settings}

    @routes.post("/options")
    async def set_options(request: HttpRequest, service: TheService, owner: Owner) -> None:
        """Set settings for the caller's later requests; names that are not known are kept and given back."""
        posted = read_json(await request.body())
        for name, value in posted.items():
            if len(name) > 200 or len(repr(value)) > _LARGEST_SETTING:
                raise RequestError(name[:60], "", "the setting is too large to be remembered")
        if (model := posted.get("sd_model_checkpoint")) is not None:
            try:
                posted["sd_model_checkpoint"] = service.studio.find(str(model)).title
            except ModelNotFoundError as error:
                raise RequestError("sd_model_checkpoint", str(model)[:100], str(error)) from error
            posted.pop("sd_checkpoint_hash", None)
        callers.of(owner).remember(posted)

    _ = (options, set_options)
    return routes
