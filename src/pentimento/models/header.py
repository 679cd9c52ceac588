"""The header of a safetensors file: names and shapes of its tensors, read without the tensors."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, cast

from ..errors import ModelFileError

PICKLES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl"})
_LARGEST_HEADER = 100_000_000  # bytes; the format's own limit
_FIRST_BYTES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive, as PyTorch writes its pickles"),
    (b"\x80", "a Python pickle"),
    (b"GGUF", "a GGUF file"),
    (b"version https://git-lfs", "a Git LFS pointer: the file itself was not downloaded"),
    (b"<", "a web page: the download needs a login or the address is wrong"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
)


@dataclass(frozen=True)
class Header:
    """What a safetensors file says of itself.

    Attributes
    ----------
    shapes : shape of each tensor by its name, in the file's order
    places : type of each tensor (F32, F16, ...) and the bytes of the file that hold it, from and up to
    metadata : free text that its maker left
    """

    path: Path
    size_bytes: int
    shapes: Mapping[str, tuple[int, ...]]
    places: Mapping[str, tuple[str, int, int]]
    metadata: Mapping[str, str]

    def parameters(self, prefixes: tuple[str, ...] = ("",)) -> int:
        """Count the numbers in all tensors whose names begin so."""
        return sum(prod(shape) for name, shape in self.shapes.items() if name.startswith(prefixes))


def refuse_pickle(path: Path) -> None:
    """Refuse a file that is a pickle by its name.

    Raises
    ------
    ModelFileError
        It tells how to convert the file.
    """
    if path.suffix.lower() in PICKLES:
        raise ModelFileError(
            f"{path} is a pickle, which can run any program when it is opened, so only .safetensors files are loaded; "
            f"convert it once: pentimento convert {shlex.quote(str(path))}"
        )


def read_header(path: Path) -> Header:
    """Read names, shapes and metadata of a safetensors file, and check that all of it is there.

    Raises
    ------
    ModelFileError
        Where the file is missing, a pickle, cut short, or not a safetensors file; says which.
    """
    refuse_pickle(path)
    if not path.is_file():
        raise ModelFileError(f"{path} is not there; expected a .safetensors file")
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(64)
        length = int.from_bytes(start[:8], "little")
        if len(start) < 9 or not start[8:].startswith(b"{") or length > _LARGEST_HEADER:
            raise ModelFileError(_foreign(path, start, size))
        file.seek(8)
        text = file.read(length)
    if len(text) < length:
        raise ModelFileError(_cut_short(path, size, 8 + length))
    try:
        entries = cast(dict[str, dict[str, Any]], json.loads(text))
        metadata = cast(dict[str, str], entries.pop("__metadata__", None) or {})
        shapes = {name: tuple(cast(list[int], entry["shape"])) for name, entry in entries.items()}
        places = {name: _place(entry, 8 + length) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelFileError(_foreign(path, start, size)) from error
    if size < (end := max((end for _, _, end in places.values()), default=0)):
        raise ModelFileError(_cut_short(path, size, end))
    return Header(path, size, shapes, places, metadata)


def _place(entry: Mapping[str, Any], start: int) -> tuple[str, int, int]:
    first, last = cast(tuple[int, int], entry["data_offsets"])
    return cast(str, entry["dtype"]), start + first, start + last


def _cut_short(path: Path, size: int, expected: int) -> str:
    return f"{path} is cut short: it has {size} bytes of at least {expected}; copy or download it again"


def _foreign(path: Path, start: bytes, size: int) -> str:
    found = next((what for first, what in _FIRST_BYTES if start.startswith(first)), f"something else ({size} bytes)")
    return f"{path} is not a safetensors file; it is {found}"
