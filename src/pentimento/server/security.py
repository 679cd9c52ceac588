"""Who may come in: names of the server, origins, tokens, size of a body; and headers for the page."""

import base64
import binascii
import hmac
import ipaddress
import socket
from collections.abc import Iterable, Iterator
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import Refusal
from .settings import LOOPBACK, Settings

COOKIE = "pentimento"
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    ),
}


class Guard:
    """Middleware that lets in whom the settings let in, and says who it is.

    The owner (name of the user, "" where there are none) is left in `scope["state"]["owner"]`.

    Raises
    ------
    Refusal
        To the middleware around it: 421 a foreign host, 403 a foreign origin, 401 no token, 413 too large.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._hosts = LOOPBACK | settings.hosts | {settings.host, socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        self._check_host(headers)
        self._check_origin(scope["method"], headers)
        if token := self._offered_in_address(scope):
            await self._let_in_by_cookie(token, scope, receive, send)
            return
        scope.setdefault("state", {})["owner"] = self._owner(scope["path"], headers)
        limited = _limited(receive, headers, self._settings.bounds.body_bytes)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    found.setdefault(name, value)
            await send(message)

        await self._app(scope, limited, send_with_headers)

    def _check_host(self, headers: Headers) -> None:
        """Refuse a name that is not ours: another page's name may have been made to lead here (DNS rebinding)."""
        host = _host_name(headers.get("host", ""))
        if host not in self._hosts and not _is_address(host):
            raise Refusal(421, f"the server is not called '{host[:100]}'; start it with --allow-host {host[:100]}")

    def _check_origin(self, method: str, headers: Headers) -> None:
        """Refuse what another site's page posts: browsers say where a request comes from, programs do not."""
        if method in _READING:
            return
        origin = headers.get("origin")
        if origin is not None:
            if origin in self._settings.cors_origins or urlsplit(origin).netloc == headers.get("host"):
                return
            raise Refusal(403, f"pages of {origin[:100]} may not do this; start the server with --cors-origin")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refusal(403, "another site's page may not do this; start the server with --cors-origin")

    def _owner(self, path: str, headers: Headers) -> str:
        settings = self._settings
        if path in OPEN_PATHS or (settings.token is None and not settings.users):
            return ""
        for name, token in _credentials(headers):
            owner = self._known(token)
            if owner is not None and (name is None or not settings.users or name == owner):
                return owner
        raise Refusal(
            401,
            "a token is needed: 'Authorization: Bearer TOKEN', or as the password of HTTP Basic, or once /?token=TOKEN",
            headers={"WWW-Authenticate": 'Basic realm="Pentimento", charset="UTF-8"'},
        )

    def _known(self, token: str) -> str | None:
        """Find whose token it is; every known one is compared, in constant time."""
        known = [("", self._settings.token)] if self._settings.token else []
        known += [(user, own) for own, user in self._settings.users.items()]
        found = [user for user, own in known if hmac.compare_digest(own.encode(), token.encode())]
        return found[0] if found else None

    def _offered_in_address(self, scope: Scope) -> str | None:
        if scope["path"] != "/" or not scope["query_string"]:
            return None
        return parse_qs(scope["query_string"].decode("latin-1")).get("token", [None])[0]

    async def _let_in_by_cookie(self, token: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer `GET /?token=...` with the cookie, and lead to the page without the token in its address."""
        response = RedirectResponse("/", 303, headers={"Cache-Control": "no-store", **_HEADERS})
        if self._known(token) is not None:
            response.set_cookie(COOKIE, token, httponly=True, samesite="strict", max_age=365 * 86400)
        await response(scope, receive, send)


def _limited(receive: Receive, headers: Headers, most: int) -> Receive:
    """Count a body's bytes while they come, whatever its headers say."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise _too_large(most)
        return message

    return limited


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"the body is larger than {most} bytes; send pictures as uploads, one at a time")


def _host_name(header: str) -> str:
    """Take the port off; brackets of an IPv6 address too."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.rsplit(":", 1)[0].lower() if ":" in header else header.lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _credentials(headers: Headers) -> Iterator[tuple[str | None, str]]:
    """Give what was shown: (user's name where one was told, token)."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        yield None, value.strip()
    elif kind.lower() == "basic":
        try:
            name, _, token = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return
        yield name, token
    yield from ((None, token) for token in _cookies(headers.getlist("cookie")))


def _cookies(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        try:
            found = SimpleCookie(line).get(COOKIE)
        except CookieError:
            continue
        if found is not None:
            yield found.value
