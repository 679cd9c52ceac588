"""`/uploads`: pictures by the SHA-256 of their bytes, so that each is sent once."""

import hashlib
import io
from typing import Annotated, Any

from fastapi import APIRouter, Path
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ..errors import Refusal
from ..incoming import check_picture, whole_body
from ..service import Service, TheService
from . import answers
from .bodies import PROBLEM, answer

router = APIRouter(prefix="/uploads", tags=["uploads"])

Hash = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file's bytes")]
_RAW = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "the file", "content": {"application/octet-stream": {}}},
}


@router.post("", responses=answer(answers.Upload, 413, 422), openapi_extra=_RAW)
async def upload(request: Request, service: TheService) -> dict[str, Any]:
    """Keep a picture; answers with its hash."""
    data = await whole_body(request, service.settings.bounds.upload_bytes)
    return await run_in_threadpool(_keep, service, data)


@router.put("/{sha256}", responses=answer(answers.Upload, 413, 422), openapi_extra=_RAW)
async def put(sha256: Hash, request: Request, service: TheService) -> dict[str, Any]:
    """Keep a picture whose hash is known; the hash is checked."""
    data = await whole_body(request, service.settings.bounds.upload_bytes)
    found = await run_in_threadpool(lambda: hashlib.sha256(data).hexdigest())
    if found != sha256:
        raise Refusal(422, f"the bytes have SHA-256 {found}, not {sha256}")
    return await run_in_threadpool(_keep, service, data)


@router.get("/{sha256}", responses={**_BYTES, 404: PROBLEM}, response_class=Response)
def get(sha256: Hash, service: TheService) -> Response:
    """Give the bytes of an upload."""
    data = _data(service, sha256)
    with Image.open(io.BytesIO(data)) as image:
        media_type = image.get_format_mimetype() or "application/octet-stream"
    headers = {"ETag": f'"{sha256}"', "Cache-Control": "private, max-age=31536000, immutable"}
    return Response(data, media_type=media_type, headers=headers)


@router.head("/{sha256}", responses={404: PROBLEM}, response_class=Response)
def head(sha256: Hash, service: TheService) -> Response:
    """Say whether an upload is here."""
    return Response(headers={"Content-Length": str(len(_data(service, sha256))), "ETag": f'"{sha256}"'})


def _keep(service: Service, data: bytes) -> dict[str, Any]:
    facts = check_picture(data, "upload", service.settings.bounds)
    return {
        "sha256": service.store.inputs.put(data),
        "bytes": len(data),
        "width": facts.width,
        "height": facts.height,
        "format": facts.format,
        "has_alpha": facts.has_alpha,
    }


def _data(service: Service, sha256: str) -> bytes:
    data = service.store.inputs.get(sha256)
    if data is None:
        raise Refusal(404, f"no upload is called sha256:{sha256}")
    return data
