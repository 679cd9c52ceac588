"""`/read` and `/write`: a request found in a picture or a text, and said in other words."""

import base64
import json
import shlex
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest

from ... import infotext, metadata
from ...errors import ImageError, ModelError, RecipeError
from ...recipe import Recipe
from ...request import PICTURE_FIELDS, Request
from ...result import infotext_of
from ..incoming import REFERENCE, check_picture, whole_body
from ..service import Service, TheService
from . import answers
from .bodies import RequestBody, answer

router = APIRouter(tags=["words"])

_EITHER = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {"schema": {"type": "string", "description": "an infotext"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_FILES = {"init_image": "picture.png", "mask": "mask.png", "latent_mask": "latent_mask.png"}


@router.post("/read", responses=answer(answers.Found, 413, 422), openapi_extra=_EITHER)
async def read(request: HttpRequest, service: TheService) -> dict[str, Any]:
    """Read the request out of a picture made here or by A1111, or out of an infotext (`text/plain`)."""
    data = await whole_body(request, service.settings.bounds.upload_bytes)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/plain":
        return await run_in_threadpool(_from_text, data.decode("utf-8", "replace"), service)
    return await run_in_threadpool(_from_picture, data, service)


@router.post("/write", responses=answer(answers.Written, 422))
async def write(body: RequestBody, request: HttpRequest, service: TheService) -> dict[str, str]:
    """Say a request as a command, as Python, as curl, and as A1111's infotext."""
    fields = {name: value for name, value in body.request.items() if value is not None}
    asked = await run_in_threadpool(service.incoming.request, fields)
    return {
        "cli": _cli(fields, asked),
        "python": _python(fields),
        "curl": _curl(fields, str(request.base_url)),
        "a1111": await run_in_threadpool(_infotext, asked, service),
    }


def _from_picture(data: bytes, service: Service) -> dict[str, Any]:
    check_picture(data, "picture", service.settings.bounds)
    found = metadata.read(data)
    recipe, notes = None, [f"{name}: {text[:200]}" for name, text in found.other.items()]
    if found.recipe:
        try:
            recipe = Recipe.from_json(found.recipe)
        except RecipeError as error:
            notes.append(str(error))
    if recipe is None:
        told = _from_text(found.infotext or "", service)
        return {**told, "infotext": found.infotext, "notes": [*told["notes"], *notes]}
    fields = dict(recipe.fields)
    for name in PICTURE_FIELDS:
        reference = fields.get(name)
        if reference is not None and not _is_here(service, recipe, name, str(reference)):
            notes.append(f"{name}: the picture {fields.pop(name)} is not on this server; load it")
    return {
        "request": fields,
        "infotext": found.infotext,
        "recipe": recipe.model_dump(mode="json", exclude_none=True, exclude={"inputs"}),
        "notes": notes,
    }


def _is_here(service: Service, recipe: Recipe, name: str, reference: str) -> bool:
    """Tell whether an input of a recipe is among the uploads; one that the recipe brings along is put there."""
    match = REFERENCE.fullmatch(reference)
    if match is None:
        return False
    record = recipe.inputs.get(name)
    if service.store.inputs.get(match[1]) is not None or record is None or record.data is None:
        return service.store.inputs.get(match[1]) is not None
    try:
        data = base64.b64decode(record.data, validate=True)
        check_picture(data, name, service.settings.bounds)
    except (ValueError, ImageError):
        return False
    return service.store.inputs.put(data) == match[1]


def _from_text(text: str, service: Service) -> dict[str, Any]:
    fields, strange = infotext.to_request(infotext.parse(text))
    model = fields.get("model")
    if model is not None:
        try:
            fields["model"] = service.studio.find(model).name
        except ModelError as error:
            del fields["model"]
            strange["Model"] = str(error)
    return {
        "request": fields,
        "infotext": text or None,
        "recipe": None,
        "notes": [f"{name}: {value}" for name, value in strange.items()],
    }


def _cli(fields: dict[str, Any], asked: Request) -> str:
    """Write the command; pictures are named as files that the person has."""
    words = ["pentimento", asked.mode]
    if asked.init_image is not None:
        words.append("picture.png")
    for name, value in fields.items():
        if name == "init_image":
            continue
        flag = "--" + name.replace("_", "-")
        if name == "mask":
            words += [flag, "mask.png"]
        elif isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, list | tuple) and name == "styles":
            words += [word for style in _items(value) for word in (flag, style)]
        elif isinstance(value, list | tuple):
            words += [flag, ("x" if name == "seed_resize" else ",").join(_items(value))]
        else:
            words += [flag, str(value)]
    return shlex.join(words)


def _items(value: Any) -> list[str]:
    return [str(item) for item in value]


def _python(fields: dict[str, Any]) -> str:
    arguments = "".join(f"    {name}={_FILES.get(name, value)!r},\n" for name, value in fields.items())
    return f'import pentimento as pm\n\nrequest = pm.Request(\n{arguments})\npm.Studio().run(request).save("out.png")\n'


def _curl(fields: dict[str, Any], base: str) -> str:
    body = json.dumps({"request": {k: v for k, v in fields.items() if k not in PICTURE_FIELDS}}, ensure_ascii=False)
    files = "".join(f" \\\n  -F {name}=@{file}" for name, file in _FILES.items() if name in fields)
    return f"curl {shlex.quote(base.rstrip('/') + '/api/v1/jobs')} \\\n  -F job={shlex.quote(body)}{files}"


def _infotext(asked: Request, service: Service) -> str:
    plan = service.studio.plan(asked)
    return infotext_of(plan, plan.pictures[0])
