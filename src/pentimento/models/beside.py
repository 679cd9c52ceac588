"""Folders of other kinds of files, in a folder of models and beside it where other programs keep them."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from .folders import DIFFUSERS, ENDINGS, checkpoints_of, walk


def files_beside(folders: Sequence[str | Path], names: Collection[str]) -> Iterator[Path]:
    """Give all files of tensors in folders of models, and in folders called so beside or above them.

    Parameters
    ----------
    names : what those folders are called, in small letters
    """
    seen: set[Path] = set()
    for folder in folders:
        for place in _places(Path(folder).expanduser(), names):
            yield from _below(place, seen)


def _places(root: Path, names: Collection[str]) -> Iterator[Path]:
    """Give the folder itself, unless it is a whole program's, and its neighbours of those names."""
    if not checkpoints_of(root):
        yield root
    for base in (root, root.parent, root.parent.parent):
        for place in (base, base / "models"):
            if base != base.parent and place.is_dir():
                yield from (inner for inner in sorted(place.iterdir()) if inner.name.casefold() in names)


def _below(root: Path, seen: set[Path]) -> Iterator[Path]:
    for here, files in walk(root, seen):
        if DIFFUSERS not in files:
            yield from (here / name for name in files if Path(name).suffix.lower() in ENDINGS)


def ends_with(path: Path, word: str) -> bool:
    """Whether a word with slashes is the end of a path, with or without the file's ending."""
    words = [part for part in word.split("/") if part]
    return any(list(whole.parts)[-len(words) :] == words for whole in (path, path.with_suffix(""))) if words else False
