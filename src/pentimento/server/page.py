"""The studio's page and the guide: what was built into the package, if it is there."""

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from .errors import Refusal

FOLDER = Path(__file__).parents[1] / "web"
GUIDE = Path(__file__).parents[1] / "guide"
_ALWAYS_ASK = {"Cache-Control": "no-cache"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain",
}
_WITHOUT_BUNDLE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Pentimento</title>
<h1>Pentimento</h1><p>The server runs; the studio's page is not part of this build.
The APIs: <a href="/api/v1/openapi.json">/api/v1</a>, /sdapi/v1, /v1.</p></html>"""


def router(folder: Path, guide: Path) -> APIRouter:
    """Serve a built bundle: names under `assets/` hold a hash of their content and may be kept for ever.

    Parameters
    ----------
    guide : its pages, served under `guide/`
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    @routes.head("/")
    def index() -> Response:
        page = folder / "index.html"
        if not page.is_file():
            return HTMLResponse(_WITHOUT_BUNDLE, headers=_ALWAYS_ASK)
        return FileResponse(page, media_type="text/html", headers=_ALWAYS_ASK)

    @routes.get("/guide")
    @routes.get("/guide/")
    def guide_index() -> Response:
        return RedirectResponse("/guide/en/index.html")

    @routes.get("/{path:path}")
    @routes.head("/{path:path}")
    def file(path: str, request: Request) -> Response:
        inner = path.removeprefix("guide/")
        found = _found(folder if inner == path else guide, inner)
        if found is None:
            raise NoRoute(404, f"there is nothing at {request.url.path[:200]}")
        kind = _TYPES[found.suffix]
        return FileResponse(found, media_type=kind, headers=_FOREVER if path.startswith("assets/") else _ALWAYS_ASK)

    return routes


def _found(folder: Path, path: str) -> Path | None:
    """Find a file of the bundle; None for all that lies outside of it or is of another kind."""
    try:
        found = (folder / path).resolve()
        there = found.is_relative_to(folder.resolve()) and found.suffix in _TYPES and found.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return None
    return found if there else None


class NoRoute(Refusal):
    """No route has this path."""
