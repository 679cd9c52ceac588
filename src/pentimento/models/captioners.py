"""Which models that describe pictures there are, and one looked up by its name, without torch."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ..errors import ModelFileError, ModelNotFoundError
from .folders import DIFFUSERS, walk
from .hub import HUB_ID

KINDS = frozenset({"blip", "git", "vision-encoder-decoder"})
"""`model_type` of the configurations that are taken: BLIP, GIT, and ViT-GPT2 and its kin."""

WAY_TO_GET_ONE = (
    "get one with `pentimento describe IMAGE --model Salesforce/blip-image-captioning-large --download` (BSD-3,"
    " 1.9 GB), or put the folder of a BLIP, GIT or ViT-GPT2 model into the model folders"
)
WEIGHTS = "model.safetensors"
_TEXTS = re.compile(
    r"(config|generation_config|preprocessor_config|tokenizer|tokenizer_config|special_tokens_map|vocab|added_tokens)"
    r"\.json|vocab\.txt|merges\.txt"
)


@dataclass(frozen=True)
class Captioner:
    """A folder with a model that describes pictures."""

    name: str
    path: Path
    kind: str


def scan_captioners(folders: Iterable[str | Path]) -> tuple[Captioner, ...]:
    """Look for models that describe pictures in folders of models and below."""
    found: dict[Path, Captioner] = {}
    for folder in folders:
        for place, files in walk(Path(folder).expanduser(), set()):
            kind = _kind(place) if "config.json" in files and DIFFUSERS not in files else None
            if kind in KINDS and WEIGHTS in files:
                found.setdefault(place.resolve(), Captioner(place.name, place, kind))
    return tuple(found.values())


def find_captioner(word: str | None, found: Sequence[Captioner], *, allow_download: bool) -> Captioner:
    """Find a model that describes pictures by name, folder or hub id; without a word, the first.

    Parameters
    ----------
    found : what `scan_captioners` gave
    allow_download : a model of the hub that is not on this machine yet is fetched

    Raises
    ------
    ModelNotFoundError
        Where there is none; says how to get one.
    ModelFileError
        Where it is there but cannot be used.
    """
    if word is None:
        if found:
            return found[0]
        raise ModelNotFoundError(f"no model that describes pictures was found; {WAY_TO_GET_ONE}")
    if (named := next((one for one in found if one.name.casefold() == word.casefold()), None)) is not None:
        return named
    path = Path(word).expanduser()
    if not path.is_dir() and HUB_ID.fullmatch(word):
        path = _fetched(word, allow_download=allow_download)
    if not path.is_dir():
        known = ", ".join(one.name for one in found) or "none"
        raise ModelNotFoundError(
            f"no model that describes pictures is called '{word}'; found: {known}; {WAY_TO_GET_ONE}"
        )
    return _checked(path, word)


def _checked(path: Path, name: str) -> Captioner:
    kind = _kind(path)
    if kind not in KINDS:
        raise ModelFileError(
            f"{path} is a model of kind {kind or 'unknown'}; expected one of {', '.join(sorted(KINDS))}"
        )
    if not (path / WEIGHTS).is_file():
        pickle = path / "pytorch_model.bin"
        hint = f"; convert it once: pentimento convert {pickle}" if pickle.is_file() else ""
        raise ModelFileError(f"{path} has no {WEIGHTS}{hint}")
    return Captioner(name, path, kind)


def _kind(folder: Path) -> str | None:
    try:
        config: Any = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return str(cast(dict[str, Any], config).get("model_type")) if isinstance(config, dict) else None


def files_to_fetch(files: Iterable[str]) -> list[str]:
    """Choose the files of a repository: configurations, vocabulary and the safetensors, never a pickle."""
    return [name for name in files if name == WEIGHTS or _TEXTS.fullmatch(name)]


def _fetched(name: str, *, allow_download: bool) -> Path:
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    client = cast(Any, huggingface_hub)
    cached = client.try_to_load_from_cache(name, WEIGHTS)
    if isinstance(cached, str):
        return Path(cached).parent
    if not allow_download:
        raise ModelNotFoundError(
            f"'{name}' is not on this machine; it looks like a model of the Hugging Face hub, which is fetched only"
            " with --download"
        )
    try:
        wanted = files_to_fetch(cast(Iterable[str], client.HfApi().list_repo_files(name)))
        if WEIGHTS not in wanted:
            raise ModelNotFoundError(f"'{name}' on the hub has no {WEIGHTS}, and pickles are not fetched")
        return Path(cast(str, client.snapshot_download(name, allow_patterns=wanted)))
    except HfHubHTTPError as error:
        raise ModelNotFoundError(f"the hub does not give out '{name}': {str(error).strip().splitlines()[0]}") from error
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(f"'{name}' is not on this machine and the hub cannot be reached") from error
