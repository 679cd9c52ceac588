"""A folder of pictures, each its own request; goes on where it was stopped."""

import csv
import hashlib
import json
import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from .errors import Cancelled, RequestError
from .files import write_atomically
from .metadata import find_format
from .recipe import picture_bytes
from .request import Request

if TYPE_CHECKING:
    from .pipeline import Event
    from .plan import Plan
    from .result import Finished
    from .studio import Studio

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".bmp", ".gif", ".tif", ".tiff"})


@dataclass(frozen=True)
class Item:
    """One picture of a batch.

    Attributes
    ----------
    target : where its first result is written; more are numbered from 2
    values : fields of its request, without the pictures
    """

    source: Path
    mask: Path | None
    target: Path
    values: Mapping[str, Any]

    def read(self) -> tuple[Request, str]:
        """Read its pictures; gives the request, and a key that changes with the request and their bytes."""
        own = self.source.with_suffix(".json")
        values = {**self.values, **(_fields(own) if own.is_file() else {})}
        given = {"init_image": self.source, **({"mask": self.mask} if self.mask else {})}
        request = Request(**{**values, **{field: path.read_bytes() for field, path in given.items()}})
        pictures = {field: picture_bytes(picture, field) for field, picture in request.pictures.items()}
        said = request.model_dump(mode="json", exclude=set(pictures), exclude_unset=True)
        parts = [json.dumps([said, self.target.name, list(pictures)], sort_keys=True).encode(), *pictures.values()]
        digests = b"".join(hashlib.sha256(part).digest() for part in parts)
        return request, hashlib.sha256(digests).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What became of one picture."""

    item: Item
    state: Literal["done", "kept", "failed"]
    files: Sequence[Path] = ()
    error: str = ""


def _fields(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except ValueError as error:
        raise RequestError("parameters", str(path), f"'{path}' is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise RequestError("parameters", str(path), f"'{path}' must hold an object of request fields")
    return cast(dict[str, Any], values)


def read_table(path: Path, read: Callable[[Mapping[str, str]], Mapping[str, Any]] = dict) -> dict[str, dict[str, Any]]:
    """Read a CSV with the column `file` and any fields of the request; empty cells say nothing."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if "file" not in (rows.fieldnames or ()):
            raise RequestError("parameters", str(path), f"'{path}' has no column 'file'")
        return {
            row["file"]: dict(read({name: cell for name, cell in row.items() if name != "file" and cell}))
            for row in rows
        }


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise RequestError("folder", str(folder), f"'{folder}' is not a folder")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


def _suffix(source: Path, format: str | None) -> str:
    if format:
        find_format(format)
        return f".{format}"
    try:
        find_format(source.suffix)
    except RequestError:
        return ".png"
    return source.suffix


def collect(
    folder: Path,
    output: Path,
    values: Mapping[str, Any],
    *,
    masks: Path | None = None,
    table: Mapping[str, Mapping[str, Any]] | None = None,
    format: str | None = None,
) -> list[Item]:
    """Find the pictures of a folder, and the mask of the same stem and the parameters of each.

    Raises
    ------
    RequestError
        Where two pictures would have one result, or the table names no picture.
    """
    if output == Path("-"):
        raise RequestError("output", "-", "a batch has many results; give a folder")
    if output.resolve() == folder.resolve():
        raise RequestError("output", str(output), "the sources would be written over; give another folder")
    sources, table = _pictures(folder), table or {}
    found = {path.stem: path for path in _pictures(masks)} if masks else {}
    if unknown := set(table) - {source.name for source in sources}:
        raise RequestError("parameters", sorted(unknown)[0], f"'{sorted(unknown)[0]}' is not in '{folder}'")
    items: dict[Path, Item] = {}
    for source in sources:
        target = output / f"{source.stem}{_suffix(source, format)}"
        if target in items:
            message = f"'{items[target].source.name}' and '{source.name}' would both be '{target.name}'"
            raise RequestError("format", format, f"{message}; rename one")
        mask = found.get(source.stem, masks / f"{source.stem}.png") if masks else None
        items[target] = Item(source, mask, target, {**values, **table.get(source.name, {})})
    return list(items.values())


class Journal:
    """What was made, one line a picture, written before its files are.

    A line counts only where every file it tells of is there with the bytes it tells.
    """

    def __init__(self, output: Path) -> None:
        self.parts = output / ".batch"
        self.path = self.parts / "journal.jsonl"
        self._lines: dict[str, dict[str, Any]] = {}
        for line in self.path.read_bytes().splitlines() if self.path.is_file() else ():
            try:
                entry = json.loads(line)
            except ValueError:  # the line at which the process was killed
                continue
            self._lines[entry["file"]] = entry

    def open(self) -> None:
        """Make the folder, and remove what an interrupted write left."""
        self.parts.mkdir(parents=True, exist_ok=True)
        for part in self.parts.glob(".*.tmp"):
            part.unlink()

    def made(self, item: Item, key: str) -> list[Path]:
        """Give the files of a picture that was made from the same request and bytes; none if it was not."""
        entry = self._lines.get(item.source.name, {"key": "", "files": {}})
        files = {item.target.parent / name: digest for name, digest in entry["files"].items()}
        same = entry["key"] == key and all(
            path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest for path, digest in files.items()
        )
        return list(files) if same else []

    def write(self, item: Item, key: str, files: Mapping[Path, bytes]) -> None:
        """Write a line, then the files, each whole or not at all."""
        told = {path.name: hashlib.sha256(data).hexdigest() for path, data in files.items()}
        entry = {"file": item.source.name, "key": key, "files": told}
        with self.path.open("ab") as file:
            file.write(b"\n" + json.dumps(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._lines[item.source.name] = entry
        for path, data in files.items():
            write_atomically(path, data, self.parts)


def plans(studio: "Studio", items: Iterable[Item]) -> Generator[tuple[Item, "Plan | str"]]:
    """Give what would happen to each picture, or why it cannot be done."""
    for item in items:
        try:
            yield item, studio.plan(item.read()[0])
        except Exception as error:
            yield item, str(error)


def run(
    studio: "Studio", items: Sequence[Item], on_event: "Callable[[Event], None] | None" = None
) -> Generator[Outcome]:
    """Make the pictures that are not made yet, one after another; a failing one does not stop the rest."""
    if not items:
        return
    journal = Journal(items[0].target.parent)
    journal.open()
    taken = {item.target for item in items}
    for item in items:
        try:
            request, key = item.read()
            plan = studio.plan(request)
            key = _with_models(key, plan)
            if files := journal.made(item, key):
                yield Outcome(item, "kept", files)
                continue
            made = _make(studio, plan, item, taken, on_event)
            journal.write(item, key, made)
        except Cancelled:
            raise
        except Exception as error:
            yield Outcome(item, "failed", error=str(error) or type(error).__name__)
        else:
            yield Outcome(item, "done", list(made))


def _with_models(key: str, plan: "Plan") -> str:
    """Let a key change with what paints, too: models, networks, the styles' words."""
    painters = [[model.hash for model in plan.models], plan.addons.told(), plan.prompt_text, plan.negative_text]
    return hashlib.sha256(f"{key} {json.dumps(painters)}".encode()).hexdigest()


def _make(
    studio: "Studio", plan: "Plan", item: Item, taken: set[Path], on_event: "Callable[[Event], None] | None"
) -> dict[Path, bytes]:
    more = [item.target.with_stem(f"{item.target.stem}-{number}") for number in range(2, len(plan.pictures) + 1)]
    if clash := taken.intersection(more):
        name = min(clash).name
        raise RequestError("batch_size", len(plan.pictures), f"'{name}' is the result of another picture; rename one")
    targets, format = [item.target, *more], item.target.suffix.removeprefix(".")
    files: dict[Path, bytes] = {}

    def keep(picture: "Finished") -> None:
        files[targets[picture.index]] = picture.encode(format)

    studio.run(plan, on_event, on_picture=keep)
    for field, picture in plan.request.pictures.items():
        studio.inputs.put_picture(picture, field)
    return files
