"""Where files are kept, and writing them so that a reader never meets half of one."""

import os
import secrets
import sys
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, data: bytes, through: Path | None = None) -> None:
    """Write a file whole or not at all, whatever interrupts; it is on disk when this returns.

    Parameters
    ----------
    through : folder of the same disk where an interrupted write may leave its part; left out = the file's own
    """
    temporary = (through or path.parent) / f".{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk, where the system lets folders be opened."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def data_dir() -> Path:
    """Return the user's folder for what this program keeps (not created)."""
    return _user_folder("PENTIMENTO_DATA", "Application Support", "XDG_DATA_HOME", ".local/share")


def cache_dir() -> Path:
    """Return the user's folder for what this program can make again (not created)."""
    return _user_folder("PENTIMENTO_CACHE", "Caches", "XDG_CACHE_HOME", ".cache")


def _user_folder(named: str, on_macos: str, by_freedesktop: str, otherwise: str) -> Path:
    if folder := os.environ.get(named):
        return Path(folder)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / on_macos
    else:
        base = Path(os.environ.get(by_freedesktop, Path.home() / otherwise))
    return base / "pentimento"


# Far behind any text, as a locked byte cannot be read by others on Windows.
_LOCKED_BYTE = 2**20

if sys.platform == "win32":
    import msvcrt

    def try_lock(file: BinaryIO) -> bool:
        """Lock an open file for this process until it is closed; False where another holds it."""
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(file: BinaryIO) -> bool:
        """Lock an open file for this process until it is closed; False where another holds it."""
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
