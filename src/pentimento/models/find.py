"""Which models there are: folders scanned, and a model looked up by what people call it."""

import re
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ..errors import ModelFileError, ModelNotFoundError
from . import hub
from .detect import detect
from .folders import ENDINGS, candidates
from .info import ModelInfo

BUILTIN = Path(__file__).parent / "builtin"
_TITLE = re.compile(r"(?P<name>.+?)\s*\[(?P<hash>[0-9a-fA-F]{4,64})\]\s*")
_HASH = re.compile(r"[0-9a-fA-F]{6,64}")


@dataclass(frozen=True)
class Unusable:
    """A file or folder that was found but cannot be a model here, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Library:
    """The models that were found, and what else lay beside them."""

    models: tuple[ModelInfo, ...]
    unusable: tuple[Unusable, ...] = ()

    def find(
        self,
        word: str | Path,
        *,
        allow_download: bool = False,
        allow_paths: bool = True,
        watch: hub.Watch = nullcontext,
    ) -> ModelInfo:
        """Find a model by its name, file, path, hash, `name [hash]`, name of the catalogue, or `owner/name` on the hub.

        Names are taken in any letter case, with or without the ending; where two models are
        called the same, the end of a path (`folder/name`) tells them apart.

        Parameters
        ----------
        allow_download : a model of the hub that is not on this machine yet is fetched
        allow_paths : a file or folder that was not found before may be named by its path
        watch : opened around a download

        Raises
        ------
        ModelNotFoundError
            Where nothing or more than one thing is called so; names what is near.
        ModelFileError
            Where it is there but cannot be used; says what it is.
        """
        text = str(word).strip()
        for search in (self._by_name, self._by_title, self._by_hash):
            found = search(text)
            if len(found) == 1:
                return found[0]
            if found:
                places = ", ".join(str(info.path) for info in found)
                raise ModelNotFoundError(f"model '{text}' is in several places: {places}; give the path")
        if allow_paths and (path := Path(text).expanduser()).exists():
            return detect(path)
        if (folder := hub.fetch(text, allow_download=allow_download, watch=watch)) is not None:
            return detect(folder, kind="hub", name=text)
        for other in self.unusable:
            if _is_called(other.path, text):
                raise ModelFileError(other.reason)
        raise ModelNotFoundError(self._nothing(text))

    def _by_name(self, text: str) -> list[ModelInfo]:
        exact = [info for info in self.models if text in (info.name, str(info.path))]
        return exact or [
            info for info in self.models if info.name.casefold() == text.casefold() or _is_called(info.path, text)
        ]

    def _by_title(self, text: str) -> list[ModelInfo]:
        match = _TITLE.fullmatch(text)
        if match is None:
            return []
        named = [info for info in self._by_name(match["name"]) if _has_hash(info, match["hash"])]
        return named or self._by_hash(match["hash"])

    def _by_hash(self, text: str) -> list[ModelInfo]:
        return [info for info in self.models if _has_hash(info, text)] if _HASH.fullmatch(text) else []

    def _nothing(self, text: str) -> str:
        names = {info.name.casefold(): info.name for info in self.models}
        near = [names[name] for name in get_close_matches(text.casefold(), list(names), n=3, cutoff=0.5)]
        known = ", ".join(names.values()) or "none"
        hint = f"; did you mean {' or '.join(near)}?" if near else ";"
        return f"no model is called '{text}'{hint} Models found: {known}"


def scan(folders: Sequence[str | Path] = ()) -> Library:
    """Look for models: the built-in one, then all in the given folders and below.

    A folder of A1111, Forge or ComfyUI is known by its layout, and only its checkpoints are
    looked through. Hidden folders are left out.

    Raises
    ------
    ModelNotFoundError
        Where a given folder is not there.
    """
    models: list[ModelInfo] = []
    unusable: list[Unusable] = []
    if (BUILTIN / "model_index.json").is_file():
        models.append(detect(BUILTIN, kind="builtin"))
    seen = {BUILTIN.resolve()}
    for folder in folders:
        root = Path(folder).expanduser()
        if not root.exists():
            raise ModelNotFoundError(f"models: {root} is not there; give a folder with models, or a model")
        for path in candidates(root, seen):
            try:
                models.append(detect(path))
            except ModelFileError as error:
                unusable.append(Unusable(path, str(error)))
    return Library(tuple(models), tuple(unusable))


def _is_called(path: Path, text: str) -> bool:
    """Tell whether a word is the end of a path, with or without the file's ending, in any letter case."""
    words = [part for part in text.casefold().replace("\\", "/").split("/") if part]
    bare = path.with_suffix("") if path.suffix.lower() in ENDINGS else path
    return bool(words) and any(
        [part.casefold() for part in whole.parts][-len(words) :] == words for whole in (path, bare)
    )


def _has_hash(info: ModelInfo, digits: str) -> bool:
    return info.full_hash.startswith(digits.lower())
