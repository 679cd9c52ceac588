"""Chains on disk: project files of each owner, and how one is made of the history."""

import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from ..chain import Chain, Step
from ..chain.project import SUFFIX
from ..errors import ImageError, ModelError, PentimentoError, RecipeError, RequestError
from ..files import write_atomically
from ..pictures.read import read_picture
from ..recipe import open_recipe, pixels_sha256
from ..studio import Studio
from .picture import Picture
from .store import Store

_ID = re.compile(r"[0-9a-f]{24}")
_SEARCHED = 20
"""So many chains, those that were changed last, are looked through for a picture: each is put together for it."""


class ChainNotFound(PentimentoError):
    """There is no such chain, or it is somebody else's."""


@dataclass(frozen=True)
class ChainFile:
    """A chain that is kept: when it was changed last, seconds since 1970, and the bytes of its file."""

    id: str
    changed: float
    bytes: int


class Chains:
    """Project files below one folder, those of each owner apart.

    Parameters
    ----------
    folder : made when needed
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def add(self, chain: Chain, owner: str) -> str:
        """Keep a chain; gives the name under which it is found."""
        id = secrets.token_hex(12)
        self._write(id, owner, chain)
        return id

    def of_picture(self, picture: Picture, make: Callable[[], Chain]) -> tuple[str, Chain]:
        """Give the chain of a picture and its name: as it was left, or else as it is made now."""
        id = hashlib.sha256(f"{picture.owner}\n{picture.id}".encode()).hexdigest()[:24]
        try:
            return id, self.open(id, picture.owner)
        except ChainNotFound:
            chain = make()
        with self._lock:
            if not self._file(id, picture.owner).exists():
                self._write(id, picture.owner, chain)
        return id, self.open(id, picture.owner)

    def open(self, id: str, owner: str) -> Chain:
        """Find a chain.

        Raises
        ------
        ChainNotFound
            Where there is none, or it is another owner's.
        """
        return Chain.from_bytes(self.read(id, owner))

    def read(self, id: str, owner: str) -> bytes:
        """Give the bytes of a chain's file.

        Raises
        ------
        ChainNotFound
        """
        try:
            return self._file(id, owner).read_bytes()
        except FileNotFoundError as error:
            raise _not_found(id) from error

    def change(self, id: str, owner: str, change: Callable[[Chain], Chain]) -> Chain:
        """Change a chain; where that fails it stays as it is. One is changed at a time.

        Raises
        ------
        ChainNotFound
        """
        with self._lock:
            changed = change(self.open(id, owner))
            self._write(id, owner, changed)
            return changed

    def remove(self, id: str, owner: str) -> None:
        """Delete a chain; the pictures of the history stay.

        Raises
        ------
        ChainNotFound
        """
        with self._lock:
            try:
                self._file(id, owner).unlink()
            except FileNotFoundError as error:
                raise _not_found(id) from error

    def list(self, owner: str) -> list[ChainFile]:
        """List an owner's chains, the one that was changed last first."""
        files = [(file.stem, file.stat()) for file in self._place(owner).glob(f"*{SUFFIX}")]
        found = [ChainFile(id, stat.st_mtime, stat.st_size) for id, stat in files]
        return sorted(found, key=lambda one: (-one.changed, one.id))

    def shown(self, owner: str) -> dict[str, Chain]:
        """Give an owner's latest chains by the pixels of what they show; those that show their source alone are out."""
        found: dict[str, Chain] = {}
        for one in self.list(owner)[:_SEARCHED]:
            try:
                chain = self.open(one.id, owner)
            except ChainNotFound:  # deleted meanwhile
                continue
            if chain.touched.any():
                found.setdefault(pixels_sha256(chain.picture()), chain)
        return found

    def _write(self, id: str, owner: str, chain: Chain) -> None:
        file = self._file(id, owner)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, chain.to_bytes())

    def _file(self, id: str, owner: str) -> Path:
        if _ID.fullmatch(id) is None:
            raise _not_found(id)
        return self._place(owner) / f"{id}{SUFFIX}"

    def _place(self, owner: str) -> Path:
        # A user's name may be no file name.
        return self._folder / hashlib.sha256(owner.encode()).hexdigest()[:16]


def _not_found(id: str) -> ChainNotFound:
    return ChainNotFound(f"there is no chain '{id[:80]}'; it may have been deleted")


def step_names(chain: Chain) -> tuple[str, ...]:
    """Name each step by what it is, wherever it stands and whether it is muted; equal ones are counted."""
    names: list[str] = []
    for step in chain.steps:
        name, count = _name(step), 1
        while (own := name if count == 1 else f"{name}-{count}") in names:
            count += 1
        names.append(own)
    return tuple(names)


def _name(step: Step) -> str:
    return hashlib.sha256(step.layer.png + step.recipe.to_json().encode()).hexdigest()[:16]


def chain_of(picture: Picture, store: Store, chains: Chains, studio: Studio) -> Chain:
    """Make the chain that has led to a picture of the history.

    A result is a step where it keeps the size of its source and is from one run; its source is known by its
    pixels, whatever file it came in. The chain begins with the source of the first step, or goes on from the chain
    that shows that source. Where a result cannot be run as it was (its model is gone, its format has lost pixels),
    the chain begins with that result.
    """
    line, chain = [picture], None
    kept = cache(partial(chains.shown, picture.owner))  # puts many together: only where there is a source to look for
    while (source := _source(line[0], store)) is not None:
        pixels = pixels_sha256(read_picture(source, "init_image"))
        below = store.showing(pixels, picture.owner, line[0].created)
        if pixels in kept() or below is None or not store.path(below.id).is_file():
            chain = kept().get(pixels) or Chain.of(source)
            break
        line.insert(0, below)
    for one in line:
        chain = _extended(chain, store.path(one.id), studio)
    assert chain is not None
    return chain


def _extended(chain: Chain | None, file: Path, studio: Studio) -> Chain:
    """Add a result to a chain, or begin one with it where it is no step that could be run again."""
    if chain is None:
        return Chain.of(file)
    try:
        return chain.accept(studio, file)
    except (RecipeError, RequestError, ModelError):
        return Chain.of(file)


def _source(picture: Picture, store: Store) -> bytes | None:
    """Give the picture that a result was made of, where the result can be a step over it."""
    try:
        recipe = open_recipe(store.path(picture.id))
        record = recipe.inputs.get("init_image")
        data = None if record is None or recipe.script is not None else store.inputs.get(record.sha256)
        keeps = data is not None and read_picture(data, "init_image").size == (picture.width, picture.height)
    except (RecipeError, ImageError):
        return None
    return data if keeps else None
