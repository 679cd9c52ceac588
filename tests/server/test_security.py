"""Who may come in, and what may come in: hosts, origins, tokens, users, sizes, bombs, paths, addresses."""

import base64
import contextlib
import http.server
import io
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from pentimento.errors import ImageError
from pentimento.server import page
from pentimento.server.app import build_app
from pentimento.server.errors import Refusal
from pentimento.server.fetching import fetch_public
from pentimento.server.incoming import check_picture
from pentimento.server.settings import Bounds, Settings
from tests.jobs.free import FreeStudio, ThreadExecutor

ANNA, BORIS = "anna-has-a-long-token", "boris-has-a-long-token"
JOB = {"request": {"prompt": "x", "width": 64, "height": 64, "steps": 3, "seed": 1}}


@contextlib.contextmanager
def opened(folder: Path, seconds: float = 0.0, **settings: Any) -> Iterator[TestClient]:
    """Serve in this process, with a network that costs so many seconds a call."""
    executor = ThreadExecutor(FreeStudio(data=str(folder / "inputs"), seconds=seconds))
    app = build_app(Settings(data=folder, **settings), executor)
    with TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_only_its_own_names_are_heeded(tmp_path: Path) -> None:
    with opened(tmp_path, hosts=frozenset({"studio.example"})) as client:
        for host in ("127.0.0.1:7860", "localhost", "LOCALHOST:1", "[::1]:7860", "192.168.1.5:7860", "studio.example"):
            assert client.get("/api/v1/server", headers={"Host": host}).status_code == 200, host
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7860", "", "[evil]"):
            refused = client.get("/api/v1/server", headers={"Host": host})
            assert refused.status_code == 421 and "version" not in refused.text, host


def test_pages_of_other_sites_cannot_post(tmp_path: Path) -> None:
    with opened(tmp_path, cors_origins=("https://friend.example",)) as client:
        post = lambda headers: client.post("/api/v1/jobs", json=JOB, headers=headers).status_code  # noqa: E731
        assert post({}) == 202
        assert post({"Origin": "http://127.0.0.1:7860", "Sec-Fetch-Site": "same-origin"}) == 202
        assert post({"Origin": "https://friend.example", "Sec-Fetch-Site": "cross-site"}) == 202
        for origin in ("http://evil.example", "null", "http://127.0.0.1:8000", "https://friend.example.evil.example"):
            assert post({"Origin": origin}) == 403, origin
        assert post({"Sec-Fetch-Site": "cross-site"}) == 403
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        allowed = client.options("/api/v1/jobs", headers={"Origin": "https://friend.example", **asked})
        assert allowed.headers["access-control-allow-origin"] == "https://friend.example"
        other = client.options("/api/v1/jobs", headers={"Origin": "http://evil.example", **asked})
        assert "access-control-allow-origin" not in other.headers


def test_without_its_token_nothing_is_told(tmp_path: Path) -> None:
    with opened(tmp_path, host="0.0.0.0", token=ANNA) as client:
        for path in ("/", "/api/v1/server", "/sdapi/v1/options", "/v1/models", "/metrics", "/api/v1/openapi.json"):
            refused = client.get(path)
            assert refused.status_code == 401 and "Basic" in refused.headers["www-authenticate"], path
        assert client.get("/healthz").status_code == 200
        basic = base64.b64encode(f"anybody:{ANNA}".encode()).decode()
        for headers in (bearer(ANNA), {"Authorization": f"Basic {basic}"}, {"Cookie": f"pentimento={ANNA}"}):
            assert client.get("/api/v1/server", headers=headers).status_code == 200
        wrong = [
            "Bearer",
            "Bearer x",
            f"Bearer {ANNA[:-1]}",
            "Basic !!!",
            "Basic " + base64.b64encode(b"\xff").decode(),
        ]
        for value in wrong:
            assert client.get("/api/v1/server", headers={"Authorization": value}).status_code == 401, value


def test_a_link_with_the_token_becomes_a_cookie(tmp_path: Path) -> None:
    with opened(tmp_path, token=ANNA) as client:
        answer = client.get("/", params={"token": ANNA})
        cookie = answer.headers["set-cookie"].lower()
        assert answer.status_code == 303 and answer.headers["location"] == "/"
        assert "httponly" in cookie and "samesite=strict" in cookie
        assert client.get("/").status_code == 200
    with opened(tmp_path, token=ANNA) as client:
        assert "set-cookie" not in client.get("/", params={"token": "wrong"}).headers


def test_users_do_not_see_each_other(tmp_path: Path) -> None:
    with opened(tmp_path, seconds=0.002, users={ANNA: "anna", BORIS: "boris"}) as client:
        made = client.post("/sdapi/v1/txt2img", json={**JOB["request"], "save_images": True}, headers=bearer(ANNA))
        assert made.status_code == 200
        (job,) = client.get("/api/v1/jobs", headers=bearer(ANNA)).json()
        picture = job["pictures"][0]["id"]
        for path in (
            f"jobs/{job['id']}",
            f"jobs/{job['id']}/events",
            f"pictures/{picture}",
            f"pictures/{picture}/file",
        ):
            assert client.get(f"/api/v1/{path}", headers=bearer(ANNA)).status_code == 200, path
            assert client.get(f"/api/v1/{path}", headers=bearer(BORIS)).status_code == 404, path
        assert client.get(f"/api/v1/pictures/{picture}/thumbnail", headers=bearer(BORIS)).status_code == 404
        assert client.delete(f"/api/v1/pictures/{picture}", headers=bearer(BORIS)).status_code == 404
        assert client.patch(f"/api/v1/pictures/{picture}", json={}, headers=bearer(BORIS)).status_code == 404
        assert client.get("/api/v1/jobs", headers=bearer(BORIS)).json() == []
        assert client.get("/api/v1/pictures", headers=bearer(BORIS)).json()["pictures"] == []
        long = {"request": {**JOB["request"], "steps": 1000, "batch_count": 3}}
        running = client.post("/api/v1/jobs", json=long, headers=bearer(ANNA)).json()["id"]
        assert client.delete(f"/api/v1/jobs/{running}", headers=bearer(BORIS)).status_code == 404
        client.post("/sdapi/v1/interrupt", headers=bearer(BORIS))
        assert client.get("/sdapi/v1/progress", headers=bearer(BORIS)).json()["progress"] == 0
        assert client.get(f"/api/v1/jobs/{running}", headers=bearer(ANNA)).json()["state"] in ("queued", "running")
        client.post("/sdapi/v1/options", json={"mine": 1}, headers=bearer(ANNA))
        assert "mine" not in client.get("/sdapi/v1/options", headers=bearer(BORIS)).json()
        client.delete(f"/api/v1/jobs/{running}", headers=bearer(ANNA))
        named = base64.b64encode(f"boris:{ANNA}".encode()).decode()
        assert client.get("/api/v1/jobs", headers={"Authorization": f"Basic {named}"}).status_code == 401


def test_what_is_too_large_is_refused_whatever_it_says_of_itself(tmp_path: Path) -> None:
    bounds = Bounds(upload_bytes=1000, body_bytes=5000)
    with opened(tmp_path, bounds=bounds) as client:
        assert client.post("/api/v1/uploads", content=b"x" * 1001).status_code == 413
        assert client.post("/api/v1/uploads", content=iter([b"x" * 600] * 2)).status_code == 413
        for path in ("/api/v1/jobs", "/sdapi/v1/txt2img", "/v1/images/generations"):
            for content in (b"x" * 5001, iter([b"x" * 600] * 10)):
                refused = client.post(path, content=content, headers={"content-type": "application/json"})
                assert refused.status_code == 413, path
        form = client.post("/api/v1/jobs", data={"job": "{}"}, files={"init_image": b"x" * 6000})
        assert form.status_code == 413


def test_more_jobs_than_allowed_are_refused_for_now(tmp_path: Path) -> None:
    with opened(tmp_path, seconds=0.01, bounds=Bounds(queued_jobs=2)) as client:
        long = {"request": {**JOB["request"], "steps": 1000, "seed": -1}}
        codes = [client.post("/api/v1/jobs", json=long).status_code for _ in range(5)]
        assert codes.count(202) in (2, 3) and codes[-1] == 429
        refused = client.post("/sdapi/v1/txt2img", json=JOB["request"] | {"seed": 77})
        assert refused.status_code == 429 and refused.json()["error"] == "QueueFull"
        for job in client.get("/api/v1/jobs").json():
            client.delete(f"/api/v1/jobs/{job['id']}")


def test_no_path_leads_out(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        for path in (
            "..%2f..%2f..%2fetc%2fpasswd",
            "assets/..%2f..%2f__init__.py",
            "%2fetc%2fpasswd",
            "../app.py",
            "a%00b",
        ):
            assert client.get(f"/{path}").status_code in (400, 404), path
        for name in ("..%2f..%2ftoken", "%2e%2e", "a%00b", "x" * 5000):
            assert client.get(f"/api/v1/pictures/{name}/file").status_code == 404
        say = lambda name: client.post("/api/v1/plan", json={"request": {"model": name}}).json()["detail"]  # noqa: E731
        there, not_there = str(Path(__file__)), "/nowhere/at/all.py"
        assert say(there).replace(there, "") == say(not_there).replace(not_there, "")


def test_the_bundle_and_the_guide_are_served_and_nothing_beside_them(tmp_path: Path) -> None:
    app = FastAPI()
    for name, text in {"web/index.html": "page", "web/assets/a-1.js": "script", "guide/en/index.html": "guide"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "web/secret.py").write_text("secret")
    app.include_router(page.router(tmp_path / "web", tmp_path / "guide"))
    with TestClient(app) as client:
        assert client.get("/").text == "page" and client.get("/").headers["cache-control"] == "no-cache"
        script = client.get("/assets/a-1.js")
        assert (
            script.headers["content-type"].startswith("text/javascript")
            and "immutable" in script.headers["cache-control"]
        )
        assert client.get("/guide/").text == "guide"
        for path in ("/secret.py", "/guide/%2e%2e/web/index.html", "/guide/%2e%2e/web/secret.py"):
            with pytest.raises(Refusal):
                client.get(path)


def test_the_page_may_load_nothing_from_elsewhere(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        headers = client.get("/").headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
        given = client.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["x-request-id"]
        made = client.get("/healthz", headers={"X-Request-Id": "a b\t<script>"}).headers["x-request-id"]
        assert given == "abc-1" and "<" not in made and made


# Pictures


def png_of(width: int, height: int) -> bytes:
    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0" * 100)) + part(b"IEND", b"")


def small(form: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 16), (200, 10, 10)).save(buffer, form)
    return buffer.getvalue()


def patched(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def jpeg_of(width: int, height: int) -> bytes:
    data = small("JPEG")
    at = data.index(b"\xff\xc0") + 5
    return patched(data, at, struct.pack(">HH", height, width))


def webp_of(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size
    body = b"WEBP" + chunk + small("WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


BOMBS = {
    "png": png_of(60000, 60000),
    "png just too large": png_of(8193, 8192),
    "jpeg": jpeg_of(65000, 65000),
    "gif": patched(small("GIF"), 6, struct.pack("<HH", 65535, 65535)),
    "bmp": patched(small("BMP"), 18, struct.pack("<ii", 100_000, 100_000)),
    "webp": webp_of(16000, 16000),
    "nothing wide": png_of(0, 5),
    "empty": b"",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
    "cut": small("PNG")[:20],
    "other": b"GIF89a" + b"\xff" * 40,
    "tiff": b"II*\0\xff\xff\xff\x7f" + b"\0" * 64,
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_by_their_headers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*_: Any, **__: Any) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(Image.Image, "load", decoded)
    with pytest.raises(ImageError):
        check_picture(BOMBS[name], "init_image", Bounds())


def test_every_api_refuses_a_bomb_in_its_own_words(tmp_path: Path) -> None:
    bomb = BOMBS["png"]
    text = base64.b64encode(bomb).decode()
    with opened(tmp_path) as client:
        answers = [
            client.post("/api/v1/uploads", content=bomb),
            client.post("/api/v1/jobs", json={"request": {"init_image": f"data:image/png;base64,{text}"}}),
            client.post("/api/v1/jobs", data={"job": "{}"}, files={"init_image": bomb}),
            client.post("/api/v1/read", content=bomb),
            client.post("/sdapi/v1/img2img", json={"init_images": [text]}),
            client.post(
                "/sdapi/v1/img2img", json={"init_images": [base64.b64encode(small("PNG")).decode()], "mask": text}
            ),
            client.post("/sdapi/v1/extra-single-image", json={"image": text}),
            client.post("/sdapi/v1/png-info", json={"image": text}),
            client.post("/v1/images/edits", data={"prompt": "x"}, files={"image": bomb}),
            client.post("/v1/images/edits", data={"prompt": "x"}, files={"image": small("PNG"), "mask": bomb}),
        ]
        for answer in answers:
            assert answer.status_code == 422 and "pixels" in answer.text, answer.text


def test_a_picture_that_breaks_in_its_middle_is_refused(tmp_path: Path) -> None:
    whole = (Path(__file__).parents[1] / "golden/inputs/astro_128.png").read_bytes()
    with opened(tmp_path) as client:
        for cut in (200, 5000, len(whole) - 40):
            told = client.post("/v1/images/edits", data={"prompt": "x"}, files={"image": whole[:cut]})
            assert told.status_code in (200, 422), told.text
            if cut < 6000:
                assert told.status_code == 422 and "error" in told.json()


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.png",
        "http://localhost:80/a.png",
        "http://[::1]/a.png",
        "http://[::ffff:127.0.0.1]/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/a.png",
        "http://0.0.0.0/a.png",
        "http://2130706433/a.png",
        "http://user:word@8.8.8.8/a.png",
        "file:///etc/passwd",
        "http:///a.png",
        "http://[broken/a.png",
        "http://127.0.0.1:99999/a.png",
    ],
)
def test_addresses_that_are_not_public_are_not_fetched(url: str) -> None:
    with pytest.raises(ImageError):
        fetch_public(url, "init_image", 1000)


class _Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        place = {"/a.png": (200, b"picture"), "/away": (302, b""), "/large": (200, b"x" * 5000)}
        status, body = place.get(self.path, (404, b""))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/a.png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


def test_a_fetch_takes_no_redirect_and_not_too_much() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        at = f"http://localhost:{site.server_port}"
        fetch = lambda path: fetch_public(at + path, "init_image", 1000, allowed=lambda address: True)  # noqa: E731
        assert fetch("/a.png") == b"picture"
        for path, words in (("/away", "302"), ("/large", "larger"), ("/none", "404")):
            with pytest.raises(ImageError, match=words):
                fetch(path)
        site.shutdown()


def test_urls_are_fetched_only_where_allowed(tmp_path: Path) -> None:
    body = {"init_images": ["http://127.0.0.1:9/a.png"]}
    with opened(tmp_path) as client:
        assert "not fetched" in client.post("/sdapi/v1/img2img", json=body).json()["detail"]
    with opened(tmp_path, allow_urls=True) as client:
        assert "not a public address" in client.post("/sdapi/v1/img2img", json=body).json()["detail"]
