"""What a server tells, as values; and the errors of talking with it."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from ..errors import PentimentoError

State = Literal["queued", "running", "done", "failed", "cancelled"]
Priority = Literal["interactive", "batch"]
ENDED = ("done", "failed", "cancelled")


class ServerError(PentimentoError):
    """The server refuses or fails; the text is its own sentence.

    Parameters
    ----------
    status : of HTTP; 0 where the server cannot be reached
    request_id : by which its log can be searched
    """

    def __init__(self, status: int, message: str, request_id: str = "") -> None:
        self.status = status
        self.request_id = request_id
        super().__init__(message)


class JobFailed(PentimentoError):
    """A job that was waited for failed or was cancelled; the text says why."""


@dataclass(frozen=True)
class RemotePicture:
    """A finished picture on the server.

    Attributes
    ----------
    label : what it is among the pictures of a script, such as "steps 10, cfg_scale 5"; its page has the script's name
    data : the file; None until it was fetched
    """

    id: str
    job: str
    index: int
    width: int
    height: int
    format: str
    seed: int | None
    prompt: str
    favourite: bool
    label: str
    tags: tuple[str, ...]
    told: Mapping[str, Any] = field(repr=False)
    data: bytes | None = field(default=None, repr=False)

    def save(self, path: str | Path) -> Path:
        """Write the file as the server made it, with infotext and recipe inside."""
        target = Path(path)
        target.write_bytes(self._fetched())
        return target

    @property
    def image(self) -> Image.Image:
        """The picture, decoded."""
        return Image.open(io.BytesIO(self._fetched()))

    def _fetched(self) -> bytes:
        if self.data is None:
            raise PentimentoError(f"picture {self.id} was not fetched; give it to Client.fetch")
        return self.data


@dataclass(frozen=True)
class RemoteJob:
    """A job on the server.

    Attributes
    ----------
    fraction : how much is done, 0 to 1
    told : all that the server says of it
    """

    id: str
    state: State
    position: int | None
    fraction: float
    seeds: tuple[int, ...]
    pictures: tuple[RemotePicture, ...]
    error: str | None
    told: Mapping[str, Any] = field(repr=False)

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class RemoteEvent:
    """Something happened to a job: `queued`, `started`, `step`, `preview`, `picture`, `done`, ..."""

    kind: str
    seq: int
    data: Mapping[str, Any]
