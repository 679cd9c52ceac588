"""`/sdapi/v1`: `txt2img` and `img2img` through the queue, their progress, and stopping them."""

import asyncio
import base64
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest

from ...errors import RequestError
from ...jobs import Job
from ...metadata import find_format
from ...plan import Plan
from ...request import PICTURE_FIELDS, Request
from ...scripts import ScriptPlan
from ..errors import Refusal
from ..fetching import fetch_public
from ..incoming import read_json
from ..service import Owner, Service, TheService
from . import ENDPOINTS, is_known_model
from .adetailer import Detectors
from .memory import Callers
from .reading import Body, to_request
from .reply import file_format, reply
from .scripts import ALWAYS_ON, Asked, asked_script, script_reply

_ORIGIN = "sdapi"


def router(callers: Callers) -> APIRouter:
    """Give the routes that make pictures."""
    routes = APIRouter()
    for endpoint in ENDPOINTS:
        routes.add_api_route(f"/{endpoint}", _maker(endpoint, callers), methods=["POST"], name=endpoint)

    @routes.get("/progress")
    async def progress(
        service: TheService, owner: Owner, skip_current_image: bool = False, id_task: str | None = None
    ) -> dict[str, Any]:
        """Tell how far the caller's job is: the one of a task id, or that which runs."""
        job = _task(service, callers, owner, id_task) if id_task else _current(service, owner)
        return _progress(service, job, owner, with_picture=not skip_current_image and callers.of(owner).sees_previews)

    @routes.post("/interrupt")
    async def interrupt(service: TheService, owner: Owner, id_task: str | None = None) -> dict[str, Any]:
        """Stop the caller's job: the one of a task id, or those that run; only ever jobs of this API."""
        await _stop(service, callers, owner, id_task)
        return {}

    @routes.post("/skip")
    async def skip(service: TheService, owner: Owner) -> None:
        """Leave out the picture under way of the caller's running jobs, and go on with the next of each.

        A1111 gives the unfinished picture. Here it is left out, as by `interrupt`: its recipe could not make it again.
        """
        await asyncio.gather(*(service.jobs.skip(job.id, owner=owner) for job in _running(service, owner)))

    _ = (progress, interrupt, skip)
    return routes


def internal_router(callers: Callers) -> APIRouter:
    """Give the routes beside the API that A1111's page, and some clients, ask for progress."""
    routes = APIRouter(prefix="/internal")

    @routes.get("/ping")
    def ping() -> dict[str, Any]:
        """Answer."""
        return {}

    @routes.get("/pending-tasks")
    def pending(service: TheService, owner: Owner) -> dict[str, Any]:
        """List the caller's tasks that wait."""
        waiting = {job.id for job in service.jobs.list(owner=owner, states=("queued",), limit=500)}
        tasks = [task for task, job in callers.of(owner).tasks.items() if job in waiting]
        return {"size": len(tasks), "tasks": tasks}

    @routes.post("/progress")
    async def progress(request: HttpRequest, service: TheService, owner: Owner) -> dict[str, Any]:
        """Tell how far a task is."""
        body = read_json(await request.body())
        job = _task(service, callers, owner, str(body.get("id_task") or ""))
        wanted = callers.of(owner).sees_previews and body.get("live_preview", True)
        preview = service.jobs.preview(job.id) if job and wanted else None
        return {
            "active": job is not None and job.state == "running",
            "queued": job is not None and job.state == "queued",
            "completed": job is None or job.ended,
            "progress": job.progress.fraction if job else None,
            "eta": job.progress.seconds_left if job else None,
            "live_preview": preview.data["jpeg"] if preview else None,
            "id_live_preview": preview.data["step"] if preview else -1,
            "textinfo": "Waiting..." if job is None else job.state,
        }

    _ = (ping, pending, progress)
    return routes


def _maker(endpoint: str, callers: Callers) -> Callable[..., Any]:
    async def make(request: HttpRequest, service: TheService, owner: Owner) -> dict[str, Any]:
        body = read_json(await request.body())
        _check_always_on(endpoint, body)
        caller = callers.of(owner)
        settings: Any = body.get("override_settings") or {}
        if not isinstance(settings, dict):
            raise RequestError("override_settings", type(settings).__name__, "it must be an object")
        told = {**body, "override_settings": {**caller.for_a_job(), **cast(dict[str, Any], settings)}}
        asked, plan, script = await run_in_threadpool(_planned, service, endpoint, told)
        job = await service.jobs.submit(
            asked,
            plan,
            owner=owner,
            origin=_ORIGIN,
            format=find_format(file_format(told)).name,
            keep=bool(body.get("save_images")) and not body.get("do_not_save_samples"),
        )
        for name in ("force_task_id", "id_task"):
            caller.task(body.get(name), job.id)
        ended = await service.finished(job.id)
        if ended.state == "failed":
            raise service.failure(ended)
        return await run_in_threadpool(_answer, service, ended, plan, script, told)

    make.__doc__ = f"Answer A1111's `{endpoint}`; the reply comes when the pictures are finished."
    return make


def _planned(
    service: Service, endpoint: str, body: Mapping[str, Any]
) -> tuple[Request, Plan | ScriptPlan, Asked | None]:
    """Read a body and plan what it asks for."""
    with _told_what_chokes():
        script = asked_script(endpoint, body, Detectors(service.settings.detectors))
    request = _read(service, endpoint, body)
    if script is None:
        return request, service.studio.plan(request), None
    request = request.changed(**script.fields)
    return request, service.plan_script(request, script.script, script.options), script


def _answer(
    service: Service, job: Job, plan: Plan | ScriptPlan, script: Asked | None, body: Mapping[str, Any]
) -> dict[str, Any]:
    files = service.files(job)
    if isinstance(plan, Plan):
        return reply(service.as_done(plan, job), list(files.values()), body)
    assert script is not None, "only a script is planned as one"
    return script_reply(plan, script, files, body)


def _read(service: Service, endpoint: str, body: Mapping[str, Any]) -> Request:
    """Read a body; its pictures are checked before anything decodes them, its VAE is looked for beside the models."""
    given = dict(body)
    settings = dict(given["override_settings"])
    if settings.get("sd_vae") not in (None, "", "Automatic", "None"):
        name = str(settings.pop("sd_vae")).removesuffix(".safetensors")
        if (path := service.incoming.vaes().get(name)) is not None:  # A1111 goes on without one it does not know
            settings["sd_vae"] = str(path)
    given["override_settings"] = settings
    if endpoint == "img2img":
        if not given.get("init_images"):
            raise Refusal(404, "Init image not found")
        if not isinstance(given["init_images"], list):
            raise RequestError("init_images", type(given["init_images"]).__name__, "it must be a list of one picture")
        pictures = cast(list[Any], given["init_images"])
        given["init_images"] = [_here(service, pictures[0], "init_images")]
        given["mask"] = given.get("mask") and _here(service, given["mask"], "mask")
    request = _understood(endpoint, given, service)
    for field in PICTURE_FIELDS:
        if (picture := getattr(request, field)) is not None:
            service.incoming.picture(picture, field)
    return request


def _understood(endpoint: str, body: Body, service: Service) -> Request:
    with _told_what_chokes():
        return to_request(endpoint, body, known_model=lambda name: is_known_model(service.studio, name))


@contextmanager
def _told_what_chokes() -> Generator[None]:
    """Readers take what A1111 takes; what they choke on is told with the value, which stands in the text."""
    try:
        yield
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RequestError("body", type(error).__name__, f"a field cannot be read: {error}") from error


def _here(service: Service, value: object, field: str) -> str:
    """Give a picture as base64; an address is fetched where the server was started so."""
    if not isinstance(value, str):
        raise RequestError(field, type(value).__name__, "a picture must be text in base64")
    if service.settings.allow_urls and value.startswith(("http://", "https://")):
        return base64.b64encode(fetch_public(value, field, service.settings.bounds.upload_bytes)).decode()
    return value


def _check_always_on(endpoint: str, body: Body) -> None:
    scripts: Any = body.get("alwayson_scripts") or {}
    if not isinstance(scripts, dict):
        raise RequestError("alwayson_scripts", type(scripts).__name__, "it must be an object")
    for title, script in cast(dict[str, Any], scripts).items():
        arguments: Any = cast(dict[str, Any], script).get("args") if isinstance(script, dict) else script
        if title.lower() not in ALWAYS_ON[endpoint] and arguments not in (None, [], {}, [False]):
            raise Refusal(422, f"always on script {title[:100]} not found")


def _current(service: Service, owner: str) -> Job | None:
    """Find the caller's job that runs, or else waits first."""
    jobs = service.jobs.list(owner=owner, states=("running", "queued"), limit=500)
    ours = [job for job in jobs if job.origin == _ORIGIN]
    return min(ours, key=lambda job: (job.state != "running", job.position or 0), default=None)


def _task(service: Service, callers: Callers, owner: str, task: str) -> Job | None:
    job_id = callers.of(owner).tasks.get(task)
    return None if job_id is None else service.jobs.get(job_id, owner=owner)


def _running(service: Service, owner: str) -> list[Job]:
    """List the caller's running jobs of this API."""
    return [job for job in service.jobs.list(owner=owner, states=("running",), limit=500) if job.origin == _ORIGIN]


async def _stop(service: Service, callers: Callers, owner: str, task: str | None) -> None:
    if task:
        job = _task(service, callers, owner, task)
        chosen = [] if job is None else [job]
    else:
        chosen = _running(service, owner)
    await asyncio.gather(*(service.jobs.cancel(job.id, owner=owner) for job in chosen))


def _progress(service: Service, job: Job | None, owner: str, *, with_picture: bool) -> dict[str, Any]:
    if job is None or job.ended:
        state = _state("", 0, 0, 0, 0)
        return {"progress": 0.0, "eta_relative": 0.0, "state": state, "current_image": None, "textinfo": None}
    running = job.state == "running"
    preview = service.jobs.preview(job.id) if running and with_picture else None
    told = job.progress
    return {
        "progress": max(0.01, told.fraction) if running else 0.0,
        "eta_relative": told.seconds_left or 0.0,
        "state": _state(job.mode, told.pictures, told.picture, told.step, told.steps),
        "current_image": preview.data["jpeg"].partition(",")[2] if preview else None,
        "textinfo": None if running else "Waiting...",
    }


def _state(name: str, count: int, number: int, step: int, steps: int) -> dict[str, Any]:
    return {
        "skipped": False,
        "interrupted": False,
        "stopping_generation": False,
        "job": name,
        "job_count": count,
        "job_timestamp": time.strftime("%Y%m%d%H%M%S") if name else "0",
        "job_no": number,
        "sampling_step": step,
        "sampling_steps": steps,
    }
