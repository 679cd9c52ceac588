"""Which folders are looked through: those that were given, the user's own, added ones, and those of other programs."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..errors import ModelNotFoundError
from ..files import data_dir, write_atomically
from .header import PICKLES

ENDINGS = frozenset({".safetensors", *PICKLES})
DIFFUSERS = "model_index.json"
"""File that tells a diffusers folder."""

_ADDED = "folders.json"
_DEEPEST = 4
_MOST_FOLDERS = 20_000
_HOMES = ("~", "/opt", "/srv", "/workspace", "/data", "/mnt", "/media", "C:/", "D:/", "E:/")
_NOT_LOOKED_THROUGH = frozenset({"node_modules", "site-packages", "windows", "program files", "program files (x86)"})


@dataclass(frozen=True)
class Application:
    """Another program that keeps models.

    Attributes
    ----------
    checkpoints : where below its folder they lie
    mark : what tells it from others of the same layout
    """

    name: str
    checkpoints: Sequence[str]
    mark: str | None = None


# The first row that fits.
APPLICATIONS = (
    Application("Forge", ("models/Stable-diffusion",), "modules_forge"),
    Application("A1111", ("models/Stable-diffusion",)),
    Application("ComfyUI", ("models/checkpoints", "models/diffusers")),
)


@dataclass(frozen=True)
class FoundFolder:
    """A folder of another program, and how many models seem to lie in it; pickles do not count."""

    path: Path
    application: str
    models: int


def own_folder() -> Path:
    """Return the user's folder for models that are downloaded (not created)."""
    return data_dir() / "models"


def look_in(folders: Iterable[str | Path]) -> list[Path]:
    """Give the folders that were given, and of each those that were added to it; then the user's own."""
    given = [Path(folder).expanduser() for folder in folders]
    own = own_folder()
    if own.is_dir() and own not in given:
        given.append(own)
    return list(dict.fromkeys([*given, *(place for folder in given for place in added(folder) if place.is_dir())]))


def added(folder: Path) -> list[Path]:
    """List the places that somebody added to a folder of models."""
    try:
        told: object = json.loads((folder / _ADDED).read_text("utf-8"))
    except (OSError, ValueError):  # nothing was added
        return []
    rows = cast(list[object], told) if isinstance(told, list) else []
    return [Path(row) for row in rows if isinstance(row, str)]


def add(folder: Path, place: Path) -> None:
    """Look also in this place whenever the folder is looked through.

    Raises
    ------
    ModelNotFoundError
        Where it is no folder.
    """
    if not place.is_dir():
        raise ModelNotFoundError(f"{place} is no folder; give a folder with models")
    _write(folder, dict.fromkeys([*added(folder), place.absolute()]))


def remove(folder: Path, place: Path) -> None:
    """Look there no more; nothing in it is touched."""
    _write(folder, [other for other in added(folder) if other != place.absolute()])


def _write(folder: Path, places: Iterable[Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / _ADDED, json.dumps([str(place) for place in places], indent=1).encode())


def checkpoints_of(folder: Path) -> list[Path]:
    """Give where another program keeps its checkpoints; nothing where the folder is not of one."""
    for application in APPLICATIONS:
        if places := [folder / place for place in application.checkpoints if (folder / place).is_dir()]:
            return places
    return []


def candidates(root: Path, seen: set[Path]) -> Iterator[Path]:
    """Give the files and diffusers folders that may be models, in a folder and below; of a program, its checkpoints.

    Parameters
    ----------
    seen : folders that were looked through; added to
    """
    if root.is_file():
        yield root
        return
    for place in checkpoints_of(root) or [root]:
        yield from _below(place, seen)


def walk(root: Path, seen: set[Path]) -> Iterator[tuple[Path, list[str]]]:
    """Give a folder and all below with their files; hidden folders, and the parts of a diffusers folder, are left out.

    Parameters
    ----------
    seen : folders that were looked through; added to
    """
    # Links are followed, as people link one folder of models into several programs; `seen` ends circles.
    for place, folders, files in os.walk(root, followlinks=True):
        here = Path(place)
        if (real := here.resolve()) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [] if DIFFUSERS in files else sorted(name for name in folders if not name.startswith("."))
        yield here, sorted(files)


def _below(root: Path, seen: set[Path]) -> Iterator[Path]:
    for here, files in walk(root, seen):
        if DIFFUSERS in files:
            yield here
        else:
            yield from (here / name for name in files if Path(name).suffix.lower() in ENDINGS)


def find_folders(homes: Sequence[str | Path] = _HOMES) -> list[FoundFolder]:
    """Look for the folders of A1111, Forge and ComfyUI where people put them; a few levels deep, links left out."""
    found: list[FoundFolder] = []
    for folder in _walk(homes):
        application = next((row for row in APPLICATIONS if _is_of(row, folder)), None)
        if application is not None:
            models = sum(path.suffix.lower() not in PICKLES for path in candidates(folder, set()))
            found.append(FoundFolder(folder, application.name, models))
    return found


def _is_of(application: Application, folder: Path) -> bool:
    marked = application.mark is None or (folder / application.mark).is_dir()
    return marked and any((folder / place).is_dir() for place in application.checkpoints)


def _walk(homes: Sequence[str | Path]) -> Iterator[Path]:
    """Give folders level by level, so that what is near the top is found before the bound is reached."""
    level = [home for home in (Path(home).expanduser() for home in homes) if home.is_dir()]
    seen: set[Path] = set()
    for _ in range(_DEEPEST):
        below: list[Path] = []
        for folder in level:
            if folder in seen or len(seen) > _MOST_FOLDERS:
                continue
            seen.add(folder)
            yield folder
            below += _inner(folder)
        level = below


def _inner(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and not entry.name.startswith((".", "$"))
                and entry.name.casefold() not in _NOT_LOOKED_THROUGH
            ]
    except OSError:  # not ours to read
        return []
