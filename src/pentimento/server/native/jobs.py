"""`/jobs` and `/events`: requests that wait, run and end, and what is told of them meanwhile."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse

from ...jobs import STATES, JobEvent, Key, Priority, State
from ...metadata import find_format
from ...plan import Plan
from ...request import PICTURE_FIELDS, Request
from ...scripts import ScriptPlan
from ..errors import Refusal
from ..events import NO_BUFFERING, stream
from ..incoming import read_json
from ..service import Owner, Service, TheService
from . import answers
from .bodies import PROBLEM, Body, RequestFields, ScriptCall, answer
from .told import job_told, picture_told

router = APIRouter(tags=["jobs"])

_FORM_FIELDS = ("job", *PICTURE_FIELDS)
_ACCEPTED = answer(answers.Job, 400, 413, 415, 422, 429, status=202, description="accepted: the job is on disk")
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "events; the data of each is the property of its name in `JobEvents`",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class NewJob(Body):
    """A request, and how it is to be done."""

    request: RequestFields = Field(default_factory=dict)
    script: ScriptCall | None = Field(
        None, description="what runs the request several times; left out = once, as it is"
    )
    priority: Priority = "interactive"
    format: str = Field("png", description="png, jpeg, webp or avif")
    keep: bool = Field(True, description="keep the pictures in the history; else they live as long as the job")


_SUBMISSION = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/NewJob"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["job"],
                    "properties": {
                        "job": {"type": "string", "description": "the JSON of NewJob"},
                        "init_image": {"type": "string", "format": "binary"},
                        "mask": {"type": "string", "format": "binary"},
                        "latent_mask": {"type": "string", "format": "binary"},
                    },
                }
            },
        },
    }
}


_GivenKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="your name for this job, 1 to 255 visible ASCII characters, such as a UUID: sent again with the"
        " same body, the same job is answered, as long as it is remembered; with another body it is refused with 422",
    ),
]


@router.post("/jobs", status_code=202, responses=_ACCEPTED, openapi_extra=_SUBMISSION)
async def submit(
    request: HttpRequest, service: TheService, owner: Owner, idempotency_key: _GivenKey = None
) -> Response:
    """Put a request into the queue: JSON, or a form with the pictures as files beside it."""
    new, files = await _read(request, service)
    form = find_format(new.format).name
    key = None if idempotency_key is None else Key(idempotency_key, _hash(new, files))
    # Not planned again: what it needs may be gone since, and the job is there all the same.
    job = None if key is None else await run_in_threadpool(service.jobs.sent_before, key, owner=owner)
    if job is None:
        asked, plan = await run_in_threadpool(_planned, service, new, files)
        job = await service.jobs.submit(
            asked, plan, owner=owner, origin="native", priority=new.priority, format=form, keep=new.keep, key=key
        )
    return JSONResponse(job_told(job), 202, headers={"Location": f"/api/v1/jobs/{job.id}"})


def _hash(new: NewJob, files: Mapping[str, bytes]) -> str:
    """Hash what was sent, however it was written."""
    pictures = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    told = json.dumps([new.model_dump(mode="json"), pictures], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _planned(service: Service, new: NewJob, files: dict[str, bytes]) -> tuple[Request, Plan | ScriptPlan]:
    asked = service.incoming.request({**new.request, **files})
    if new.script is None:
        return asked, service.studio.plan(asked)
    return asked, service.plan_script(asked, *service.incoming.script(new.script.name, new.script.options))


@router.get("/jobs", responses=answer(list[answers.Job], 404, 422))
def jobs(
    service: TheService,
    owner: Owner,
    state: Annotated[list[State] | None, Query(description="only these states; may be given several times")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[str | None, Query(description="id of a job: only those created before it")] = None,
) -> list[dict[str, Any]]:
    """List jobs, newest first."""
    return [job_told(job) for job in service.jobs.list(owner=owner, states=state or STATES, limit=limit, before=before)]


@router.get("/jobs/{id}", responses=answer(answers.Job, 404))
def job(id: str, service: TheService, owner: Owner) -> dict[str, Any]:
    """Give one job."""
    return job_told(service.jobs.get(id, owner=owner))


@router.delete("/jobs/{id}", responses=answer(answers.Job, 404))
async def cancel(id: str, service: TheService, owner: Owner) -> dict[str, Any]:
    """Cancel a job; what has ended stays as it is."""
    return job_told(await service.jobs.cancel(id, owner=owner))


@router.get("/jobs/{id}/events", responses={**_STREAM, 404: PROBLEM}, response_class=StreamingResponse)
async def job_events(
    id: str, request: HttpRequest, service: TheService, owner: Owner, after: int | None = None
) -> Response:
    """Tell what happens to one job, from its beginning on; ends with the job.

    `Last-Event-ID`, or `after`, is the number of the last event that was seen.
    """
    service.jobs.get(id, owner=owner)
    seen = _seen(request, after)
    events = service.jobs.events(job_id=id, owner=owner, after=seen or 0)
    return StreamingResponse(
        stream(events, service.stopping, _told(service)), media_type="text/event-stream", headers=NO_BUFFERING
    )


@router.get("/events", responses=_STREAM, response_class=StreamingResponse)
async def all_events(request: HttpRequest, service: TheService, owner: Owner, after: int | None = None) -> Response:
    """Tell what happens to all jobs from now on, or after the event that was seen last."""
    seen = _seen(request, after)
    events = service.jobs.events(owner=owner, after=seen)
    return StreamingResponse(
        stream(events, service.stopping, _told(service)), media_type="text/event-stream", headers=NO_BUFFERING
    )


def _told(service: Service) -> Any:
    def told(event: JobEvent) -> dict[str, Any]:
        values = {"job": event.job, "seq": event.seq, "time": event.time, **event.data}
        if event.picture is not None:
            values["picture"] = picture_told(event.picture)
        if event.kind == "done":
            values["job"] = job_told(service.jobs.get(event.job))
        return values

    return told


def _seen(request: HttpRequest, after: int | None) -> int | None:
    last = request.headers.get("last-event-id", "")
    return int(last) if last.isdecimal() and len(last) < 19 else after


async def _read(request: HttpRequest, service: Service) -> tuple[NewJob, dict[str, bytes]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return _checked(read_json(await request.body())), {}
    if kind != "multipart/form-data":
        raise Refusal(415, f"a job is application/json or multipart/form-data, not '{kind[:60]}'")
    async with request.form(
        max_files=len(_FORM_FIELDS), max_fields=len(_FORM_FIELDS), max_part_size=service.settings.bounds.body_bytes
    ) as form:
        for name in form:
            if name not in _FORM_FIELDS:
                raise Refusal(422, f"the form has a part '{name[:60]}'; its parts are {', '.join(_FORM_FIELDS)}")
        text = form.get("job", "{}")
        files = {name: await part.read() for name in _FORM_FIELDS[1:] if isinstance(part := form.get(name), UploadFile)}
        return _checked(read_json(await text.read() if isinstance(text, UploadFile) else text)), files


_NEW_JOB = TypeAdapter(NewJob)


def _checked(values: dict[str, Any]) -> NewJob:
    try:
        return _NEW_JOB.validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Refusal(422, f"{place}: {first['msg']}; a job has {', '.join(NewJob.model_fields)}") from error
