"""`/server`: what this server is and can."""

from typing import Any

from fastapi import APIRouter

from ... import __version__
from ...metadata import FORMATS
from ..service import TheService
from . import answers
from .bodies import answer

router = APIRouter(tags=["server"])


@router.get("/server", responses=answer(answers.ServerInfo))
def server(service: TheService) -> dict[str, Any]:
    """Say version, model, device and limits."""
    settings, bounds = service.settings, service.settings.bounds
    return {
        "version": __version__,
        "model": settings.model,
        "device": ", ".join(place.where or place.device for place in service.jobs.executor.status()),
        "users": bool(settings.users),
        "limits": {
            "upload_bytes": bounds.upload_bytes,
            "upload_pixels": bounds.upload_pixels,
            "body_bytes": bounds.body_bytes,
            "queued_jobs": bounds.queued_jobs,
            "script_runs": bounds.script_runs,
        },
        "languages": ["en", "ru"],
        "formats": [row.name for row in FORMATS],
    }
