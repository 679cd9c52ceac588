"""Models of the Hugging Face hub: only their safetensors and configuration, only when asked for."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from ..errors import ModelNotFoundError

_ID = re.compile(r"[\w.-]+/[\w.-]+")
_PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
_PART = rf"(?P<part>{'|'.join(_PARTS)})"
_TEXTS = re.compile(
    r"model_index\.json|scheduler/scheduler_config\.json|tokenizer(?:_2)?/(?:vocab\.json|merges\.txt)"
    rf"|{_PART}/config\.json"
)
_WEIGHTS = re.compile(rf"{_PART}/(?:diffusion_pytorch_model|model)(?P<variant>\.fp16)?\.safetensors")


def fetch(name: str, *, allow_download: bool) -> Path | None:
    """Return the folder of a hub model on this machine; None where `name` is no hub id.

    Files that were already fetched are taken from the hub's own cache; a broken download
    goes on where it stopped. Of two precisions the half one is fetched, which is half the
    size; parts as pickles never are.

    Raises
    ------
    ModelNotFoundError
        Where it is not here and may not be fetched, or the hub does not have it or cannot
        be reached.
    """
    if not _ID.fullmatch(name):
        return None
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

    client = cast(Any, huggingface_hub)
    if (cached := _cached(client, name)) is not None:
        return cached
    if not allow_download:
        raise ModelNotFoundError(
            f"no model is called '{name}' here; it looks like a model of the Hugging Face hub, "
            "which is fetched only where downloads are allowed"
        )
    try:
        wanted = files_to_fetch(cast(Iterable[str], client.HfApi().list_repo_files(name)))
        if not wanted:
            raise ModelNotFoundError(f"'{name}' on the hub is not a diffusers model with safetensors")
        return Path(cast(str, client.snapshot_download(name, allow_patterns=wanted)))
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, ConnectionError, TimeoutError, OSError) as error:
        if isinstance(error, HfHubHTTPError):
            raise ModelNotFoundError(f"the hub does not give out '{name}': {_first_line(error)}") from error
        raise ModelNotFoundError(f"'{name}' is not on this machine and the hub cannot be reached") from error
    except HFValidationError as error:
        raise ModelNotFoundError(f"'{name}' is not a valid hub id: {_first_line(error)}") from error


def files_to_fetch(files: Iterable[str]) -> Sequence[str]:
    """Choose the files of a repository that make a model; none where it is not one."""
    names = list(files)
    if "model_index.json" not in names:
        return ()
    weights: dict[str, str] = {}
    for name in names:
        if (match := _WEIGHTS.fullmatch(name)) and (match["part"] not in weights or match["variant"]):
            weights[match["part"]] = name
    return [*(name for name in names if _TEXTS.fullmatch(name)), *weights.values()]


def _cached(client: Any, name: str) -> Path | None:
    index = client.try_to_load_from_cache(name, "model_index.json")
    if not isinstance(index, str):
        return None
    folder = Path(index).parent
    parts = [part for part in _PARTS if (folder / part / "config.json").exists()]
    complete = "unet" in parts and all(any((folder / part).glob("*.safetensors")) for part in parts)
    return folder if complete else None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
