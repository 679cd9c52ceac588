"""One download: its state on disk, and the work from asking the source to the model's appearance."""

import errno
import hashlib
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from ...errors import DownloadError, ModelFileError
from ...files import try_lock, write_atomically
from ..detect import detect, sort_of
from ..header import Header, read_begun, read_header
from ..provenance import Provenance, provenance_of, remember
from .sources import Part, Shipment, Source, resolve, route_of
from .transfer import Allowed, Broken, Route, Stopped, bring

if TYPE_CHECKING:
    import httpx

HIDDEN = ".downloads"
_RECORD = "download.json"
State = Literal["waiting", "asking", "running", "checking", "paused", "failed", "done"]
UNDER_WAY: frozenset[State] = frozenset({"waiting", "asking", "running", "checking"})

# Where a file goes that is no whole model, by what its header says it is.
_PLACES: Mapping[str, str] = {
    "checkpoint": "",
    "a VAE": "vae",
    "a network to add to a model (LoRA and its kin)": "lora",
    "a textual inversion embedding": "embeddings",
}
_SPARE_BYTES = 256 * 2**20
_SECONDS_OF_SPEED, _SECONDS_BETWEEN_NOTES = 6.0, 0.1
_PIECE = 2**20


@dataclass(frozen=True)
class Progress:
    """How far a download is; what is not known yet is None."""

    received: int
    total: int | None
    bytes_per_second: float | None = None
    seconds_left: float | None = None


class _Meter:
    """Speed over the last seconds; noted by one thread, read by any."""

    def __init__(self) -> None:
        self._seen: tuple[tuple[float, int], ...] = ()

    def note(self, received: int) -> None:
        now = time.monotonic()
        if not self._seen or now - self._seen[-1][0] >= _SECONDS_BETWEEN_NOTES:
            kept = (row for row in self._seen if row[0] > now - _SECONDS_OF_SPEED)
            self._seen = (*kept, (now, received))

    def speed(self) -> float | None:
        seen = self._seen
        if len(seen) < 2:
            return None
        return (seen[-1][1] - seen[0][1]) / (seen[-1][0] - seen[0][0])


class Download:
    """One source on its way into a folder of models.

    Parameters
    ----------
    folder : of models
    source : what is wanted
    allowed : which numeric addresses a source that is no hub's may be at; None = all

    Attributes
    ----------
    state : also what the next start finds on disk
    place : where the model is, once it is done
    """

    def __init__(self, folder: Path, source: Source, allowed: Allowed | None = None) -> None:
        self.folder = folder
        self.source = source
        self.allowed = allowed
        self.state: State = "waiting"
        self.error: str | None = None
        self.created = time.time()
        self.shipment: Shipment | None = None
        self.place: Path | None = None
        self._checked: set[str] = set()
        self._received: dict[str, int] = {}
        self._meter = _Meter()

    @property
    def id(self) -> str:
        """Name that the same source has again, so that asking twice goes on with what is there."""
        what = json.dumps(asdict(replace(self.source, kind="model", licence=None)), sort_keys=True)
        readable = re.sub(r"[^a-z0-9]+", "-", (self.source.name or self.source.label).lower()).strip("-")[-40:]
        return f"{readable}-{hashlib.sha256(what.encode()).hexdigest()[:8]}".lstrip("-")

    @property
    def work(self) -> Path:
        """Hidden folder of what has arrived."""
        return self.folder / HIDDEN / self.id

    def progress(self) -> Progress:
        """Tell how far it is, from any thread."""
        received = sum(self._received.copy().values())
        total = self.shipment and self.shipment.total
        speed = self._meter.speed() if self.state == "running" else None
        left = (total - received) / speed if speed and total is not None else None
        return Progress(received, total, speed, left)

    @staticmethod
    def load(folder: Path, work: Path, allowed: Allowed | None = None) -> "Download":
        """Read a download that an earlier process left.

        Raises
        ------
        DownloadError
            Where its record cannot be read.
        """
        try:
            told: dict[str, Any] = json.loads((work / _RECORD).read_text("utf-8"))
            download = Download(folder, Source(**told["source"]), allowed)
            download.state, download.error, download.created = told["state"], told["error"], told["created"]
            if (rows := told["shipment"]) is not None:
                parts: list[dict[str, Any]] = rows.pop("parts")
                download.shipment = Shipment(parts=tuple(Part(**part) for part in parts), **rows)
            download._checked = set(told["checked"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DownloadError(f"{work} holds no download that can go on; delete it") from error
        download._look()
        return download

    @staticmethod
    def of(folder: Path, source: Source) -> "Download":
        """Give the download of a source, as far as an earlier process brought it."""
        fresh = Download(folder, source)
        return Download.load(folder, fresh.work) if (fresh.work / _RECORD).is_file() else fresh

    def save(self) -> None:
        """Write the state to disk."""
        self.work.mkdir(parents=True, exist_ok=True, mode=0o700)
        told = {
            "source": asdict(self.source),
            "state": self.state,
            "error": self.error,
            "created": self.created,
            "shipment": self.shipment and asdict(self.shipment),
            "checked": sorted(self._checked),
        }
        write_atomically(self.work / _RECORD, json.dumps(told, indent=1).encode())

    def settle(self, state: State, error: str | None = None) -> None:
        """Change the state, also on disk."""
        self.state, self.error = state, error
        self.save()

    def discard(self) -> None:
        """Remove what has arrived, unless another process works on it."""
        if not self.work.is_dir():
            return
        with (self.work / "lock").open("ab") as file:
            if try_lock(file):
                shutil.rmtree(self.work, ignore_errors=True)

    def run(self, stop: threading.Event) -> Path:
        """Do what is left; the state tells how it ended.

        Raises
        ------
        Stopped
            Where `stop` was set: it is paused.
        DownloadError
            Where it cannot be done; what has arrived stays.
        """
        import httpx

        with self._held():
            try:
                place = self._already_here() or self._run(stop)
            except Stopped:
                self.settle("paused")
                raise
            except (DownloadError, ModelFileError, Broken, OSError, httpx.HTTPError) as error:
                told = self._told(error)
                self.settle("failed", str(told))
                raise told from error
            except BaseException:  # Ctrl-C: as a pause
                self.settle("paused")
                raise
        return self._done(place)

    def _run(self, stop: threading.Event) -> Path:
        import httpx

        if stop.is_set():
            raise Stopped
        route = route_of(self.source, self.allowed)
        if self.shipment is None:
            self.settle("asking")
            self.shipment = resolve(self.source, route)
            if (there := self._already_here()) is not None:
                return there
        self._look()
        self._check_space()
        self.settle("running")
        self._meter = _Meter()
        parts = self.work / "parts"
        with httpx.Client(timeout=httpx.Timeout(30, connect=15)) as client:
            for part in self.shipment.parts:
                self._bring(part, parts / part.path, route, client, stop)
        self.settle("checking")
        for part in self.shipment.parts:
            self._check(part, parts / part.path, stop)
        return self._appear(self.shipment, parts)

    def _bring(self, part: Part, file: Path, route: Route, client: "httpx.Client", stop: threading.Event) -> None:
        if part.path in self._checked:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        known = False

        def on_bytes(have: int) -> None:
            nonlocal known
            self._received[part.path] = have
            self._meter.note(sum(self._received.values()))
            if not known and file.suffix == ".safetensors":
                known = self._looks_right(file)

        bring(part, file, route, client=client, stop=stop, on_bytes=on_bytes)

    def _looks_right(self, file: Path) -> bool:
        """Look at the header as soon as it is there: what cannot be used is not worth its gigabytes."""
        try:
            header = read_begun(file)
        except ModelFileError:
            file.unlink()
            raise
        if header is None:
            return False
        if self.shipment is not None and not self.shipment.is_folder:
            self._place_of(header)
        return True

    def _check(self, part: Part, file: Path, stop: threading.Event) -> None:
        """Check the hash that the source tells, and that a safetensors file is whole."""
        if part.path in self._checked:
            return
        if part.sha256 is not None and (found := _sha256(file, stop)) != part.sha256:
            file.unlink()
            raise DownloadError(
                f"{part.path} of '{self.source.label}' arrived damaged (SHA-256 {found[:10]} where"
                f" {part.sha256[:10]} was expected); it was removed: resume to fetch it again"
            )
        if file.suffix == ".safetensors":
            try:
                read_header(file)
            except ModelFileError:
                file.unlink()
                raise
        self._checked.add(part.path)
        self.save()

    def _appear(self, shipment: Shipment, parts: Path) -> Path:
        """Put what arrived under its name, all at once."""
        if shipment.is_folder:
            detect(parts)
            arrived, target = parts, self.folder / shipment.name
        else:
            arrived = parts / shipment.parts[0].path
            target = self.folder / self._place_of(read_header(arrived)) / shipment.name
        if (there := self._already_here()) is not None:
            return there
        if not target.resolve().is_relative_to(self.folder.resolve()):
            raise DownloadError(f"'{self.source.label}' would be written outside {self.folder}")
        target.parent.mkdir(parents=True, exist_ok=True)
        origin = Provenance(self.source.label, shipment.revision, shipment.licence or self.source.licence)
        # Before it appears, so that whoever sees the model finds its origin.
        remember(arrived if shipment.is_folder else target, origin)
        arrived.rename(target)
        return target

    def _place_of(self, header: Header) -> str:
        sort = sort_of(header)
        if sort not in _PLACES:
            raise DownloadError(
                f"'{self.source.label}' is {sort}, which this program does not use; wanted is a model of Stable"
                " Diffusion 1, 2 or XL, a VAE, a LoRA or an embedding"
            )
        return _PLACES[sort]

    def _already_here(self) -> Path | None:
        """Find what this download would bring.

        Raises
        ------
        DownloadError
            Where something else is called so.
        """
        for name in self._names():
            for path in (self.folder / place / name for place in _PLACES.values()):
                if path.is_file() or (path / "model_index.json").is_file():
                    origin = provenance_of(path)
                    if origin is not None and origin.source == self.source.label:
                        return path
                    raise DownloadError(
                        f"{path} is there already, and is not from '{self.source.label}'; rename or remove it"
                    )
        return None

    def _names(self) -> tuple[str, ...]:
        if self.shipment is not None:
            return (self.shipment.name,)
        if (name := self.source.name) is not None:
            return (f"{name}.safetensors" if self.source.file else name,)
        if self.source.file is not None:
            return (PurePosixPath(self.source.file).name,)
        return (self.source.hub,) if self.source.hub is not None else ()

    def _check_space(self) -> None:
        """Refuse before the first byte what does not fit on the disk."""
        total = self.progress().total or 0
        needed = total - self.progress().received + _SPARE_BYTES
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise DownloadError(_too_full(self.folder, needed, free))

    def _told(self, error: Exception) -> DownloadError:
        import httpx

        if isinstance(error, DownloadError):
            return error
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return DownloadError(_too_full(self.folder, _SPARE_BYTES, shutil.disk_usage(self.folder).free))
        if isinstance(error, ModelFileError):
            found = str(error).replace(f"{self.work / 'parts'}{os.sep}", "")
            return DownloadError(f"what '{self.source.label}' sends cannot be used: {found}")
        if isinstance(error, httpx.HTTPError | Broken):
            return DownloadError(f"'{self.source.label}' cannot be reached ({error or type(error).__name__})")
        return DownloadError(str(error))

    def _look(self) -> None:
        """Count what is on disk."""
        parts = self.shipment.parts if self.shipment is not None else ()
        files = {part.path: self.work / "parts" / part.path for part in parts}
        self._received = {path: file.stat().st_size for path, file in files.items() if file.is_file()}

    def _done(self, place: Path) -> Path:
        self.discard()
        self.state, self.error, self.place = "done", None, place
        return place

    @contextmanager
    def _held(self) -> Generator[None]:
        """Hold the folder of the download against other processes."""
        self.work.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.work / "lock").open("ab") as file:
            if not try_lock(file):
                # The record on disk is the other's.
                self.state, self.error = "failed", f"'{self.source.label}' is being fetched by another process already"
                raise DownloadError(self.error)
            yield


def _sha256(file: Path, stop: threading.Event) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as data:
        while piece := data.read(_PIECE):
            if stop.is_set():
                raise Stopped
            digest.update(piece)
    return digest.hexdigest()


def _too_full(folder: Path, needed: int, free: int) -> str:
    return (
        f"the disk of {folder} has {free / 1e9:.2f} GB free where {needed / 1e9:.2f} GB are needed; make room, or"
        " choose another folder"
    )
