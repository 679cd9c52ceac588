"""From a body's fields to a `Request`: pictures by content, checked before they are decoded; nothing by path."""

import base64
import binascii
import io
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from PIL import Image
from starlette.requests import Request as HttpRequest

from ..errors import ImageError, RequestError, unknown_name
from ..jobs import replaced
from ..models.vaes import list_vaes
from ..pictures.mask_text import is_mask_text
from ..recipe import InputStore
from ..request import PICTURE_FIELDS, Picture, Request
from ..scripts import Options, Script, find_script
from .errors import Refusal
from .settings import Bounds

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "MPO")
"""Pillow's readers that bytes from the network may reach."""
REFERENCE = re.compile(r"sha256:([0-9a-f]{64})")
_PICTURE_IN_TEXT = re.compile(rf"{REFERENCE.pattern}|data:.*", re.DOTALL)
_UNREADABLE = (OSError, SyntaxError, ValueError, KeyError, IndexError, RuntimeError, OverflowError, struct.error)


@dataclass(frozen=True)
class PictureFacts:
    """What the header of a picture file says."""

    width: int
    height: int
    format: str
    has_alpha: bool


def check_picture(data: bytes, field: str, bounds: Bounds) -> PictureFacts:
    """Read a picture's header; refuse what is too large before anything is decoded.

    Raises
    ------
    ImageError
        Where it is no picture of a known format, or has more bytes or pixels than the bounds allow.
    """
    shown = f"a file of {len(data)} bytes"
    if len(data) > bounds.upload_bytes:
        raise ImageError(field, shown, f"{shown} is too large; at most {bounds.upload_bytes} bytes are taken")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            facts = PictureFacts(width, height, (image.format or "").lower(), image.has_transparency_data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(field, shown, f"{shown} has too many pixels; at most {bounds.upload_pixels}") from error
    except _UNREADABLE as error:
        known = ", ".join(FORMATS[:-1])
        raise ImageError(field, shown, f"{shown} is no picture that can be read; send {known}") from error
    if not 0 < width * height <= bounds.upload_pixels:
        raise ImageError(field, shown, f"the picture has {width}x{height} pixels; at most {bounds.upload_pixels}")
    return facts


class Incoming:
    """Reads requests for one server.

    Parameters
    ----------
    inputs : where uploads are
    folders : of models; a VAE is looked for in them
    """

    def __init__(self, inputs: InputStore, bounds: Bounds, folders: tuple[str, ...] = ()) -> None:
        self.inputs = inputs
        self.bounds = bounds
        self._folders = tuple(Path(folder).expanduser() for folder in folders)

    def request(self, fields: Mapping[str, Any]) -> Request:
        """Make the request of a body.

        Raises
        ------
        RequestError
            Names the field, the value and the way out.
        """
        return Request(**self.fields(fields))

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Give fields of a request as `Request` takes them: pictures as bytes, a VAE as its file.

        Raises
        ------
        RequestError
            Names the field, the value and the way out.
        """
        values = dict(fields)
        for name in PICTURE_FIELDS:
            value = values.get(name)
            if value is not None and not (name == "mask" and isinstance(value, str) and is_mask_text(value)):
                values[name] = self.picture(value, name)
        if values.get("vae") is not None:
            values["vae"] = self._vae(values["vae"])
        return values

    def script(self, name: str, values: Mapping[str, Any]) -> tuple[Script, Options]:
        """Find a script and make its options of a body's values.

        Raises
        ------
        RequestError
            Names the option, the value and the way out.
        """
        script = find_script(name)
        try:
            given = replaced(dict(values), lambda text: self.picture(text, "options"), _PICTURE_IN_TEXT)
        except RecursionError as error:
            raise RequestError(
                "options", type(values).__name__, "they are too deep; no option is a list of lists"
            ) from error
        options = script.options(**given)
        for option, value in options.local.items():
            raise RequestError(option, value, "a file is not read here; send what is in it with another option")
        options.told(_no_path)
        return script, options

    def check_run(self, request: Request) -> None:
        """Refuse a request of a script that names a file of this machine, which only an option can have put there.

        A VAE may vary by its name.

        Raises
        ------
        RequestError
            Names the field and the value.
        """
        for field, picture in request.pictures.items():
            if isinstance(picture, str):
                raise RequestError(
                    field, picture, "a script's options cannot name a picture for it; set it in the request"
                )
        if request.vae is not None and Path(request.vae) not in self.vaes().values():
            self._vae(request.vae)

    def picture(self, value: object, field: str) -> bytes:
        """Give the checked bytes of a picture: an upload's reference, a data URI, or bytes already."""
        data = value if isinstance(value, bytes) else self._named(value, field)
        check_picture(data, field, self.bounds)
        return data

    def _named(self, value: object, field: str) -> bytes:
        text = value if isinstance(value, str) else ""
        if text.startswith("data:"):
            header, _, payload = text.partition(",")
            try:
                if not header.endswith(";base64"):
                    raise ValueError("no ;base64 in its header")
                return base64.b64decode(payload, validate=True)
            except (binascii.Error, ValueError) as error:
                raise ImageError(field, text[:60], f"the data URI is not base64 ({error})") from error
        match = REFERENCE.fullmatch(text)
        if match is None:
            shown = text[:60] if text else type(value).__name__
            raise ImageError(
                field, shown, f"'{shown}' is no picture here; give 'sha256:<64 hex>' of an upload, or a data URI"
            )
        data = self.inputs.get(match[1])
        if data is None:
            raise ImageError(field, text, f"no upload is called {text}; send it to /api/v1/uploads first")
        return data

    def vaes(self) -> dict[str, Path]:
        """List the VAE files beside the models, by name."""
        return list_vaes(self._folders)

    def _vae(self, word: object) -> str:
        found = self.vaes()
        name = str(word).removesuffix(".safetensors")
        if name not in found:
            raise unknown_name("vae", str(word)[:100], list(found))
        return str(found[name])


def _no_path(picture: Picture) -> str:
    if isinstance(picture, str):
        shown = picture[:60]
        raise ImageError(
            "options", shown, f"'{shown}' is no picture here; give 'sha256:<64 hex>' of an upload, or a data URI"
        )
    return ""


async def whole_body(request: HttpRequest, most: int) -> bytes:
    """Read a raw body up to a size.

    Raises
    ------
    Refusal
        413 where it is larger.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Refusal(413, f"the body is larger than {most} bytes")
        parts.append(part)
    return b"".join(parts)


def read_json(text: bytes | str) -> dict[str, Any]:
    """Read an object; refuse all else.

    Raises
    ------
    Refusal
        400 where it is not JSON, 422 where it is no object.
    """
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"the body is not JSON ({error}); send an object") from error
    if not isinstance(value, dict):
        raise Refusal(422, f"the body is a {type(value).__name__}; send an object")
    return cast(dict[str, Any], value)
