"""What a server is told when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Bounds:
    """What one client may ask of the server.

    Attributes
    ----------
    upload_bytes, upload_pixels : of one picture; pixels are read from its header, before it is decoded
    body_bytes : of one request
    queued_jobs : how many jobs of one owner may wait
    script_runs : how many requests a script may run
    """

    upload_bytes: int = 64 * 2**20
    upload_pixels: int = 8192 * 8192
    body_bytes: int = 192 * 2**20
    queued_jobs: int = 200
    script_runs: int = 2000


@dataclass(frozen=True)
class Settings:
    """What a server is told when it starts.

    Attributes
    ----------
    data : folder of everything that the server keeps
    preview : what is shown while a picture is made, as `Studio(preview=...)` takes it
    token : what clients must show; None = nobody is asked
    users : name of the user by token; where there are any, each has jobs and pictures of their own
    detectors : what stands for a name in `ad_model` of `/sdapi/v1`: a detector of transformers, and words that it
        looks for
    allow_urls : whether `/sdapi/v1` may fetch pictures from public addresses
    cors_origins : pages of other origins that may call the APIs
    hosts : names under which the server may be called, besides addresses and its own
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 7860
    models: tuple[str, ...] = ()
    model: str = "builtin"
    devices: tuple[str, ...] = ("auto",)
    dtype: str = "auto"
    styles: str | None = None
    download: bool = False
    preview: str = "auto"
    token: str | None = field(default=None, repr=False)
    users: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    detectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    allow_urls: bool = False
    cors_origins: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    bounds: Bounds = Bounds()

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK
