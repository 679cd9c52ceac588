"""Bytes over HTTP into a file: going on where it stopped, refusing what is not the file."""

import os
import re
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DownloadError

if TYPE_CHECKING:
    import httpx

    from .sources import Part

_CHUNK = 2**18
_REDIRECTS = 6
_TRIES = 5
_LONGEST_PAUSE = 15.0
_REDIRECTING = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_WHOLE = re.compile(r"bytes \*/(\d+)")
_GATED = "GatedRepo"


Allowed = Callable[[str], bool]


class Stopped(Exception):
    """Somebody wants the transfer to stop; what has arrived stays."""


class Broken(Exception):
    """The connection broke, or the server is not well: it may be tried again."""


@dataclass(frozen=True)
class Route:
    """How files of one source are asked for.

    Attributes
    ----------
    label : the source as it is shown
    headers : sent to the first host only, as they may hold a token
    trusted : hosts that may be asked without https
    page : where a person may accept terms
    allowed : which numeric addresses may be connected to; None = all
    """

    label: str
    headers: Mapping[str, str] = field(repr=False)
    trusted: frozenset[str] = frozenset()
    page: str | None = None
    allowed: Allowed | None = None

    def check(self, url: "httpx.URL") -> None:
        """Refuse an address that is neither https, nor of this machine, nor trusted.

        Raises
        ------
        DownloadError
        """
        local = url.host in ("127.0.0.1", "::1", "localhost")
        plain = url.scheme == "http" and (local or url.netloc.decode() in self.trusted)
        if url.scheme != "https" and not plain:
            raise DownloadError(f"'{self.label}' leads to {url.scheme}://{url.host}; only https addresses are fetched")

    def request(self, url: "httpx.URL", headers: Mapping[str, str]) -> dict[str, Any]:
        """Give the arguments of a request; where addresses are limited, it goes to the one that was checked.

        Raises
        ------
        DownloadError
            Where the name leads to an address that is not allowed.
        Broken
            Where it leads nowhere.
        """
        self.check(url)
        if self.allowed is None:
            return {"url": url, "headers": headers}
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Broken(f"{url.host} cannot be found") from error
        addresses = sorted({str(row[4][0]) for row in found})
        if not all(map(self.allowed, addresses)):
            raise DownloadError(f"'{self.label}' leads to {url.host}, which is not on the public internet")
        pinned = url.copy_with(host=addresses[0], port=port)
        own = {**headers, "Host": url.netloc.decode()}
        return {"url": pinned, "headers": own, "extensions": {"sni_hostname": url.host}}


def bring(
    part: "Part",
    file: Path,
    route: Route,
    *,
    client: "httpx.Client",
    stop: threading.Event,
    on_bytes: Callable[[int], None],
) -> None:
    """Bring a part into a file, behind what is there already.

    Parameters
    ----------
    on_bytes : told how many bytes of the part are there

    Raises
    ------
    Stopped
        Where `stop` was set.
    DownloadError
        Where it cannot be had; what has arrived stays.
    """
    import httpx

    failures = 0
    while not _is_whole(part, file):
        before = _size(file)
        try:
            _stream(part, file, route, client, stop, on_bytes)
            if part.size is None:
                return
        except (httpx.TransportError, Broken) as error:
            failures = 1 if _size(file) > before else failures + 1
            if failures == _TRIES:
                what = str(error) if isinstance(error, Broken) else f"the connection broke ({type(error).__name__})"
                raise DownloadError(
                    f"'{route.label}': {what}; what has arrived is kept: resume when the network is back"
                ) from error
            if stop.wait(min(_LONGEST_PAUSE, 0.25 * 2**failures)):
                raise Stopped from error


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _is_whole(part: "Part", file: Path) -> bool:
    have = _size(file)
    if part.size is not None and have > part.size:  # of another version: from the start
        file.unlink()
        return False
    return file.exists() and have == part.size


def _stream(
    part: "Part",
    file: Path,
    route: Route,
    client: "httpx.Client",
    stop: threading.Event,
    on_bytes: Callable[[int], None],
) -> None:
    have = _size(file)
    with opened(client, part.url, route, start=have, etag=part.etag) as response:
        if response.status_code == 200:
            have = 0  # it does not know ranges, or has another version now
        told = whole_size(response)
        if part.size is not None and told is not None and told != part.size:
            raise DownloadError(
                f"'{route.label}' has {told} bytes where {part.size} were expected: it has changed; cancel this"
                " download and begin again"
            )
        most = part.size or told
        with file.open("ab" if have else "wb") as out:
            for chunk in response.iter_raw(_CHUNK):
                have += len(chunk)
                if most is not None and have > most:
                    raise DownloadError(f"'{route.label}' sends more than the {most} bytes that it told of")
                out.write(chunk)
                on_bytes(have)
                if stop.is_set():
                    raise Stopped
            out.flush()
            os.fsync(out.fileno())
    if part.size is not None and have < part.size:
        raise Broken("the server ended before the file did")


@contextmanager
def opened(
    client: "httpx.Client", url: str, route: Route, *, start: int, end: int | None = None, etag: str | None = None
) -> "Generator[httpx.Response]":
    """Ask for a file from a byte on; follows redirects, and keeps the source's headers from other hosts.

    Raises
    ------
    DownloadError
        Where the answer is a refusal.
    Broken
        Where it may be tried again.
    """
    import httpx

    headers = {**route.headers, "Accept-Encoding": "identity"}
    if start or end is not None:
        headers["Range"] = f"bytes={start}-{'' if end is None else end}"
        if etag and start:
            headers["If-Range"] = etag
    target, first = httpx.URL(url), httpx.URL(url).netloc
    for _ in range(_REDIRECTS):
        with client.stream("GET", **route.request(target, headers)) as response:
            if response.status_code in _REDIRECTING and "location" in response.headers:
                target = target.join(response.headers["location"])
                if target.netloc != first:
                    headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
                continue
            _check_answer(response, route, start)
            yield response
            return
    raise DownloadError(f"'{route.label}' leads from address to address without an end")


def whole_size(response: "httpx.Response") -> int | None:
    """Read how many bytes the whole file has, where the answer tells."""
    if found := _RANGE.match(response.headers.get("content-range", "")):
        return None if found[2] == "*" else int(found[2])
    told = response.headers.get("content-length", "")
    return int(told) if told.isdigit() and response.status_code == 200 else None


def _check_answer(response: "httpx.Response", route: Route, start: int) -> None:
    status = response.status_code
    if status in (200, 206):
        if response.headers.get("content-type", "").startswith("text/html"):
            raise DownloadError(f"'{route.label}' is a web page: the download needs a login, or the address is wrong")
        found = _RANGE.match(response.headers.get("content-range", ""))
        if status == 206 and (found is None or int(found[1]) != start):
            raise Broken("the server sends another part of the file than was asked for")
        return
    if status in _PASSING:
        raise Broken(f"the server answers {status} {response.reason_phrase}")
    if status == 416 and (whole := _WHOLE.match(response.headers.get("content-range", ""))):
        raise DownloadError(
            f"'{route.label}' has only {whole[1]} bytes: it has changed; cancel this download and begin again"
        )
    raise DownloadError(_refusal(status, response.headers.get("x-error-code", ""), route))


def _refusal(status: int, code: str, route: Route) -> str:
    if code == _GATED or (status in (401, 403) and route.page):
        return gated(route.label, str(route.page))
    if status in (401, 403):
        return f"'{route.label}' needs a login ({status}): add the site's token to the address, as ?token=..."
    if status in (404, 410):
        return f"there is nothing at '{route.label}' ({status}); check the address"
    return f"'{route.label}' is not given out: the server answers {status}"


def gated(label: str, page: str) -> str:
    """Say what to do about a model whose terms must be accepted."""
    return (
        f"'{label}' is given only to those who accept its terms: open {page}, accept them there, and set HF_TOKEN to"
        " your token of the hub"
    )
