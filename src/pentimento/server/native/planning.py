"""`/plan`: what a request would do, in numbers and as pictures, without doing it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from fastapi import APIRouter
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ...framing import FRAMERS
from ...pictures.write import to_png
from ...plan import Plan
from ..errors import Refusal
from ..service import Service, TheService
from . import answers
from .bodies import PROBLEM, PlanBody, RequestBody, answer

router = APIRouter(prefix="/plan", tags=["plan"])
_REFUSED = {404: PROBLEM, 422: PROBLEM}


@router.post("", responses=answer(answers.TimedPlan | answers.TimedScriptPlan, 422))
async def plan(body: PlanBody, service: TheService) -> dict[str, Any]:
    """Plan a request: box, sizes, steps, seeds, cost, warnings; or a script: runs, pictures, cost, warnings."""
    return await run_in_threadpool(_told, service, body)


@router.post(
    "/pictures/{kind}",
    responses={**_REFUSED, 200: {"content": {"image/png": {}}, "description": "the picture"}},
    response_class=Response,
)
async def picture(kind: str, body: RequestBody, service: TheService) -> Response:
    """Show what a request does to its picture, as PNG.

    `source`, `mask` (blurred, white = repainted), `shown` (what the network is shown, at the working size),
    `cells` (latent mask, one pixel a cell).
    """
    if kind not in PICTURES:
        raise Refusal(404, f"there is no picture '{kind}' of a plan; choices: {', '.join(PICTURES)}")
    return Response(await run_in_threadpool(_picture, service, kind, body), media_type="image/png")


def _told(service: Service, body: PlanBody) -> dict[str, Any]:
    if body.script is None:
        plan = _plan(service, body)
        return {**plan.as_dict(), "seconds": service.pace.seconds(plan)}
    asked = service.incoming.request(body.request)
    script = service.plan_script(asked, *service.incoming.script(body.script.name, body.script.options))
    return {**script.as_dict(), "seconds": service.pace.seconds_of_all(script.runs)}


def _plan(service: Service, body: RequestBody) -> Plan:
    return service.studio.plan(service.incoming.request(body.request))


def _picture(service: Service, kind: str, body: RequestBody) -> bytes:
    made = _plan(service, body)
    image = PICTURES[kind](made)
    if image is None:
        raise Refusal(404, f"this plan has no picture '{kind}'; it is {made.request.mode}")
    return to_png(image)


def _source(plan: Plan) -> Image.Image | None:
    return plan.inputs.source and plan.inputs.source.image


def _shown(plan: Plan) -> Image.Image | None:
    return FRAMERS[plan.profile.overlay].frame(plan.request, plan.inputs, plan.layout).shown


def _cells(plan: Plan) -> Image.Image | None:
    cells = plan.latent_mask
    return None if cells is None else Image.fromarray(np.round(cells * 255).astype(np.uint8))


PICTURES: dict[str, Callable[[Plan], Image.Image | None]] = {
    "source": _source,
    "mask": lambda plan: plan.inputs.blurred,
    "shown": _shown,
    "cells": _cells,
}
