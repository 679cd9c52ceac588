"""The store: pictures as files that carry their own recipe, and the history of them."""

import hashlib
import io
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from PIL import Image

from .. import infotext, metadata
from ..errors import RequestError
from ..files import write_atomically
from ..folder_lock import FolderLock
from ..metadata import FORMATS, find_format
from ..recipe import InputStore
from .index import Index
from .journal import Entry, Journal
from .names import NameFacts, Pattern
from .picture import Facts, Page, Picture, PictureNotFound, read_facts

THUMBNAIL_MIME = "image/webp"
THUMBNAIL_SIZES = (64, 128, 256, 512, 1024)
_PICTURES, _TRASH, _TEMPORARY, _UNFINISHED = "pictures", "trash", "temporary", "unfinished"
_SUFFIXES = frozenset(f".{suffix}" for row in FORMATS for suffix in row.suffixes)


class Store:
    """Pictures below one data folder, which no other process may use meanwhile.

    Parameters
    ----------
    names : how files are named, see `names.READERS`

    Attributes
    ----------
    inputs : the input pictures that recipes and jobs point to

    Raises
    ------
    FolderInUse
        Where another process holds the folder; names its pid.

    Notes
    -----
    A picture's file says what it shows and how it was made; `pictures.jsonl` says whose it is
    and how it was marked. The index is made of these two, at any time again.
    """

    def __init__(self, folder: str | Path, *, names: str = "[date]/[number]-[seed]") -> None:
        self.folder = Path(folder).expanduser().absolute()
        self._pattern = Pattern(names)
        self._folder_lock = FolderLock(self.folder)
        self._lock = threading.RLock()
        self.inputs = InputStore(self.folder / "inputs")
        self._journal = Journal(self.folder / "pictures.jsonl")
        self._index = Index(self.folder / "history.sqlite")
        self._numbers: dict[str, int] = {}
        (self.folder / _UNFINISHED).mkdir(exist_ok=True)
        for part in (self.folder / _UNFINISHED).iterdir():
            part.unlink()
        if self._index.fresh or self._journal.compact(self._index.count()):
            self.rebuild()
        else:
            self._settle_from(self._index.known_until)

    def close(self) -> None:
        """Give the folder back."""
        with self._lock:
            self._index.close()
            self._journal.close()
            self._folder_lock.close()

    # Reading

    def get(self, id: str, owner: str | None = None) -> Picture:
        """Find a picture.

        Raises
        ------
        PictureNotFound
            Where there is none, or it is another owner's.
        """
        picture = self._index.get(id)
        if picture is None or owner not in (None, picture.owner):
            raise PictureNotFound(f"there is no picture '{id[:80]}'; it may have been deleted")
        return picture

    def find(self, id: str) -> Picture | None:
        """Find anybody's picture; None where there is none."""
        return self._index.get(id)

    def shows(self, id: str) -> bool:
        """Whether a picture is there, and not in the trash."""
        picture = self.find(id)
        return picture is not None and not picture.trashed

    def path(self, id: str, owner: str | None = None) -> Path:
        """Tell where a picture's file is."""
        return self.folder / self.get(id, owner).file

    def of_job(self, job: str) -> tuple[Picture, ...]:
        """Give the pictures of a job, in its order."""
        return tuple(self._index.of_job(job))

    def showing(self, pixels: str, owner: str, before: float) -> Picture | None:
        """Find the newest picture of an owner that shows these pixels (`Picture.pixels`) and was made before a time."""
        return self._index.showing(pixels, owner, before)

    def search(
        self,
        text: str = "",
        *,
        owner: str | None = None,
        favourite: bool | None = None,
        tag: str | None = None,
        trash: bool = False,
        before: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Find pictures, newest first.

        Parameters
        ----------
        text : beginnings of words that must all be in prompt, negative prompt, model or tags
        before : `Page.next` of the page before
        """
        cursor = _read_cursor(before) if before else None
        return self._index.search(
            text, owner=owner, favourite=favourite, tag=tag, trashed=trash, before=cursor, limit=limit
        )

    def thumbnail(self, id: str, size: int = 256, owner: str | None = None) -> bytes:
        """Give a small WebP of a picture, its longer side at most the next of `THUMBNAIL_SIZES`."""
        picture = self.get(id, owner)
        side = next((one for one in THUMBNAIL_SIZES if one >= size), THUMBNAIL_SIZES[-1])
        place = self.folder / (file := f"thumbnails/{picture.id}-{side}.webp")
        if not place.is_file():
            self._write(file, _small(self.folder / picture.file, side))
        return place.read_bytes()

    # Writing

    def add(
        self,
        data: bytes,
        *,
        job: str,
        index: int,
        owner: str = "",
        keep: bool = True,
        footprint: Mapping[str, int] | None = None,
        label: str = "",
    ) -> Picture:
        """Keep a finished picture; the same job's same picture is kept once.

        Parameters
        ----------
        data : the file, with infotext and recipe inside
        keep : in the history; else it is there until it is removed
        """
        with self._lock:
            id = f"{job}-{index}"
            if (there := self._index.get(id)) is not None:
                return there
            facts = read_facts(data, whole=False)
            if facts is None:
                raise RequestError("picture", f"{len(data)} bytes", f"the {len(data)} bytes are no picture")
            created = time.time()
            file = self._place(data, facts, created, index, job) if keep else f"{_TEMPORARY}/{id}"
            file = f"{file}.{find_format(facts.format).suffixes[0]}"
            entry = Entry(id, file, job, index, owner, created, len(data), keep, footprint, label)
            self._journal.append(entry.as_line())
            self._write(file, data)
            picture = _picture(entry, facts)
            self._index.put([picture], [], self._journal.size)
            return picture

    def mark(
        self,
        id: str,
        *,
        favourite: bool | None = None,
        tags: Collection[str] | None = None,
        owner: str | None = None,
    ) -> Picture:
        """Make a picture a favourite or not, or give it other tags."""
        changes: dict[str, object] = {} if favourite is None else {"favourite": favourite}
        if tags is not None:
            changes["tags"] = sorted({tag.strip() for tag in tags if tag.strip()})
        return self._change(id, owner, changes)

    def trash(self, id: str, owner: str | None = None) -> Picture:
        """Move a picture to the trash."""
        with self._lock:
            picture = self.get(id, owner)
            if picture.trashed:
                return picture
            return self._change(id, owner, {"trashed": True, "file": self._free(_moved(picture.file, _TRASH))})

    def restore(self, id: str, owner: str | None = None) -> Picture:
        """Bring a picture back from the trash."""
        with self._lock:
            picture = self.get(id, owner)
            if not picture.trashed:
                return picture
            return self._change(id, owner, {"trashed": False, "file": self._free(_moved(picture.file, _PICTURES))})

    def empty_trash(self, owner: str | None = None) -> int:
        """Delete what is in the trash for good; tells how many pictures that were."""
        return self.remove(self._index.ids(trashed=True, owner=owner))

    def remove(self, ids: Collection[str]) -> int:
        """Delete pictures for good."""
        with self._lock:
            there = [picture for id in ids if (picture := self._index.get(id)) is not None]
            for picture in there:
                self._journal.append({"id": picture.id, "removed": True})
            for picture in there:
                self._delete_files(picture.id, picture.file)
            self._index.put([], [picture.id for picture in there], self._journal.size)
            return len(there)

    def rebuild(self) -> int:
        """Make the index again from the journal and the files; tells how many pictures there are.

        Pictures that were put into the folder by hand are taken in too.
        """
        with self._lock:
            self._index.clear()
            self._settle_from(0)
            known = self._index.files()
            for top, trashed in ((_PICTURES, False), (_TRASH, True)):
                for path in sorted((self.folder / top).rglob("*")):
                    file = path.relative_to(self.folder).as_posix()
                    if file not in known and path.suffix.lower() in _SUFFIXES and path.is_file():
                        self._take_in(path, file, trashed)
            return self._index.count()

    def _take_in(self, path: Path, file: str, trashed: bool) -> None:
        data = path.read_bytes()
        facts = read_facts(data, whole=True)
        if facts is None:
            return
        id = "file-" + hashlib.sha256(file.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        entry = Entry(id, file, created=path.stat().st_mtime, bytes=len(data), trashed=trashed)
        self._journal.append(entry.as_line())
        self._index.put([_picture(entry, facts)], [], self._journal.size)

    # How

    def _change(self, id: str, owner: str | None, changes: Mapping[str, object]) -> Picture:
        with self._lock:
            picture = self.get(id, owner)
            line = {"id": id, **changes}
            self._journal.append(line)
            entry = _entry(picture).after(line)
            self._bring(entry)
            changed = _changed(picture, entry)
            self._index.put([changed], [], self._journal.size)
            return changed

    def _settle_from(self, start: int) -> None:
        """End what was begun, and bring the rows up to date, for all that the journal speaks of from a byte on."""
        entries = self._journal.entries(start)
        if not entries:
            return
        whose = self._index.files() | {entry.file: entry.id for entry in entries.values() if not entry.removed}
        pictures: list[Picture] = []
        removed: list[str] = []
        for entry in entries.values():
            # What lies at a picture's former place may by now be another.
            places = [file for file in entry.earlier if whose.get(file, entry.id) == entry.id]
            entry = replace(entry, earlier=tuple(file for file in places if self._has_size(file, entry.bytes)))
            if entry.removed:
                for file in (entry.file, *entry.earlier):
                    if whose.get(file, entry.id) == entry.id:
                        self._delete_files(entry.id, file)
            facts = None if entry.removed else self._facts(entry)
            if facts is None:
                removed.append(entry.id)
            else:
                pictures.append(_picture(entry, facts))
        self._index.put(pictures, removed, self._journal.size)

    def _facts(self, entry: Entry) -> Facts | None:
        self._bring(entry)
        try:
            data = (self.folder / entry.file).read_bytes()
        except OSError:
            return None
        # A file of another size than was written was changed since, or came back from a failing disk.
        return read_facts(data, whole=len(data) != entry.bytes)

    def _has_size(self, file: str, size: int) -> bool:
        path = self.folder / file
        return path.is_file() and path.stat().st_size == size

    def _bring(self, entry: Entry) -> None:
        """Move a file to where it belongs, if it is somewhere else."""
        target = self.folder / entry.file
        for earlier in entry.earlier:
            if not target.exists() and (self.folder / earlier).is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                (self.folder / earlier).replace(target)

    def _write(self, file: str, data: bytes) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data, self.folder / _UNFINISHED)

    def _delete_files(self, id: str, file: str) -> None:
        (self.folder / file).unlink(missing_ok=True)
        for side in THUMBNAIL_SIZES:
            (self.folder / "thumbnails" / f"{id}-{side}.webp").unlink(missing_ok=True)

    def _place(self, data: bytes, facts: Facts, created: float, index: int, job: str) -> str:
        """Choose a path without suffix that nothing has."""
        told = infotext.parse(metadata.read(data).infotext or "").parameters
        name = NameFacts(facts, created, 0, index, job, told)
        folder = self._pattern.folder(name)
        number = self._numbers.get(folder) or self._last_number(folder)
        self._numbers[folder] = number + 1
        stem = f"{_PICTURES}/{self._pattern.path(replace(name, number=number + 1))}"
        suffix = find_format(facts.format).suffixes[0]
        return self._free(f"{stem}.{suffix}").removesuffix(f".{suffix}")

    def _last_number(self, folder: str) -> int:
        places = (self.folder / top / folder for top in (_PICTURES, _TRASH))
        names = [path.name for place in places if place.is_dir() for path in place.iterdir()]
        return max((int(digits) for name in names if (digits := name.split("-")[0]).isdecimal()), default=0)

    def _free(self, file: str) -> str:
        """Give a path, or one with a number behind it, where no file is."""
        path, count = Path(file), 1
        while (self.folder / path).exists():
            count += 1
            path = Path(file).with_stem(f"{Path(file).stem}-{count}")
        return path.as_posix()


def _moved(file: str, top: str) -> str:
    return f"{top}/{file.split('/', 1)[1]}"


def _picture(entry: Entry, facts: Facts) -> Picture:
    return Picture(
        id=entry.id,
        job=entry.job,
        index=entry.index,
        owner=entry.owner,
        created=entry.created,
        file=entry.file,
        kept=entry.kept,
        favourite=entry.favourite,
        tags=entry.tags,
        trashed=entry.trashed,
        footprint=entry.footprint,
        label=entry.label,
        **asdict(facts),
    )


def _entry(picture: Picture) -> Entry:
    shared = {name: getattr(picture, name) for name in Entry.__dataclass_fields__ if hasattr(picture, name)}
    return Entry(**shared)


def _changed(picture: Picture, entry: Entry) -> Picture:
    return replace(picture, file=entry.file, favourite=entry.favourite, tags=entry.tags, trashed=entry.trashed)


def _read_cursor(text: str) -> tuple[float, str]:
    created, _, id = text.partition("_")
    try:
        return float(created), id
    except ValueError as error:
        raise RequestError("before", text, f"'{text[:80]}' is not the `next` of a page") from error


def _small(path: Path, side: int) -> bytes:
    with Image.open(path) as image:
        image.draft("RGB", (side, side))
        small = (
            image if image.mode in ("RGB", "RGBA") else image.convert("RGBA" if image.has_transparency_data else "RGB")
        )
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.save(buffer, "WEBP", quality=82, method=2)
    return buffer.getvalue()
