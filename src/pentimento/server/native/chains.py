"""`/chains`: edits of a picture as layers that can be muted, moved and run again."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query
from PIL import Image
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from ...chain import Chain, Step
from ...chain.project import MIMETYPE, SUFFIX
from ...errors import RequestError
from ...geometry import Size
from ...jobs import Priority
from ...metadata import find_format
from ...pictures.layers import to_rgba
from ...pictures.write import to_png
from ...plan import Plan
from ...request import Request
from ...store.chains import chain_of, step_names
from ..errors import Refusal
from ..incoming import check_picture, whole_body
from ..service import Owner, Service, TheService
from . import answers, chain_answers
from .bodies import PROBLEM, Body, RequestFields, answer
from .history import file_of
from .told import job_told

router = APIRouter(prefix="/chains", tags=["chains"])

_PROJECT, _ORA = SUFFIX.removeprefix("."), "ora"
_MIMES = {_PROJECT: MIMETYPE.decode(), _ORA: "image/openraster"}
_RAW = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "the file", "content": {mime: {} for mime in (*_MIMES.values(), "image/png")}},
    404: PROBLEM,
    422: PROBLEM,
}
_LAYER: dict[int | str, dict[str, Any]] = {
    200: {"description": "the layer", "content": {"image/png": {}}},
    404: PROBLEM,
}
_CHAIN = answer(chain_answers.Chain, 404, 422)

Id = Annotated[str, Path(description="of a chain")]
StepId = Annotated[str, Path(description="of one of its steps")]
Label = Annotated[str, Field(max_length=200)]
PictureId = Annotated[str, Field(description="id of a picture of the history", max_length=100)]


class NewChain(Body):
    """What a chain is made of."""

    picture: PictureId


class StepPlace(Body):
    """A step in its place."""

    id: str = Field(max_length=40)
    muted: bool | None = Field(None, description="left out = as it is")
    label: Label | None = Field(None, description='left out = as it is; "" = its prompt')


class Arrangement(Body):
    """All steps from below to above, as they are to be; one that is left out is taken away."""

    steps: list[StepPlace] = Field(max_length=1000)


class NewStep(Body):
    """A result that becomes a step."""

    picture: PictureId
    label: Label = ""


class Retake(Body):
    """A result that takes a step's place."""

    picture: PictureId


class StepRun(Body):
    """How a step is run again."""

    request: RequestFields = Field(default_factory=dict, description="fields that are to be other, such as its seed")
    priority: Priority = "interactive"


@router.get("", responses=answer(list[chain_answers.ChainFile]))
def chains(service: TheService, owner: Owner) -> list[dict[str, Any]]:
    """List the chains that are kept, the one that was changed last first."""
    return [{"id": one.id, "changed": one.changed, "bytes": one.bytes} for one in service.chains.list(owner)]


@router.post("", responses=_CHAIN)
def of_picture(new: NewChain, service: TheService, owner: Owner) -> dict[str, Any]:
    """Give the chain that has led to a picture: as it was left, or else made of the history.

    Its steps are the results of one run each whose source is the result below, known by its pixels, and that keep the
    size. It begins with the source of the first of them, or goes on from the chain that shows that source.
    """
    picture = service.store.get(new.picture, owner=owner)
    file_of(service, picture)
    store, kept = service.store, service.chains
    return _told(*kept.of_picture(picture, lambda: chain_of(picture, store, kept, service.studio)))


@router.post("/files", status_code=201, responses=answer(chain_answers.Chain, 413, 422, status=201), openapi_extra=_RAW)
async def upload(request: HttpRequest, service: TheService, owner: Owner) -> JSONResponse:
    """Keep a project file that was saved here or by the command line."""
    data = await whole_body(request, service.settings.bounds.body_bytes)
    told = await run_in_threadpool(_keep, service, owner, data)
    return JSONResponse(told, 201, headers={"Location": f"/api/v1/chains/{told['id']}"})


@router.get("/{id}", responses=answer(chain_answers.Chain, 404))
def chain(id: Id, service: TheService, owner: Owner) -> dict[str, Any]:
    """Give a chain."""
    return _told(id, service.chains.open(id, owner))


@router.patch("/{id}", responses=_CHAIN)
def arrange(id: Id, wanted: Arrangement, service: TheService, owner: Owner) -> dict[str, Any]:
    """Move, mute, rename or take away steps."""
    return _told(id, service.chains.change(id, owner, lambda chain: _arranged(chain, wanted)))


@router.delete("/{id}", status_code=204, responses={404: PROBLEM}, response_class=Response)
def remove(id: Id, service: TheService, owner: Owner) -> Response:
    """Delete a chain; the pictures of the history stay."""
    service.chains.remove(id, owner)
    return Response(status_code=204)


@router.get("/{id}/file", responses=_FILE, response_class=Response)
def file(
    id: Id,
    service: TheService,
    owner: Owner,
    format: Annotated[str, Query(max_length=20, description="pentimento, ora, png, jpeg, webp or avif")] = _PROJECT,
    upto: Annotated[int | None, Query(ge=0, description="only the first steps; 0 = the source")] = None,
) -> Response:
    """Give the project file, all layers for other programs, or the picture."""
    data = service.chains.read(id, owner)
    if format == _PROJECT and upto is None:
        return _offered(data, id, _PROJECT, _MIMES[_PROJECT])
    chain = Chain.from_bytes(data)
    if format == _PROJECT:
        raise RequestError("upto", upto, "a project file holds all steps; ask for ora or a picture, or leave it out")
    mime = _MIMES[_ORA] if format == _ORA else find_format(format).mime
    return _offered(chain.encode(format, upto), id, format, mime)


@router.put("/{id}/file", responses=answer(chain_answers.Chain, 404, 413, 422), openapi_extra=_RAW)
async def put_back(id: Id, request: HttpRequest, service: TheService, owner: Owner) -> dict[str, Any]:
    """Put a project file in a chain's place, such as the one from before a change."""
    data = await whole_body(request, service.settings.bounds.body_bytes)
    return await run_in_threadpool(_put_back, service, owner, id, data)


@router.get("/{id}/steps/{step}/layer", responses=_LAYER, response_class=Response)
def layer(id: Id, step: StepId, service: TheService, owner: Owner) -> Response:
    """Give what a step has painted, on transparency, of the size of its box; where that is empty, one clear pixel."""
    chain = service.chains.open(id, owner)
    number = _number(chain, step)
    one = chain.steps[number - 1]
    below = np.asarray(chain.picture(number - 1).convert("RGB"), np.float32)
    image = to_rgba(one.layer, below) if min(one.layer.box.size) > 0 else Image.new("RGBA", Size(1, 1))
    return Response(to_png(image), media_type="image/png", headers={"Cache-Control": "no-cache"})


@router.post("/{id}/steps", responses=_CHAIN)
def add(id: Id, new: NewStep, service: TheService, owner: Owner) -> dict[str, Any]:
    """Add a result that was made of the chain's picture as its topmost step."""
    data = _file(service, owner, new.picture)
    return _told(id, service.chains.change(id, owner, lambda chain: chain.accept(service.studio, data, new.label)))


@router.put("/{id}/steps/{step}", responses=_CHAIN)
def retake(id: Id, step: StepId, new: Retake, service: TheService, owner: Owner) -> dict[str, Any]:
    """Put a result in a step's place, such as that of running it again; it keeps label and eye."""
    data = _file(service, owner, new.picture)
    return _told(
        id, service.chains.change(id, owner, lambda chain: chain.retake(service.studio, _number(chain, step), data))
    )


@router.post("/{id}/steps/{step}/runs", status_code=202, responses=answer(answers.Job, 404, 422, 429, status=202))
async def rerun(id: Id, step: StepId, run: StepRun, service: TheService, owner: Owner) -> JSONResponse:
    """Run a step again over what lies below it now, as a job; its picture may then take the step's place."""
    asked, plan = await run_in_threadpool(_planned, service, owner, id, step, run)
    job = await service.jobs.submit(asked, plan, owner=owner, origin="native", priority=run.priority)
    return JSONResponse(job_told(job), 202, headers={"Location": f"/api/v1/jobs/{job.id}"})


def _planned(service: Service, owner: str, id: str, step: str, run: StepRun) -> tuple[Request, Plan]:
    chain = service.chains.open(id, owner)
    number = _number(chain, step)
    asked = chain.again(number, **service.incoming.fields(run.request))
    service.incoming.check_run(asked)
    plan = service.studio.plan(asked)
    chain.check(plan, number)
    return asked, plan


def _keep(service: Service, owner: str, data: bytes) -> dict[str, Any]:
    chain = _opened(service, data)
    return _told(service.chains.add(chain, owner), chain)


def _put_back(service: Service, owner: str, id: str, data: bytes) -> dict[str, Any]:
    chain = _opened(service, data)
    return _told(id, service.chains.change(id, owner, lambda _: chain))


def _opened(service: Service, data: bytes) -> Chain:
    bounds = service.settings.bounds
    return Chain.from_bytes(data, 4 * bounds.body_bytes, lambda picture: check_picture(picture, "file", bounds))


def _file(service: Service, owner: str, picture: str) -> bytes:
    return file_of(service, service.store.get(picture, owner=owner)).read_bytes()


def _number(chain: Chain, step: str) -> int:
    names = step_names(chain)
    if step not in names:
        raise Refusal(404, f"the chain has no step '{step[:80]}'; it may have been run again or taken away")
    return names.index(step) + 1


def _arranged(chain: Chain, wanted: Arrangement) -> Chain:
    names, asked = step_names(chain), [place.id for place in wanted.steps]
    for name in asked:
        if name not in names:
            raise RequestError("steps", name, f"the chain has no step '{name}'; it may have been run again", names)
        if asked.count(name) > 1:
            raise RequestError("steps", name, f"step '{name}' is there twice; name each once")
    numbers = [names.index(name) + 1 for name in asked]
    for place, number in zip(wanted.steps, numbers, strict=True):
        if place.muted is not None:
            chain = chain.mute(number) if place.muted else chain.unmute(number)
        if place.label is not None:
            chain = chain.rename(number, place.label)
    return Chain(chain.source, tuple(chain.steps[number - 1] for number in numbers))


def _offered(data: bytes, id: str, suffix: str, mime: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{id}.{suffix}"', "Cache-Control": "no-cache"}
    return Response(data, media_type=mime, headers=headers)


def _told(id: str, chain: Chain) -> dict[str, Any]:
    here = f"/api/v1/chains/{id}"
    rows = zip(step_names(chain), chain.steps, chain.stale, strict=True)
    return {
        "id": id,
        "width": chain.size.width,
        "height": chain.size.height,
        "untouched_pixels": chain.size.area - int(chain.touched.sum()),
        "steps": [_step(here, name, step, stale=stale) for name, step, stale in rows],
        "picture": f"{here}/file?format=png",
        "file": f"{here}/file",
    }


def _step(here: str, name: str, step: Step, *, stale: bool) -> dict[str, Any]:
    return {
        "id": name,
        "label": step.label,
        "prompt": str(step.recipe.request.get("prompt", "")),
        "box": list(step.layer.box),
        "sees": list(step.sees),
        "seed": step.recipe.seed,
        "model": step.recipe.model.name,
        "muted": step.muted,
        "stale": stale,
        "layer": f"{here}/steps/{name}/layer",
    }
