"""`/pictures` and `/trash`: the history of what was made."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, Response

from ... import metadata
from ...errors import RecipeError
from ...metadata import FORMATS, find_format
from ...recipe import Recipe, open_recipe
from ...store import Picture
from ...store.store import THUMBNAIL_MIME
from ..errors import Refusal
from ..service import Owner, Service, TheService
from . import answers
from .bodies import PROBLEM, Body, answer
from .told import picture_told

router = APIRouter(tags=["pictures"])
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "the file", "content": {row.mime: {} for row in FORMATS}},
    206: {"description": "a part of it"},
    304: {"description": "it is what the caller has"},
}
_LOST: dict[int | str, dict[str, Any]] = {404: PROBLEM}
_FOREVER = "private, max-age=31536000, immutable"


class Marks(Body):
    """What a person says of a picture."""

    favourite: bool | None = None
    tags: list[Annotated[str, Field(max_length=100)]] | None = Field(None, max_length=100)


@router.get("/pictures", responses=answer(answers.Pictures, 422))
def pictures(
    service: TheService,
    owner: Owner,
    q: Annotated[str, Query(max_length=1000, description="beginnings of words of prompts, model and tags")] = "",
    favourite: bool | None = None,
    tag: str | None = None,
    trash: bool = False,
    before: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> dict[str, Any]:
    """Find pictures, newest first."""
    page = service.store.search(q, owner=owner, favourite=favourite, tag=tag, trash=trash, before=before, limit=limit)
    return {"pictures": [picture_told(one) for one in page.pictures], "next": page.next}


@router.get("/pictures/{id}", responses=answer(answers.PictureDetail, 404))
def picture(id: str, service: TheService, owner: Owner) -> dict[str, Any]:
    """Give a picture with its infotext, its recipe, and the request that makes it again."""
    found = service.store.get(id, owner=owner)
    told = metadata.read(file_of(service, found))
    recipe = _recipe(service, found)
    request = None if recipe is None else {**recipe.request, "seed": recipe.seed}
    return {
        **picture_told(found),
        "infotext": told.infotext,
        "recipe": recipe and recipe.model_dump(mode="json", exclude_none=True),
        "request": request,
    }


@router.patch("/pictures/{id}", responses=answer(answers.Picture, 404, 422))
def mark(id: str, marks: Marks, service: TheService, owner: Owner) -> dict[str, Any]:
    """Make a picture a favourite or not, or give it other tags."""
    return picture_told(service.store.mark(id, favourite=marks.favourite, tags=marks.tags, owner=owner))


@router.delete("/pictures/{id}", responses=answer(answers.Picture, 404))
def trash(id: str, service: TheService, owner: Owner) -> dict[str, Any]:
    """Move a picture to the trash."""
    return picture_told(service.store.trash(id, owner=owner))


@router.post("/pictures/{id}/restore", responses=answer(answers.Picture, 404))
def restore(id: str, service: TheService, owner: Owner) -> dict[str, Any]:
    """Bring a picture back from the trash."""
    return picture_told(service.store.restore(id, owner=owner))


@router.delete("/trash", responses=answer(answers.Removed))
def empty_trash(service: TheService, owner: Owner) -> dict[str, int]:
    """Delete what is in the trash for good."""
    return {"removed": service.store.empty_trash(owner=owner)}


@router.get("/pictures/{id}/file", responses={**_FILE, **_LOST}, response_class=FileResponse)
def file(id: str, request: HttpRequest, service: TheService, owner: Owner, download: bool = False) -> Response:
    """Give the file, with ETag and ranges; `download=1` offers it for saving."""
    found = service.store.get(id, owner=owner)
    path = file_of(service, found)
    etag = f'"{found.id}-{found.bytes}"'
    headers = {"ETag": etag, "Cache-Control": _FOREVER}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        path,
        media_type=find_format(found.format).mime,
        headers=headers,
        filename=path.name if download else None,
    )


@router.get(
    "/pictures/{id}/thumbnail",
    responses={200: {"content": {THUMBNAIL_MIME: {}}, "description": "the picture"}, **_LOST},
    response_class=Response,
)
def thumbnail(
    id: str, service: TheService, owner: Owner, size: Annotated[int, Query(ge=16, le=1024)] = 256
) -> Response:
    """Give a small picture."""
    return Response(
        service.store.thumbnail(id, size, owner=owner),
        media_type=THUMBNAIL_MIME,
        headers={"Cache-Control": _FOREVER},
    )


def file_of(service: Service, picture: Picture) -> Path:
    """Tell where a picture's file is.

    Raises
    ------
    Refusal
        404 where it is gone.
    """
    path = (service.store.folder / picture.file).resolve()
    if not path.is_relative_to(service.store.folder.resolve()) or not path.is_file():
        raise Refusal(404, f"the file of picture '{picture.id}' is not there any more")
    return path


def _recipe(service: Service, picture: Picture) -> Recipe | None:
    try:
        return open_recipe(file_of(service, picture))
    except RecipeError:
        return None
