"""All downloads into one folder: started, paused and resumed from any thread, and found again after a restart."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...errors import DownloadError, PentimentoError
from .download import HIDDEN, UNDER_WAY, Download
from .sources import Source
from .transfer import Allowed, Stopped

_AT_ONCE = 2

_log = logging.getLogger(__name__)


class NoSuchDownload(PentimentoError):
    """No download has this id."""


Wish = Literal["run", "pause", "cancel"]


@dataclass
class _Entry:
    """A download and what is wanted of it.

    Attributes
    ----------
    busy : a thread has it, or will have it
    """

    download: Download
    wish: Wish = "run"
    stop: threading.Event = field(default_factory=threading.Event)
    busy: bool = False


class Downloads:
    """The downloads of one folder, done by threads of this process.

    Parameters
    ----------
    folder : of models; made where it is missing
    on_done : called from a thread when a model has appeared
    allowed : which numeric addresses a source that is no hub's may be at; None = all
    """

    def __init__(
        self, folder: Path, on_done: Callable[[], None] = lambda: None, allowed: Allowed | None = None
    ) -> None:
        self.folder = folder
        self._on_done = on_done
        self._allowed = allowed
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._pool: ThreadPoolExecutor | None = None

    def open(self) -> None:
        """Find what earlier processes left; what was under way goes on."""
        self._pool = ThreadPoolExecutor(_AT_ONCE, "download")
        for work in sorted((self.folder / HIDDEN).glob("*/")):
            try:
                download = Download.load(self.folder, work, self._allowed)
            except DownloadError as error:
                _log.warning("%s", error)
                continue
            with self._lock:
                entry = self._entries[download.id] = _Entry(download)
                if download.state in UNDER_WAY:
                    self._go_on(entry)

    def close(self) -> None:
        """Stop all; what was under way goes on when the folder is opened again."""
        with self._lock:
            pool, self._pool = self._pool, None
            going_on = [entry for entry in self._entries.values() if entry.busy and entry.wish == "run"]
            for entry in going_on:
                entry.stop.set()
        if pool is not None:
            pool.shutdown(cancel_futures=True)
        for entry in going_on:
            if entry.download.state == "paused":
                entry.download.settle("waiting")

    def list(self) -> list[Download]:
        """List all that wait, run, stopped, or were done since the start; the newest first."""
        with self._lock:
            found = [entry.download for entry in self._entries.values()]
        return sorted(found, key=lambda download: download.created, reverse=True)

    def get(self, id: str) -> Download:
        """Give one.

        Raises
        ------
        NoSuchDownload
        """
        with self._lock:
            return self._entry(id).download

    def start(self, source: Source) -> Download:
        """Begin a download; the same source that is known already goes on."""
        fresh = _Entry(Download(self.folder, source, self._allowed))
        with self._lock:
            entry = self._entries.setdefault(fresh.download.id, fresh)
            place = entry.download.place
            if place is not None and not place.exists():  # was done, and removed since
                entry = self._entries[fresh.download.id] = fresh
            self._go_on(entry)
        return entry.download

    def pause(self, id: str) -> Download:
        """Stop one and keep what has arrived."""
        with self._lock:
            entry = self._entry(id)
            entry.wish = "pause"
            entry.stop.set()
        return entry.download

    def resume(self, id: str) -> Download:
        """Go on with one that was paused or failed."""
        with self._lock:
            entry = self._entry(id)
            self._go_on(entry)
        return entry.download

    def cancel(self, id: str) -> None:
        """Stop one and remove what has arrived; one that is done is only taken off the list."""
        with self._lock:
            entry = self._entry(id)
            entry.wish = "cancel"
            entry.stop.set()
            if not entry.busy:
                self._forget(entry)

    def _entry(self, id: str) -> _Entry:
        entry = self._entries.get(id)
        if entry is None or entry.wish == "cancel":
            raise NoSuchDownload(f"no download is called '{id[:100]}'")
        return entry

    def _forget(self, entry: _Entry) -> None:
        del self._entries[entry.download.id]
        entry.download.discard()

    def _go_on(self, entry: _Entry) -> None:
        """Hand one to a thread, unless one has it: that looks at the wish when it ends."""
        entry.wish = "run"
        if entry.busy or entry.download.state == "done":
            return
        if self._pool is None:
            raise DownloadError("the server is stopping; the download can be asked for when it runs again")
        entry.busy = True
        entry.stop.clear()
        entry.download.settle("waiting")
        self._pool.submit(self._work, entry)

    def _work(self, entry: _Entry) -> None:
        try:
            with suppress(Stopped, DownloadError):  # its state tells
                entry.download.run(entry.stop)
        except Exception as error:
            _log.exception("download %s failed", entry.download.id)
            entry.download.settle("failed", f"something unforeseen failed ({type(error).__name__})")
        with self._lock:
            entry.busy = False
            if entry.wish == "cancel":
                self._forget(entry)
            elif entry.wish == "run" and entry.download.state == "paused" and self._pool is not None:
                self._go_on(entry)
        if entry.download.state == "done":
            self._on_done()
