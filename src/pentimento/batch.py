"""A folder of pictures, each its own request; goes on where it was stopped."""

import csv
import hashlib
import json
import os
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, cast

from .addons import hashes_of
from .errors import Cancelled, RecipeError, RequestError
from .files import write_atomically
from .folder_lock import FolderLock
from .metadata import find_format
from .recipe import InputStore, Recipe, picture_bytes, to_fields
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
    name : where it is below the folder of the batch, with "/" between folders
    output : the folder of all results
    target : where its first result is written; more are numbered from 2
    values : fields of its request, without the pictures
    """

    source: Path
    name: str
    mask: Path | None
    output: Path
    target: Path
    values: Mapping[str, Any]

    def read(self, store: InputStore | None = None) -> tuple[Request, str]:
        """Read its pictures; gives the request, and a key that changes with the request and their bytes.

        Parameters
        ----------
        store : where the masks of recipes are that do not bring them along
        """
        own = self.source.with_suffix(".json")
        values = {**self.values, **(_fields(own, store) if own.is_file() else {})}
        given = {"init_image": self.source, **({"mask": self.mask} if self.mask else {})}
        request = Request(**{**values, **{field: path.read_bytes() for field, path in given.items()}})
        pictures = {field: picture_bytes(picture, field) for field, picture in request.pictures.items()}
        said = request.model_dump(mode="json", exclude=set(pictures), exclude_unset=True)
        told = [said, self.target.relative_to(self.output).as_posix(), list(pictures)]
        parts = [json.dumps(told, sort_keys=True).encode(), *pictures.values()]
        digests = b"".join(hashlib.sha256(part).digest() for part in parts)
        return request, hashlib.sha256(digests).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What became of one picture."""

    item: Item
    state: Literal["done", "kept", "failed"]
    files: Sequence[Path] = ()
    error: str = ""


def _fields(path: Path, store: InputStore | None) -> dict[str, Any]:
    """Read what is said of one picture: fields of the request, or a recipe, which says all of them."""
    data = path.read_bytes()
    try:
        values = json.loads(data)
    except ValueError as error:
        raise RequestError("parameters", str(path), f"'{path}' is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise RequestError("parameters", str(path), f"'{path}' must hold an object of request fields, or a recipe")
    values = cast(dict[str, Any], values)
    if not {"program", "request"} <= set(values):
        return values
    recipe = Recipe.from_json(data)
    if recipe.script is not None:
        raise RecipeError(
            f"'{path}' is the recipe of the script {recipe.script.name}, and a batch runs requests; run it by"
            " `pentimento rerun`"
        )
    fields = to_fields(recipe, store, without=("init_image",))
    return {**fields, "model": fields.get("model") or recipe.model.name}


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


def _pictures(folder: Path, *, recursive: bool, without: Collection[Path] = ()) -> dict[str, Path]:
    """Find pictures by where they are below a folder; hidden folders, and those named, are left out."""
    if not folder.is_dir():
        raise RequestError("folder", str(folder), f"'{folder}' is not a folder")
    found: dict[str, Path] = {}
    for place, folders, files in os.walk(folder):
        below = [name for name in folders if recursive and not name.startswith(".")]
        folders[:] = [name for name in below if (Path(place) / name).resolve() not in without]
        paths = [Path(place) / name for name in files]
        found |= {path.relative_to(folder).as_posix(): path for path in paths if path.suffix.lower() in SUFFIXES}
    return dict(sorted(found.items()))


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
    recursive: bool = False,
) -> list[Item]:
    """Find the pictures of a folder, and the mask of the same stem and the parameters of each.

    Parameters
    ----------
    table : parameters by where the picture is below the folder
    recursive : take the folders below it too; results and masks are in folders of the same names

    Raises
    ------
    RequestError
        Where two pictures would have one result, or the table names no picture.
    """
    if output == Path("-"):
        raise RequestError("output", "-", "a batch has many results; give a folder")
    if output.resolve() == folder.resolve():
        raise RequestError("output", str(output), "the sources would be written over; give another folder")
    own = {path.resolve() for path in (output, masks) if path is not None}
    sources, table = _pictures(folder, recursive=recursive, without=own), table or {}
    found = _by_stem(masks, recursive=recursive) if masks else {}
    if unknown := set(table) - set(sources):
        raise RequestError("parameters", sorted(unknown)[0], f"'{sorted(unknown)[0]}' is not in '{folder}'")
    items: dict[Path, Item] = {}
    for name, source in sources.items():
        stem = PurePosixPath(name).with_suffix("")
        target = output / f"{stem}{_suffix(source, format)}"
        if target in items:
            raise RequestError(
                "format", format, f"'{items[target].name}' and '{name}' would both be '{target.name}'; rename one"
            )
        mask = found.get(stem, masks / f"{stem}.png") if masks else None
        items[target] = Item(source, name, mask, output, target, {**values, **table.get(name, {})})
    return list(items.values())


def _by_stem(masks: Path, *, recursive: bool) -> dict[PurePosixPath, Path]:
    found = _pictures(masks, recursive=recursive)
    return {PurePosixPath(name).with_suffix(""): path for name, path in found.items()}


class Journal:
    """What was made, one line a picture, written before its files are.

    A line counts only where every file it tells of is there with the bytes it tells. The folder of
    results belongs to one journal at a time, until it is closed.

    Raises
    ------
    FolderInUse
        Where another batch writes into the folder.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self.parts = output / ".batch"
        self._lock = FolderLock(self.parts, "folder of results")
        for part in self.parts.glob(".*.tmp"):  # what an interrupted write left
            part.unlink()
        self.path = self.parts / "journal.jsonl"
        self._lines: dict[str, dict[str, Any]] = {}
        for line in self.path.read_bytes().splitlines() if self.path.is_file() else ():
            try:
                entry = json.loads(line)
            except ValueError:  # the line at which the process was killed
                continue
            self._lines[entry["file"]] = entry

    def close(self) -> None:
        self._lock.close()

    def made(self, item: Item, key: str) -> list[Path]:
        """Give the files of a picture that was made from the same request and bytes; none if it was not."""
        entry = self._lines.get(item.name, {"key": "", "files": {}})
        files = {self.output / name: digest for name, digest in entry["files"].items()}
        same = entry["key"] == key and all(
            path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest for path, digest in files.items()
        )
        return list(files) if same else []

    def write(self, item: Item, key: str, files: Mapping[Path, bytes]) -> None:
        """Write a line, then the files, each whole or not at all."""
        below = {path.relative_to(self.output).as_posix(): data for path, data in files.items()}
        told = {name: hashlib.sha256(data).hexdigest() for name, data in below.items()}
        entry = {"file": item.name, "key": key, "files": told}
        with self.path.open("ab") as file:
            file.write(b"\n" + json.dumps(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._lines[item.name] = entry
        item.target.parent.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            write_atomically(path, data, self.parts)


def plans(studio: "Studio", items: Iterable[Item]) -> Generator[tuple[Item, "Plan | str"]]:
    """Give what would happen to each picture, or why it cannot be done."""
    for item in items:
        try:
            yield item, studio.plan(item.read(studio.inputs)[0])
        except Exception as error:
            yield item, str(error)


def run(
    studio: "Studio", items: Sequence[Item], on_event: "Callable[[Event], None] | None" = None
) -> Generator[Outcome]:
    """Make the pictures that are not made yet, one after another; a failing one does not stop the rest.

    Raises
    ------
    FolderInUse
        Where another batch writes into the same folder.
    """
    if not items:
        return
    journal, taken = Journal(items[0].output), {item.target for item in items}
    try:
        for item in items:
            yield _outcome(studio, item, journal, taken, on_event)
    finally:
        journal.close()


def _outcome(
    studio: "Studio", item: Item, journal: Journal, taken: set[Path], on_event: "Callable[[Event], None] | None"
) -> Outcome:
    try:
        request, key = item.read(studio.inputs)
        plan = studio.plan(request)
        key = _with_models(key, plan)
        if files := journal.made(item, key):
            return Outcome(item, "kept", files)
        made = _make(studio, plan, item, taken, on_event)
        journal.write(item, key, made)
    except Cancelled:
        raise
    except Exception as error:
        return Outcome(item, "failed", error=str(error) or type(error).__name__)
    return Outcome(item, "done", list(made))


def _with_models(key: str, plan: "Plan") -> str:
    """Let a key change with what paints, too: models, networks, the styles' words."""
    painters = [
        [model.hash for model in plan.models],
        hashes_of(plan.all_addons),
        plan.prompt_text,
        plan.negative_text,
    ]
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
