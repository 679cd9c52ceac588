"""`/sdapi/v1`: pictures without a model: enlarging, and reading what is written in them."""

import base64
from collections.abc import Mapping
from typing import Any, cast

from fastapi import APIRouter
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest

from ... import infotext, metadata
from ...errors import ImageError, RequestError, unknown_name
from ...geometry import Size
from ...metadata import encode
from ...pictures.read import read_picture
from ...pictures.upscale import PIXEL_UPSCALERS
from ...pictures.write import to_png
from ...upscaling import upscale_request
from ..describing import check_can_describe, describe
from ..errors import Refusal
from ..incoming import check_picture, read_json
from ..service import Owner, Service, TheService
from .reading import decode_picture

router = APIRouter()
Body = Mapping[str, Any]

_LARGEST_FACTOR = 8.0

UPSCALERS: Mapping[str, str | None] = {"None": None, "Lanczos": "lanczos", "Nearest": "nearest"}
"""A1111's names of the upscalers that are always there, and ours; None = the picture stays as it is."""


@router.post("/extra-single-image")
async def extra_single_image(request: HttpRequest, service: TheService, owner: Owner) -> dict[str, Any]:
    """Enlarge a picture."""
    body = read_json(await request.body())
    return {"html_info": "", "image": await _enlarged(service, owner, body.get("image"), body)}


@router.post("/extra-batch-images")
async def extra_batch_images(request: HttpRequest, service: TheService, owner: Owner) -> dict[str, Any]:
    """Enlarge several pictures."""
    body = read_json(await request.body())
    rows = cast(list[Any], body["imageList"]) if isinstance(body.get("imageList"), list) else []
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise RequestError("imageList", "", 'it must be a list of {"data": BASE64, "name": NAME}')
    pictures = [cast(dict[str, Any], row).get("data") for row in rows]
    return {"html_info": "", "images": [await _enlarged(service, owner, picture, body) for picture in pictures]}


@router.post("/png-info")
async def png_info(request: HttpRequest, service: TheService) -> dict[str, Any]:
    """Read what is written in a picture."""
    body = read_json(await request.body())
    return await run_in_threadpool(_png_info, service, body.get("image"))


@router.post("/interrogate")
async def interrogate(request: HttpRequest, service: TheService) -> dict[str, str]:
    """Say what a picture shows."""
    body = read_json(await request.body())
    if not body.get("image"):
        raise Refusal(404, "Image not found")
    if body.get("model", "clip") not in ("clip", "deepdanbooru"):
        raise Refusal(404, "Model not found")
    if body.get("model") == "deepdanbooru":
        raise Refusal(501, "pictures are not described in tags here; take the model 'clip'")
    await run_in_threadpool(check_can_describe, service)
    picture = await run_in_threadpool(checked_picture, service, body["image"], "image")
    return {"caption": await describe(service, picture)}


@router.post("/create/embedding")
@router.post("/create/hypernetwork")
@router.post("/train/embedding")
@router.post("/train/hypernetwork")
def train() -> None:
    """Refuse: nothing is trained over HTTP."""
    raise Refusal(501, "nothing is trained here; use a trainer and put its file beside the models")


def checked_picture(service: Service, text: object, field: str) -> bytes:
    """Decode base64 and check the picture's header.

    Raises
    ------
    ImageError
        Where it is missing, no base64, no picture, or too large.
    """
    if not isinstance(text, str) or not text:
        raise ImageError(field, type(text).__name__, "Image not found; give a picture in base64")
    data = decode_picture(text, field)
    check_picture(data, field, service.settings.bounds)
    return data


async def _enlarged(service: Service, owner: str, text: object, body: Body) -> str:
    """Enlarge a picture by one upscaler or a mixture of two; give it in base64."""
    for name in ("gfpgan_visibility", "codeformer_visibility"):
        if _number(body, name, 0.0) > 0:
            raise Refusal(501, f"{name}: faces are not restored here; set it to 0")
    image = await run_in_threadpool(_read, service, text)
    first = await _upscaled(service, owner, image, str(body.get("upscaler_1") or "None"), body)
    share = _number(body, "extras_upscaler_2_visibility", 0.0)
    second = str(body.get("upscaler_2") or "None")
    if second != "None" and 0 < share <= 1:
        other = await _upscaled(service, owner, image, second, body)
        first = Image.blend(first, other.resize(first.size), share)
    return base64.b64encode(await run_in_threadpool(_to_png, first, image)).decode()


def _read(service: Service, text: object) -> Image.Image:
    return read_picture(checked_picture(service, text, "image"), "image")


def _to_png(image: Image.Image, source: Image.Image) -> bytes:
    """Write a picture in the source's mode and colour space."""
    return encode(image.convert(source.mode), "png", icc=source.info.get("icc_profile"))


async def _upscaled(service: Service, owner: str, image: Image.Image, name: str, body: Body) -> Image.Image:
    """Enlarge a picture: by a network in an engine, as a job of the caller's; otherwise here."""
    upscaler = UPSCALERS.get(name, name)
    if upscaler is None:
        return image
    if upscaler not in PIXEL_UPSCALERS:
        await run_in_threadpool(_check_network, service, upscaler)
    size, kept = _sizes(service, image, body)
    if upscaler in PIXEL_UPSCALERS:
        large = await run_in_threadpool(PIXEL_UPSCALERS[upscaler], image, size)
    else:
        large = await _by_network(service, owner, image, upscaler, size)
    left, top = (size.width - kept.width) // 2, (size.height - kept.height) // 2
    return large.crop((left, top, left + kept.width, top + kept.height))


def _check_network(service: Service, name: str) -> None:
    library = service.studio.upscalers
    if library.find(name) is None:
        raise unknown_name("upscaler", name, [*UPSCALERS, *library.names])


async def _by_network(service: Service, owner: str, image: Image.Image, upscaler: str, size: Size) -> Image.Image:
    given = await run_in_threadpool(to_png, image)
    asked = upscale_request(given, width=size.width, height=size.height, upscaler=upscaler)
    job, _ = await service.submit(asked, owner=owner, origin="sdapi", keep=False)
    ended = await service.finished(job.id)
    files = await run_in_threadpool(service.files, ended)
    if not files:
        raise service.failure(ended) if ended.state == "failed" else Refusal(409, "enlarging was stopped")
    return read_picture(files[0], "image")


def _sizes(service: Service, image: Image.Image, body: Body) -> tuple[Size, Size]:
    """Give the size that the picture is brought to, and that of the part in its middle which is kept."""
    by_size = _number(body, "resize_mode", 0) == 1
    wanted = Size(*(int(_number(body, f"upscaling_resize_{side}", 512)) for side in "wh"))
    if by_size:
        factor = max(wanted.width / image.width, wanted.height / image.height)
    else:
        factor = _number(body, "upscaling_resize", 2.0)
        if not 0 < factor <= _LARGEST_FACTOR:
            raise RequestError(
                "upscaling_resize", factor, f"{factor:g} must be above 0 and at most {_LARGEST_FACTOR:g}"
            )
    size = Size(max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    most = service.settings.bounds.upload_pixels
    if not (0 < size.area <= most and min(wanted) > 0):
        raise RequestError("upscaling_resize", factor, f"{size} are too many or too few pixels; at most {most}")
    return size, wanted if by_size and body.get("upscaling_crop", True) else size


def _number(body: Body, name: str, default: float) -> float:
    value = body.get(name, default)
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise RequestError(name, str(value), f"'{value}' is no number") from error
    if not abs(number) < 1e6:
        raise RequestError(name, str(value), f"{value} is too large")
    return number


def _png_info(service: Service, text: object) -> dict[str, Any]:
    found = metadata.read(checked_picture(service, text, "image"))
    parameters = infotext.with_defaults(infotext.parse(found.infotext)) if found.infotext else {}
    return {"info": found.infotext or "", "items": found.other, "parameters": parameters}
