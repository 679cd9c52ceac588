"""Tensors of a safetensors file, mapped into memory and read from disk when they are used."""

import mmap
from math import prod
from pathlib import Path

import torch
from torch import Tensor

from ..errors import ModelFileError
from .header import Header, read_header

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
}


class WeightFile:
    """A mapped file; tensors share its memory, and keep it mapped for as long as they live.

    Raises
    ------
    ModelFileError
        Where the file is missing, cut short or foreign.
    """

    def __init__(self, path: Path) -> None:
        self.header: Header = read_header(path)
        with path.open("rb") as file:
            # Written pages are the process's own: the file never changes.
            self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)

    def read(self, name: str) -> Tensor:
        """Return a tensor without copying it."""
        shape, (dtype, start, end) = self.header.shapes[name], self.header.places[name]
        if dtype not in _DTYPES or end - start != prod(shape) * _DTYPES[dtype].itemsize:
            raise ModelFileError(f"{self.header.path}: tensor {name} is damaged or of an unknown type ({dtype})")
        return torch.frombuffer(self._mapped, dtype=_DTYPES[dtype], count=prod(shape), offset=start).reshape(shape)

    def release(self, name: str) -> None:
        """Give back the memory that reading a tensor took; it is read from disk again if it is used again."""
        _, start, end = self.header.places[name]
        first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
        whole = (end - first) // mmap.PAGESIZE * mmap.PAGESIZE
        if whole > 0 and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped.madvise(mmap.MADV_DONTNEED, first, whole)
