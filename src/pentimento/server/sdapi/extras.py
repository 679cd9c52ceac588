"""`/sdapi/v1`: pictures without a model: enlarging, and reading what is written in them."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, cast

from fastapi import APIRouter
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest

from ... import infotext, metadata
from ...errors import ImageError, RequestError, unknown_name
from ...pictures.read import read_picture
from ...pictures.write import to_png
from ..errors import Refusal
from ..incoming import check_picture, read_json
from ..service import Service, TheService
from .reading import decode_picture

router = APIRouter()
Body = Mapping[str, Any]

_LARGEST_FACTOR = 8.0

UPSCALERS: Mapping[str, Callable[[Image.Image, tuple[int, int]], Image.Image]] = {
    "None": lambda image, size: image.resize(size, Image.Resampling.LANCZOS),
    "Lanczos": lambda image, size: image.resize(size, Image.Resampling.LANCZOS),
    "Nearest": lambda image, size: image.resize(size, Image.Resampling.NEAREST),
}


@router.post("/extra-single-image")
async def extra_single_image(request: HttpRequest, service: TheService) -> dict[str, Any]:
    """Enlarge a picture."""
    body = read_json(await request.body())
    return {"html_info": "", "image": await run_in_threadpool(_enlarged, service, body.get("image"), body)}


@router.post("/extra-batch-images")
async def extra_batch_images(request: HttpRequest, service: TheService) -> dict[str, Any]:
    """Enlarge several pictures."""
    body = read_json(await request.body())
    rows = cast(list[Any], body["imageList"]) if isinstance(body.get("imageList"), list) else []
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise RequestError("imageList", "", 'it must be a list of {"data": BASE64, "name": NAME}')
    pictures = [cast(dict[str, Any], row).get("data") for row in rows]
    images = [await run_in_threadpool(_enlarged, service, picture, body) for picture in pictures]
    return {"html_info": "", "images": images}


@router.post("/png-info")
async def png_info(request: HttpRequest, service: TheService) -> dict[str, Any]:
    """Read what is written in a picture."""
    body = read_json(await request.body())
    return await run_in_threadpool(_png_info, service, body.get("image"))


@router.post("/interrogate")
async def interrogate(request: HttpRequest) -> None:
    """Refuse: no model that describes pictures is part of this server."""
    body = read_json(await request.body())
    if not body.get("image"):
        raise Refusal(404, "Image not found")
    if body.get("model", "clip") not in ("clip", "deepdanbooru"):
        raise Refusal(404, "Model not found")
    raise Refusal(501, "pictures are not described here: there is no model for it in this server")


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


def _enlarged(service: Service, text: object, body: Body) -> str:
    for name in ("gfpgan_visibility", "codeformer_visibility"):
        if _number(body, name, 0.0) > 0:
            raise Refusal(501, f"{name}: faces are not restored here; set it to 0")
    image = read_picture(checked_picture(service, text, "image"), "image")
    first = _upscaled(service, image, str(body.get("upscaler_1") or "None"), body)
    share = _number(body, "extras_upscaler_2_visibility", 0.0)
    second = str(body.get("upscaler_2") or "None")
    if second != "None" and 0 < share <= 1:
        first = Image.blend(first, _upscaled(service, image, second, body), share)
    return base64.b64encode(to_png(first)).decode()


def _upscaled(service: Service, image: Image.Image, name: str, body: Body) -> Image.Image:
    if name not in UPSCALERS:
        raise unknown_name("upscaler", name, list(UPSCALERS))
    if name == "None":
        return image
    by_size = _number(body, "resize_mode", 0) == 1
    width, height = (int(_number(body, f"upscaling_resize_{side}", 512)) for side in "wh")
    if by_size:
        factor = max(width / image.width, height / image.height)
    else:
        factor = _number(body, "upscaling_resize", 2.0)
        if not 0 < factor <= _LARGEST_FACTOR:
            raise RequestError(
                "upscaling_resize", factor, f"{factor:g} must be above 0 and at most {_LARGEST_FACTOR:g}"
            )
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    most = service.settings.bounds.upload_pixels
    if not 0 < size[0] * size[1] <= most:
        raise RequestError("upscaling_resize", factor, f"{size[0]}x{size[1]} are too many pixels; at most {most}")
    large = UPSCALERS[name](image, size)
    if not by_size or not body.get("upscaling_crop", True):
        return large
    left, top = (large.width - width) // 2, (large.height - height) // 2
    return large.crop((left, top, left + width, top + height))


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
    read = infotext.parse(found.infotext or "")
    parameters = {"Prompt": read.prompt, "Negative prompt": read.negative_prompt, **read.parameters}
    return {"info": found.infotext or "", "items": found.other, "parameters": parameters if found.infotext else {}}
