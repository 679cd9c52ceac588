"""The project file of a chain: a zip with all that it is made of, each part by the hash of its content.

mimetype          application/vnd.pentimento.chain, first and not compressed
chain.json        the steps in order
pictures/SHA256   the source and the masks, as the files that they were
layers/SHA256.png the layers, see `pictures.layers`
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .. import __version__
from ..errors import ImageError, RequestError
from ..geometry import Box, Size
from ..infotext import PROGRAM
from ..pictures.layers import Layer
from ..recipe import Recipe, Sha256
from .step import Ground, Step

FORMAT = 1
"""Version of the project file's form."""
MIMETYPE = b"application/vnd.pentimento.chain"
SUFFIX = ".pentimento"

_BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The same chain gives the same bytes whenever it is written."""
_STORED = frozenset({b"\x89PNG", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"RIFF"})

_LARGEST_PART = 2**31
"""Bytes above which a part is not unpacked."""

_Edge = Annotated[int, Field(ge=0)]


Check = Callable[[bytes], object]
"""Is given a picture's bytes before they are opened; raises where they are not to be."""


def unchecked(data: bytes) -> None:
    """Let any picture be opened."""
    del data


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _StepRecord(_Record):
    label: str
    muted: bool
    layer: Sha256
    box: tuple[_Edge, _Edge, _Edge, _Edge]
    sees: tuple[_Edge, _Edge, _Edge, _Edge]
    saw: Sha256
    infotext: str
    recipe: Recipe


class _ChainRecord(_Record):
    version: int
    program: str
    source: Sha256
    steps: tuple[_StepRecord, ...]


def write_project(source: bytes, steps: Iterable[Step]) -> bytes:
    """Give the bytes of a project file."""
    parts: dict[str, bytes] = {f"pictures/{_sha256(source)}": source}
    records: list[_StepRecord] = []
    for step in steps:
        digest = _sha256(step.layer.png)
        parts[f"layers/{digest}.png"] = step.layer.png
        parts |= {f"pictures/{name}": data for name, data in step.inputs.items()}
        records.append(
            _StepRecord(
                label=step.label,
                muted=step.muted,
                layer=digest,
                box=step.layer.box,
                sees=step.sees,
                saw=step.saw,
                infotext=step.infotext,
                recipe=step.recipe,
            )
        )
    program = f"{PROGRAM} {__version__}"
    record = _ChainRecord(version=FORMAT, program=program, source=_sha256(source), steps=tuple(records))
    return pack({"mimetype": MIMETYPE, "chain.json": record.model_dump_json(indent=1).encode(), **parts})


def pack(parts: Mapping[str, bytes]) -> bytes:
    """Write a zip of named parts in this order; what is compressed already, and the first, is only stored."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index, (name, data) in enumerate(parts.items()):
            stored = index == 0 or data[:4] in _STORED
            entry = zipfile.ZipInfo(name, _BEGINNING)
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return buffer.getvalue()


def read_project(
    file: Path | bytes, most: int | None = None, check: Check = unchecked
) -> tuple[bytes, tuple[Step, ...]]:
    """Read a project file: the source and the steps.

    Parameters
    ----------
    file : where it is, or its bytes
    most : bytes that all parts may have together once they are unpacked
    check : given each picture's bytes before it is opened; raises where it is not to be

    Raises
    ------
    RequestError
        Where there is no such file, or it is damaged, foreign, larger or of a newer form.
    """
    path = Path("the given bytes") if isinstance(file, bytes) else file
    try:
        with zipfile.ZipFile(io.BytesIO(file) if isinstance(file, bytes) else file) as archive:
            _check_sum(archive, path, most)
            return _read(archive, path, check)
    except FileNotFoundError as error:
        raise RequestError("file", str(path), f"there is no file '{path}'; `chain new` begins one") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise RequestError("file", str(path), f"'{path}' is no chain, or is damaged ({error})") from error
    except OSError as error:
        raise RequestError("file", str(path), f"'{path}' cannot be read ({error.strerror})") from error
    except ImageError as error:
        raise RequestError("file", str(path), f"'{path}' is damaged: {error}") from error


def _check_sum(archive: zipfile.ZipFile, path: Path, most: int | None) -> None:
    size = sum(entry.file_size for entry in archive.infolist())
    if most is not None and size > most:
        raise RequestError(
            "file", str(path), f"'{path}' has {size} bytes when it is unpacked; at most {most} are taken"
        )


def _read(archive: zipfile.ZipFile, path: Path, check: Check) -> tuple[bytes, tuple[Step, ...]]:
    if "mimetype" not in archive.namelist() or _part(archive, "mimetype", path).strip() != MIMETYPE:
        raise RequestError("file", str(path), f"'{path}' is no chain but another kind of zip file")
    record = _record(_part(archive, "chain.json", path), path)
    source = _content(archive, f"pictures/{record.source}", record.source, path)
    check(source)
    size = Ground.of(source).size
    steps = tuple(_step(archive, step, size, path) for step in record.steps)
    for step in steps:
        for data in step.inputs.values():
            check(data)
    return source, steps


def _record(data: bytes, path: Path) -> _ChainRecord:
    try:
        version = _Version.model_validate_json(data)
        if version.version > FORMAT:
            raise RequestError(
                "file",
                str(path),
                f"'{path}' is of form {version.version}, written by {version.program}; this program reads forms up to"
                f" {FORMAT}: use a newer one",
            )
        return _ChainRecord.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "text"
        raise RequestError("file", str(path), f"'{path}' is damaged: chain.json: {place}: {first['msg']}") from error


class _Version(BaseModel):
    version: int
    program: str


def _step(archive: zipfile.ZipFile, record: _StepRecord, size: Size, path: Path) -> Step:
    box, sees = Box(*record.box), Box(*record.sees)
    for one in (box, sees):
        if one != one.clamped(size) or min(one.size) < 0:
            raise RequestError("file", str(path), f"'{path}' is damaged: {one} does not lie in the picture of {size}")
    layer = Layer(box, _content(archive, f"layers/{record.layer}.png", record.layer, path))
    layer.check()
    wanted = {one.sha256 for name, one in record.recipe.inputs.items() if name != "init_image"}
    inputs = {digest: _content(archive, f"pictures/{digest}", digest, path) for digest in sorted(wanted)}
    return Step(layer, sees, record.saw, record.recipe, inputs, record.infotext, record.label, record.muted)


def _content(archive: zipfile.ZipFile, name: str, digest: str, path: Path) -> bytes:
    data = _part(archive, name, path)
    if _sha256(data) != digest:
        raise RequestError("file", str(path), f"'{path}' is damaged: {name} is not what its name says")
    return data


def _part(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    try:
        size = archive.getinfo(name).file_size
    except KeyError as error:
        raise RequestError("file", str(path), f"'{path}' is damaged: it has no {name}") from error
    if size > _LARGEST_PART:
        raise RequestError("file", str(path), f"'{path}' is damaged: {name} has {size} bytes")
    return archive.read(name)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
