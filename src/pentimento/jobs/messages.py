"""Values through a pipe between two processes of ours: eight bytes of length, then a pickle."""

import pickle
import struct
from typing import Any, BinaryIO

_LENGTH = struct.Struct(">Q")


def send(stream: BinaryIO, message: object) -> None:
    """Write one value."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one value.

    Raises
    ------
    EOFError
        Where the other side is gone.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    return pickle.loads(_exactly(stream, length))


def _exactly(stream: BinaryIO, count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        part = stream.read(count)
        if not part:
            raise EOFError("the other process is gone")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
