"""A folder that belongs to one process at a time."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from .errors import PentimentoError


class FolderInUse(PentimentoError):
    """Another process works on the folder; the text names it."""


# Far behind the text, as a locked byte cannot be read by others on Windows.
_LOCKED_BYTE = 2**20


class FolderLock:
    """Holds a folder until closed, or until the process ends in whatever way.

    Parameters
    ----------
    called : what the folder is, for the refusal

    Raises
    ------
    FolderInUse
        Where another process holds it.
    """

    def __init__(self, folder: Path, called: str = "data folder") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "pentimento.lock").open("a+b")
        if not _try_lock(self._file):
            self._file.seek(0)
            holder = self._file.read(32).decode("ascii", "replace").strip() or "unknown"
            self._file.close()
            raise FolderInUse(
                f"the {called} {folder} is in use by the process with pid {holder}; stop that one, or give another"
                " folder"
            )
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n".encode())
        self._file.flush()

    def close(self) -> None:
        self._file.close()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: BinaryIO) -> bool:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
