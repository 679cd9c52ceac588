"""The native API, `/api/v1`: everything that the studio's page and scripts need."""

from fastapi import APIRouter

from . import downloads, history, jobs, models, options, planning, server, uploads, words

PREFIX = "/api/v1"


def router() -> APIRouter:
    """Give the routes, grouped as in the reference."""
    whole = APIRouter(prefix=PREFIX)
    for module in (server, options, models, downloads, uploads, planning, jobs, history, words):
        whole.include_router(module.router)
    return whole
