"""`/catalogue`, `/downloads`, `/folders`: models that can be had, are on their way, or lie with other programs."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from ...models import folders
from ...models.catalogue import OfferKind, catalogue
from ...models.downloads import Download, State, read_source
from ...models.info import FamilyName
from ...models.provenance import provenance_of
from ..errors import Refusal
from ..service import Owner, Service, TheService
from .bodies import PROBLEM, Body

router = APIRouter(tags=["downloads"])


class Offered(BaseModel):
    """A row of the catalogue; `installed` is the name that it has here."""

    name: str
    title: str
    kind: OfferKind
    hub: str
    file: str | None
    family: FamilyName
    inpaint: bool
    size_bytes: int = Field(description="rounded; a download asks for the exact size before it begins")
    licence: str
    licence_url: str
    good_for: list[str]
    about: str
    about_ru: str
    advice: dict[str, Any] = Field(description="fields of the request that it is made for")
    installed: str | None


class NewDownload(Body):
    """What is to be fetched."""

    source: str = Field(max_length=4000, description="name of the catalogue, owner/name on the hub, or https address")
    file: str | None = Field(None, max_length=300, description="the one file of a repository that is wanted")
    revision: str | None = Field(None, max_length=100, description="branch, tag or commit on the hub")


class DownloadTold(BaseModel):
    """A download: where it comes from, how far it is, how it ended."""

    id: str
    source: str
    name: str | None = Field(description="what it is called in the catalogue")
    state: State
    received: int
    total: int | None
    bytes_per_second: float | None
    seconds_left: float | None
    error: str | None
    created: float
    model: str | None = Field(description="name of what has arrived")


class FolderTold(BaseModel):
    """A folder of models: of this server, added to it, or found with another program."""

    path: str
    application: str | None = Field(description="the program whose folder it is")
    models: int | None = Field(description="files that were counted in it")
    used: bool
    added: bool = Field(description="it was added here, and can be left out again")


class NewFolder(Body):
    """A folder that was found, and that is to be looked through from now on."""

    path: str = Field(max_length=4000)


@router.get("/catalogue", response_model=list[Offered])
def offers(service: TheService) -> list[dict[str, Any]]:
    """List well-known models that can be fetched."""
    here = _installed(service)
    return [{**vars(offer), "installed": here.get(offer.name)} for offer in catalogue()]


@router.get("/downloads", response_model=list[DownloadTold])
def downloads(service: TheService) -> list[dict[str, Any]]:
    """List downloads that wait, run or have stopped, and those done since the server started; newest first."""
    return [_told(download) for download in service.downloads.list()]


@router.post("/downloads", status_code=202, response_model=DownloadTold, responses={403: PROBLEM, 422: PROBLEM})
def start(body: NewDownload, service: TheService, owner: Owner) -> Response:
    """Begin a download; one that is known already goes on."""
    _check_allowed(owner)
    told = _told(service.downloads.start(read_source(body.source, file=body.file, revision=body.revision)))
    return JSONResponse(told, 202, headers={"Location": f"/api/v1/downloads/{told['id']}"})


@router.get("/downloads/{id}", response_model=DownloadTold, responses={404: PROBLEM})
def download(id: str, service: TheService) -> dict[str, Any]:
    """Give one download."""
    return _told(service.downloads.get(id))


@router.post("/downloads/{id}/pause", response_model=DownloadTold, responses={403: PROBLEM, 404: PROBLEM})
def pause(id: str, service: TheService, owner: Owner) -> dict[str, Any]:
    """Stop a download and keep what has arrived."""
    _check_allowed(owner)
    return _told(service.downloads.pause(id))


@router.post("/downloads/{id}/resume", response_model=DownloadTold, responses={403: PROBLEM, 404: PROBLEM})
def resume(id: str, service: TheService, owner: Owner) -> dict[str, Any]:
    """Go on with a download that was paused or failed."""
    _check_allowed(owner)
    return _told(service.downloads.resume(id))


@router.delete("/downloads/{id}", status_code=204, responses={403: PROBLEM, 404: PROBLEM})
def cancel(id: str, service: TheService, owner: Owner) -> None:
    """Stop a download and remove what has arrived; one that is done is taken off the list."""
    _check_allowed(owner)
    service.downloads.cancel(id)


@router.get("/folders", response_model=list[FolderTold], responses={403: PROBLEM})
def list_folders(service: TheService, owner: Owner) -> list[dict[str, Any]]:
    """List the folders that are looked through, and those of other programs that were found on this machine."""
    _check_allowed(owner)
    own = service.downloads.folder
    added = folders.added(own)
    found = {one.path: one for one in folders.find_folders()}
    used = folders.look_in([*service.settings.models, own])
    rows = list(dict.fromkeys([*used, *found]))
    return [
        {
            "path": str(path),
            "application": found[path].application if path in found else None,
            "models": found[path].models if path in found else None,
            "used": path in used,
            "added": path in added,
        }
        for path in rows
    ]


@router.post("/folders", status_code=204, responses={403: PROBLEM, 422: PROBLEM})
def add_folder(body: NewFolder, service: TheService, owner: Owner) -> None:
    """Look from now on through a folder that was found; nothing is copied."""
    _check_allowed(owner)
    path = next((one.path for one in folders.find_folders() if str(one.path) == body.path), None)
    if path is None:
        raise Refusal(
            422, f"path: '{body.path[:200]}' is none of the folders that were found; start with --models for it"
        )
    folders.add(service.downloads.folder, path)
    service.refresh()


@router.delete("/folders", status_code=204, responses={403: PROBLEM})
def leave_out(path: Annotated[str, Query(max_length=4000)], service: TheService, owner: Owner) -> None:
    """Look no more through a folder that was added; nothing in it is touched."""
    _check_allowed(owner)
    folders.remove(service.downloads.folder, Path(path))
    service.refresh()


def _check_allowed(owner: str) -> None:
    """Let only who runs the server change its disk, where it has users."""
    if owner:
        raise Refusal(403, "only who shows the server's own --token may do this, not its users")


def _told(download: Download) -> dict[str, Any]:
    place = download.place
    return {
        "id": download.id,
        "source": download.source.label,
        "name": download.source.name,
        "state": download.state,
        **vars(download.progress()),
        "error": download.error,
        "created": download.created,
        "model": None if place is None else place.name.removesuffix(".safetensors"),
    }


def _installed(service: Service) -> dict[str, str]:
    """Give the names under which offers of the catalogue are here, by their names there."""
    places = [info.path for info in service.studio.models()]
    places += [one.path for one in service.studio.networks()] + list(service.incoming.vaes().values())
    origins = {origin.source: path for path in places if (origin := provenance_of(path)) is not None}
    sources = {offer.name: read_source(offer.name).label for offer in catalogue()}
    return {
        name: origins[source].name.removesuffix(".safetensors") for name, source in sources.items() if source in origins
    }
