"""OpenAI's dialect, `/v1`: images/edits, images/generations, images/variations, models."""

import base64
import io
import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from PIL import Image, ImageOps
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse

from ..errors import ImageError, ModelNotFoundError, RequestError
from ..jobs import Job
from ..metadata import encode, find_format
from ..pictures.read import read_picture
from ..pictures.write import to_png
from .errors import Refusal, describe, openai_error
from .events import KEEP_ALIVE_SECONDS, NO_BUFFERING, with_pauses, written
from .incoming import check_picture, read_json
from .service import Owner, Service, TheService

router = APIRouter(prefix="/v1", tags=["openai"])

MOST_PICTURES, MOST_PARTIAL = 10, 3
# OpenAI's own names, which clients send unasked, mean this server's model.
_THEIR_MODELS = re.compile(r"(gpt-image|chatgpt-image|dall-e)[\w.-]*")
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_VARIATION_STRENGTH = 0.6
# Fields of OpenAI's that have no meaning here: taken, as clients send them, and without effect.
_WITHOUT_EFFECT = frozenset(
    ["quality", "user", "moderation", "input_fidelity", "style", "safety_identifier"]
    + ["output_compression", "markup", "complexity", "frame_count"]
)
_ALIASES = {"strength": "denoising_strength"}
Fields = dict[str, Any]


@dataclass
class Wanted:
    """What a call wants: fields of the request, and the form of the answer.

    Attributes
    ----------
    base : address by which the server was called
    """

    fields: Fields = field(default_factory=dict[str, Any])
    response_format: str = "b64_json"
    output_format: str = "png"
    stream: bool = False
    partial_images: int = 0
    base: str = ""


@router.post("/images/edits")
async def edits(request: HttpRequest, service: TheService, owner: Owner) -> Response:
    """Repaint a picture; where the mask is transparent if there is one, else wholly.

    Fields that are not OpenAI's are those of the request, by their names; `strength` is `denoising_strength`.
    """
    values, pictures = await _form(request, service)
    wanted = await run_in_threadpool(_read_edit, service, values, pictures)
    return await _answer(request, service, owner, wanted, "image_edit")


@router.post("/images/generations")
async def generations(request: HttpRequest, service: TheService, owner: Owner) -> Response:
    """Make pictures from a prompt."""
    wanted = _read(read_json(await request.body()), service)
    return await _answer(request, service, owner, wanted, "image_generation")


@router.post("/images/variations")
async def variations(request: HttpRequest, service: TheService, owner: Owner) -> Response:
    """Make pictures that are like one."""
    values, pictures = await _form(request, service)
    values.setdefault("denoising_strength", _VARIATION_STRENGTH)
    wanted = await run_in_threadpool(_read_edit, service, values, pictures)
    return await _answer(request, service, owner, wanted, "image_edit")


@router.get("/models")
def models(service: TheService) -> dict[str, Any]:
    """List the models."""
    rows = [{"id": one.name, "object": "model", "created": 0, "owned_by": "local"} for one in service.studio.models()]
    return {"object": "list", "data": rows}


@router.get("/models/{name:path}")
def model(name: str, service: TheService) -> dict[str, Any]:
    """Give one model."""
    try:
        found = service.studio.find(name)
    except ModelNotFoundError as error:
        raise Refusal(404, str(error)) from error
    return {"id": found.name, "object": "model", "created": 0, "owned_by": "local"}


# Reading


async def _form(request: HttpRequest, service: Service) -> tuple[Fields, dict[str, list[bytes]]]:
    """Take a multipart form apart: texts by name, lists where the name ends in [], and files."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal(415, "send multipart/form-data with the picture as a file in 'image'")
    values: Fields = {}
    files: dict[str, list[bytes]] = {"image": [], "mask": []}
    async with request.form(max_files=20, max_fields=200, max_part_size=service.settings.bounds.body_bytes) as form:
        for name, part in FormData(form).multi_items():
            plain = name.removesuffix("[]")
            if isinstance(part, UploadFile):
                if plain not in files:
                    raise Refusal(400, f"a file is called '{name[:60]}'; files are 'image' and 'mask'")
                files[plain].append(await part.read())
            elif plain in files:
                files[plain].append(_decoded(part, plain))
            elif name.endswith("[]"):
                values.setdefault(plain, []).append(part)
            else:
                values[name] = part
    return values, files


def _decoded(text: str, field: str) -> bytes:
    payload = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode(payload, validate=True)
    except ValueError as error:
        raise ImageError(field, text[:40], "it is neither a file nor base64") from error


def _read_edit(service: Service, values: Fields, files: Mapping[str, list[bytes]]) -> Wanted:
    pictures, masks = files["image"], files["mask"]
    if len(pictures) != 1:
        raise ImageError("image", len(pictures), f"{len(pictures)} pictures were given; one is repainted at a time")
    if len(masks) > 1:
        raise ImageError("mask", len(masks), "give one mask")
    wanted = _read(values, service)
    wanted.fields["init_image"] = pictures[0]
    mask = _mask(service, pictures[0], masks[0] if masks else None)
    if mask is not None:
        wanted.fields["mask"] = mask
    return wanted


def _mask(service: Service, picture: bytes, mask: bytes | None) -> bytes | None:
    """Turn alpha 0 = edit into white = repaint; without a mask the picture's own transparency counts."""
    bounds = service.settings.bounds
    facts = check_picture(picture, "image", bounds)
    if mask is None and not facts.has_alpha:
        return None
    if mask is not None:
        check_picture(mask, "mask", bounds)
    image = read_picture(picture if mask is None else mask, "image" if mask is None else "mask")
    if image.mode != "RGBA":
        raise ImageError("mask", image.mode, "the mask has no transparency; what is transparent in it is repainted")
    alpha = image.getchannel("A")
    if mask is None and alpha.getextrema()[0] != 0:
        return None
    return to_png(ImageOps.invert(alpha))


def _read(values: Mapping[str, Any], service: Service) -> Wanted:
    """Tell what is asked for from what is asked about the answer."""
    wanted = Wanted()
    for name, value in values.items():
        if value is None or name in _WITHOUT_EFFECT:
            continue
        reader = _READERS.get(name)
        if reader is not None:
            reader(wanted, value)
        else:
            own = _ALIASES.get(name, name)
            wanted.fields[own] = _as_json(value) if own not in _TEXTS else value
    model = wanted.fields.get("model")
    if isinstance(model, str) and _THEIR_MODELS.fullmatch(model):
        del wanted.fields["model"]
    elif model is not None:
        try:
            service.studio.find(str(model))
        except ModelNotFoundError as error:
            raise NoSuchModel(404, str(error)) from error
    return wanted


_TEXTS = frozenset({"prompt", "negative_prompt", "model", "vae", "sampler", "schedule"})


class NoSuchModel(Refusal):
    """There is no such model."""


def _as_json(value: Any) -> Any:
    """Read a list that came as text; all else pydantic reads."""
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _size(wanted: Wanted, value: Any) -> None:
    if value == "auto":
        return
    match = _SIZE.fullmatch(str(value))
    if match is None:
        raise RequestError("size", str(value)[:40], f"'{str(value)[:40]}' is no size; write 512x768, or auto")
    wanted.fields.update({"width": int(match[1]), "height": int(match[2])})


def _count(wanted: Wanted, value: Any) -> None:
    wanted.fields["batch_count"] = _whole("n", value, 1, MOST_PICTURES)


def _whole(name: str, value: Any, low: int, high: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise RequestError(name, str(value)[:40], f"'{str(value)[:40]}' is no whole number") from error
    if not low <= number <= high:
        raise RequestError(name, number, f"{number} must be from {low} to {high}")
    return number


def _output_format(wanted: Wanted, value: Any) -> None:
    wanted.output_format = find_format(str(value)).name


def _response_format(wanted: Wanted, value: Any) -> None:
    if value not in ("b64_json", "url"):
        raise RequestError("response_format", str(value)[:40], "it must be b64_json or url", ("b64_json", "url"))
    wanted.response_format = value


def _stream(wanted: Wanted, value: Any) -> None:
    wanted.stream = value is True or str(value).lower() in ("true", "1")


def _partial_images(wanted: Wanted, value: Any) -> None:
    wanted.partial_images = _whole("partial_images", value, 0, MOST_PARTIAL)


def _background(wanted: Wanted, value: Any) -> None:
    """Take a colour as ours; OpenAI's words mean transparency of the result, which there is none of."""
    if str(value).startswith("#"):
        wanted.fields["background"] = value


_READERS = {
    "background": _background,
    "size": _size,
    "n": _count,
    "output_format": _output_format,
    "response_format": _response_format,
    "stream": _stream,
    "partial_images": _partial_images,
}


# Answering


async def _answer(request: HttpRequest, service: Service, owner: str, wanted: Wanted, kind: str) -> Response:
    wanted.base = str(request.base_url).rstrip("/")
    asked = await run_in_threadpool(service.incoming.request, wanted.fields)
    job, plan = await service.submit(asked, owner=owner, origin="openai", format=wanted.output_format)
    if wanted.stream:
        stream = _events(service, job, wanted, kind, size=str(plan.layout.output))
        return StreamingResponse(stream, media_type="text/event-stream", headers=NO_BUFFERING)
    ended = await service.finished(job.id)
    if ended.state == "failed":
        raise service.failure(ended)
    if ended.state == "cancelled":
        raise Refusal(409, f"job {job.id} was cancelled")
    data = await run_in_threadpool(_data, service, ended, wanted)
    return JSONResponse(
        {
            "created": int(ended.created),
            "data": data,
            "output_format": wanted.output_format,
            "size": str(plan.layout.output),
            "usage": _usage(),
        }
    )


def _data(service: Service, job: Job, wanted: Wanted) -> list[dict[str, str]]:
    if wanted.response_format == "url":
        return [{"url": f"{wanted.base}/api/v1/pictures/{one.id}/file"} for one in job.pictures]
    return [{"b64_json": base64.b64encode(file).decode()} for file in service.files(job).values()]


def _usage() -> dict[str, Any]:
    """Give OpenAI's counts of tokens, none of which are counted here."""
    details = {"image_tokens": 0, "text_tokens": 0}
    return {"input_tokens": 0, "input_tokens_details": details, "output_tokens": 0, "total_tokens": 0}


async def _events(service: Service, job: Job, wanted: Wanted, kind: str, size: str) -> AsyncGenerator[str]:
    """Tell a job in OpenAI's events: partial pictures, evenly over the steps, then each finished one."""
    told = {"background": "opaque", "quality": "auto", "size": size, "output_format": wanted.output_format}
    partial, last_step = 0, 0
    source = service.jobs.events(job_id=job.id)
    async with aclosing(with_pauses(source, service.stopping, KEEP_ALIVE_SECONDS)) as events:
        async for event in events:
            if event is None:
                yield ": still here\n\n"
            elif event.kind == "step":
                last_step = int(event.data["step"])
            elif event.kind == "preview" and partial < wanted.partial_images:
                steps = max(1, int(job.plan["steps"]))
                if max(last_step, int(event.data["step"])) * (wanted.partial_images + 1) >= (partial + 1) * steps:
                    text = await run_in_threadpool(_preview, str(event.data["jpeg"]), wanted.output_format)
                    name = f"{kind}.partial_image"
                    yield written(
                        name,
                        {"type": name, "b64_json": text, "partial_image_index": partial}
                        | {"created_at": int(event.time), **told},
                    )
                    partial += 1
            elif event.kind == "picture" and event.picture is not None:
                file = await run_in_threadpool(service.store.path(event.picture.id).read_bytes)
                name = f"{kind}.completed"
                body = {"type": name, "b64_json": base64.b64encode(file).decode(), "created_at": int(event.time)}
                yield written(name, {**body, **told, "usage": _usage()})
            elif event.kind == "failed":
                problem = describe(service.failure(service.jobs.get(job.id)))
                yield written("error", {"type": "error", **openai_error(problem)})


def _preview(uri: str, format: str) -> str:
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        return base64.b64encode(encode(image.convert("RGB"), format)).decode()
