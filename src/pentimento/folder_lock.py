"""A folder that belongs to one process at a time."""

import os
from pathlib import Path

from .errors import PentimentoError
from .files import try_lock


class FolderInUse(PentimentoError):
    """Another process works on the folder; the text names it."""


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
        if not try_lock(self._file):
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
