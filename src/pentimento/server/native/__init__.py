"""The native API, `/api/v1`: everything that the studio's page and scripts need."""

from fastapi import APIRouter

from . import chains, downloads, history, jobs, models, options, planning, scripts, server, uploads, words

PREFIX = "/api/v1"
PARTS = (server, options, scripts, models, downloads, uploads, planning, jobs, history, chains, words)
"""Modules with routes, in the order of the reference."""


def router() -> APIRouter:
    """Give the routes, grouped as in the reference."""
    whole = APIRouter(prefix=PREFIX)
    for module in PARTS:
        whole.include_router(module.router)
    return whole
