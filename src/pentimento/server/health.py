"""`/healthz`, `/readyz`, `/metrics`: whether it lives, whether it can work, and figures."""

import time
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from .. import __version__
from .seen import Figure, in_prometheus_text
from .service import Service, TheService

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, Any]:
    """Say that the server answers."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz", responses={503: {"description": "no engine is ready yet"}})
async def readyz(service: TheService) -> Response:
    """Say whether an engine is ready for jobs; 503 while none is."""
    places = service.jobs.executor.status()
    ready = any(place.ready for place in places)
    told = [{"device": place.where or place.device, "ready": place.ready, "trouble": place.trouble} for place in places]
    return JSONResponse({"ready": ready, "engines": told}, 200 if ready else 503)


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}, "description": "figures"}}
)
def metrics(service: TheService) -> Response:
    """Give figures in Prometheus' text form."""
    return Response(in_prometheus_text(_figures(service)), media_type="text/plain; version=0.0.4; charset=utf-8")


def _figures(service: Service) -> Iterator[Figure]:
    meters, places = service.meters, service.jobs.executor.status()
    yield Figure("pentimento_info", "gauge", "Version of the server.", [({"version": __version__}, 1)])
    yield Figure("pentimento_uptime_seconds", "gauge", "Since the start.", [({}, time.time() - meters.started)])
    yield Figure(
        "pentimento_http_requests_total",
        "counter",
        "Answered requests.",
        [({"method": m, "route": r, "status": str(s)}, n) for (m, r, s), n in sorted(meters.requests.items())],
    )
    yield Figure(
        "pentimento_http_seconds_total",
        "counter",
        "Time spent on answers, waiting included.",
        [({"method": m, "route": r}, n) for (m, r), n in sorted(meters.seconds.items())],
    )
    yield Figure("pentimento_http_sent_bytes_total", "counter", "Bytes of answers.", [({}, meters.sent)])
    counts = service.jobs.counts()
    yield Figure("pentimento_jobs", "gauge", "Jobs by state.", [({"state": s}, n) for s, n in counts.items()])
    yield Figure(
        "pentimento_engine_ready",
        "gauge",
        "Whether the engine of a device is ready.",
        [({"device": place.device}, float(place.ready)) for place in places],
    )
    yield Figure(
        "pentimento_engine_restarts_total",
        "counter",
        "How often the engine had to be started again.",
        [({"device": place.device}, place.restarts) for place in places],
    )
