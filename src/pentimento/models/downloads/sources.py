"""Where a model may come from, and what it consists of there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from ... import __version__
from ...errors import DownloadError
from ..catalogue import OfferKind, catalogue, find_offer
from ..header import PICKLES
from ..hub import HUB_ID, endpoint, files_to_fetch
from .transfer import Allowed, Route, gated, opened, whole_size

_SAFE = re.compile(r"[^\w.()+-]+")
_ENDING = ".safetensors"
_OFFLINE = "'{}' cannot be fetched: HF_HUB_OFFLINE is set; unset it, or copy the model here"
_NAMED = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """What somebody asked for.

    Attributes
    ----------
    name : what it is to be called here; None = as it is called there
    hub : `owner/name` on the hub
    file : the one file of that repository
    revision : branch, tag or commit of it
    url : address of a file; may hold a secret, so `label` is what is shown
    """

    name: str | None = None
    hub: str | None = None
    file: str | None = None
    revision: str | None = None
    url: str | None = None
    kind: OfferKind = "model"
    licence: str | None = None

    @property
    def label(self) -> str:
        """The source without what may be secret."""
        if self.url is not None:
            parts = urlsplit(self.url)
            return f"{parts.scheme}://{parts.hostname}{parts.path}"
        return f"{self.hub}/{self.file}" if self.file else str(self.hub)


@dataclass(frozen=True)
class Part:
    """One file: where it goes inside the model, where it is, how large it must be and what its SHA-256."""

    path: str
    url: str
    size: int | None
    sha256: str | None = None
    etag: str | None = None


@dataclass(frozen=True)
class Shipment:
    """What a source consists of.

    Attributes
    ----------
    name : relative path of the folder that the parts make, or of the one file
    """

    name: str
    is_folder: bool
    parts: tuple[Part, ...]
    revision: str | None = None
    licence: str | None = None

    @property
    def total(self) -> int | None:
        """Bytes of all parts; None where one does not tell."""
        sizes = [part.size for part in self.parts]
        return None if None in sizes else sum(cast(list[int], sizes))


def read_source(text: str, *, file: str | None = None, revision: str | None = None) -> Source:
    """Understand a name of the catalogue, `owner/name` on the hub, or the address of a `.safetensors` file.

    Raises
    ------
    DownloadError
        Where it is none of these.
    """
    word = text.strip()
    if (offer := find_offer(word)) is not None:
        chosen = file or offer.file
        return Source(offer.name, offer.hub, chosen, revision, kind=offer.kind, licence=offer.licence)
    if file is not None:
        _check_ending(file, file)
    if "://" in word:
        return _of_url(word)
    if HUB_ID.fullmatch(word):
        return Source(hub=word, file=file, revision=revision)
    raise DownloadError(
        f"'{word[:100]}' is no name of the catalogue ({', '.join(offer.name for offer in catalogue())}), no owner/name"
        " on the hub, and no https address of a .safetensors file"
    )


def _of_url(url: str) -> Source:
    import httpx

    try:
        source = Source(url=url)
        Route(source.label, {}).check(httpx.URL(url))
    except (httpx.InvalidURL, ValueError) as error:
        raise DownloadError(f"'{url[:100]}' is no address ({error})") from error
    return source


def resolve(source: Source, route: Route) -> Shipment:
    """Ask the source what it consists of.

    Raises
    ------
    DownloadError
        Where it cannot be reached, does not have it, or does not give it; says what to do.
    """
    return _of_hub(source) if source.hub is not None else _of_address(source, route)


def route_of(source: Source, allowed: Allowed | None = None) -> Route:
    """Say how a source's files are asked for.

    Parameters
    ----------
    allowed : which numeric addresses a source that is no hub's may be at; None = all

    Raises
    ------
    DownloadError
        Where the environment forbids the hub.
    """
    if source.hub is None:
        return Route(source.label, {"User-Agent": f"pentimento/{__version__}"}, allowed=allowed)
    from huggingface_hub import constants, utils

    if constants.HF_HUB_OFFLINE:
        raise DownloadError(_OFFLINE.format(source.hub))
    headers = cast(Any, utils).build_hf_headers(library_name="pentimento", library_version=__version__)
    trusted = frozenset({urlsplit(endpoint()).netloc})
    return Route(source.label, headers, trusted=trusted, page=f"{endpoint()}/{source.hub}")


def _of_hub(source: Source) -> Shipment:
    info = _ask_hub(source)
    files: Mapping[str, Any] = {found.rfilename: found for found in info.siblings or ()}
    commit = str(info.sha)
    owner_and_name = cast(str, source.hub)
    wanted = (_one_file(source, files),) if source.file else files_to_fetch(files)
    is_folder = not source.file
    if not wanted:
        wanted, is_folder = (_only_file(source, files),), False
    if is_folder:
        _check_complete(source, wanted)
    return Shipment(
        name=_name_here(source, owner_and_name if is_folder else PurePosixPath(wanted[0]).name, is_folder=is_folder),
        is_folder=is_folder,
        parts=tuple(_hub_part(owner_and_name, commit, files[name], is_folder=is_folder) for name in wanted),
        revision=commit,
        licence=source.licence or _licence(info),
    )


def _hub_part(hub: str, commit: str, found: Any, *, is_folder: bool) -> Part:
    from huggingface_hub import hf_hub_url

    name = cast(str, found.rfilename)
    return Part(
        path=name if is_folder else PurePosixPath(name).name,
        url=hf_hub_url(hub, name, revision=commit, endpoint=endpoint()),
        size=found.size,
        sha256=found.lfs.sha256 if found.lfs else None,
    )


def _ask_hub(source: Source) -> Any:
    from huggingface_hub import HfApi, errors

    hub, page = source.hub, f"{endpoint()}/{source.hub}"
    try:
        return cast(Any, HfApi(endpoint=endpoint())).model_info(
            hub, revision=source.revision, files_metadata=True, timeout=20
        )
    except errors.GatedRepoError as error:
        raise DownloadError(gated(str(hub), page)) from error
    except errors.RevisionNotFoundError as error:
        raise DownloadError(f"'{hub}' has no revision '{source.revision}'; see {page}") from error
    except errors.RepositoryNotFoundError as error:
        raise DownloadError(
            f"the hub has no model '{hub}', or it is private; check the name, or set HF_TOKEN to a token that may read"
            " it"
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise DownloadError(_OFFLINE.format(hub)) from error
    except errors.HfHubHTTPError as error:
        raise DownloadError(f"the hub does not give out '{hub}': {str(error).strip().splitlines()[0]}") from error
    except errors.HFValidationError as error:
        raise DownloadError(f"'{hub}' is not a valid name on the hub; expected owner/name") from error
    except (errors.HTTPError, OSError, ValueError) as error:  # pyright: ignore[reportPrivateImportUsage]  of its transport
        raise DownloadError(
            f"the hub at {endpoint()} cannot be reached ({type(error).__name__}): check the network, or set"
            " HF_ENDPOINT to a mirror; models that are here work without it"
        ) from error


def _one_file(source: Source, files: Mapping[str, Any]) -> str:
    wanted = cast(str, source.file)
    if wanted in files:
        return wanted
    known = ", ".join(_weights(files)) or "none"
    raise DownloadError(f"'{source.hub}' has no file '{wanted}'; its .safetensors files: {known}")


def _only_file(source: Source, files: Mapping[str, Any]) -> str:
    """Choose the one weights' file of a repository that is no diffusers folder."""
    found = _weights(files)
    if len(found) == 1:
        return found[0]
    if found:
        raise DownloadError(f"'{source.hub}' has several models; name one of its files: {', '.join(found)}")
    if any(PurePosixPath(name).suffix in PICKLES for name in files):
        raise DownloadError(
            f"'{source.hub}' has only pickles, which can run any program when they are opened; look for a .safetensors"
            " version of it"
        )
    raise DownloadError(f"'{source.hub}' holds no .safetensors model")


def _weights(files: Mapping[str, Any]) -> Sequence[str]:
    return [name for name in files if name.endswith(_ENDING) and "/" not in name]


def _check_complete(source: Source, wanted: Sequence[str]) -> None:
    """Refuse a diffusers folder that lacks a part, or has it as a pickle or in pieces only."""
    parts = {PurePosixPath(name).parent.name for name in wanted if name.endswith("/config.json")}
    whole = {PurePosixPath(name).parent.name for name in wanted if name.endswith(_ENDING)}
    if missing := sorted(({"unet", "vae", "text_encoder"} | parts) - whole):
        raise DownloadError(
            f"'{source.hub}' has no single .safetensors file for {', '.join(missing)}; wanted is a model of Stable"
            " Diffusion 1, 2 or XL, whose parts are such files"
        )


def _licence(info: Any) -> str | None:
    tags: Sequence[str] = info.tags or ()
    return next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), None)


def _of_address(source: Source, route: Route) -> Shipment:
    """Ask for one byte of a file: its size, and what it is called, come with it."""
    import httpx

    url = cast(str, source.url)
    with httpx.Client(timeout=httpx.Timeout(20)) as client, opened(client, url, route, start=0, end=0) as response:
        told = _NAMED.search(response.headers.get("content-disposition", ""))
        name = unquote(told[1]) if told else unquote(PurePosixPath(urlsplit(url).path).name)
        _check_ending(name, source.label)
        size, etag = whole_size(response), response.headers.get("etag")
    file = PurePosixPath(name.replace("\\", "/")).name
    return Shipment(
        name=_name_here(source, file, is_folder=False),
        is_folder=False,
        parts=(Part(_clean(file), url, size, etag=etag),),
    )


def _check_ending(name: str, label: str) -> None:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in PICKLES:
        raise DownloadError(
            f"'{label}' is a pickle ({suffix}), which can run any program; look for a .safetensors file"
        )
    if suffix != _ENDING:
        raise DownloadError(f"'{label}' is no .safetensors file but '{name[:60]}'; give the address of the file itself")


def _name_here(source: Source, there: str, *, is_folder: bool) -> str:
    if source.name is None:
        return "/".join(_clean(part) for part in there.split("/"))
    return source.name if is_folder else source.name + _ENDING


def _clean(name: str) -> str:
    """Keep of a foreign name what may be a file's name anywhere."""
    return _SAFE.sub("_", name).lstrip(".") or "model" + _ENDING
