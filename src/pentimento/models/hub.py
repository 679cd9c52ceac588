"""Models of the Hugging Face hub: only their safetensors and configuration, only when asked for."""

import os
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..errors import ModelNotFoundError
from .catalogue import find_offer

if TYPE_CHECKING:
    from .downloads import Download

Watch = Callable[["Download"], AbstractContextManager[object]]
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "preview_decoder")
_PART = rf"(?P<part>{'|'.join(_PARTS)})"
_TEXTS = re.compile(
    r"model_index\.json|scheduler/scheduler_config\.json|tokenizer(?:_2)?/(?:vocab\.json|merges\.txt)"
    rf"|{_PART}/config\.json"
)
_WEIGHTS = re.compile(rf"{_PART}/(?:diffusion_pytorch_model|model)(?P<variant>\.fp16)?\.safetensors")


def endpoint() -> str:
    """Give the address of the hub, or of the mirror that HF_ENDPOINT names."""
    from huggingface_hub import constants

    return os.environ.get("HF_ENDPOINT", constants.ENDPOINT).rstrip("/")


def fetch(name: str, *, allow_download: bool, watch: Watch = nullcontext) -> Path | None:
    """Return the place of a model of the hub or the catalogue on this machine; None where `name` is neither.

    What is in the hub's own cache, where other programs put it, is taken from there. Of two
    precisions the half one is fetched, which is half the size; parts as pickles never are.

    Parameters
    ----------
    watch : opened around a download, which can be asked how far it is

    Raises
    ------
    ModelNotFoundError
        Where it is not here and may not be fetched.
    DownloadError
        Where the hub does not have it or cannot be reached.
    """
    offer = find_offer(name)
    hub_id = offer.hub if offer is not None and offer.kind == "model" else name
    if not HUB_ID.fullmatch(hub_id):
        return None
    if (cached := _cached(hub_id)) is not None and (offer is None or offer.file is None):
        return cached
    if not allow_download:
        raise ModelNotFoundError(
            f"no model is called '{name}' here; fetch it: pentimento models download {name} (or give --download)"
        )
    from .downloads import Download, read_source
    from .folders import own_folder

    download = Download.of(own_folder(), read_source(name))
    with watch(download):
        return download.run(threading.Event())


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


def _cached(name: str) -> Path | None:
    import huggingface_hub

    index = cast(Any, huggingface_hub).try_to_load_from_cache(name, "model_index.json")
    if not isinstance(index, str):
        return None
    folder = Path(index).parent
    parts = [part for part in _PARTS if (folder / part / "config.json").exists()]
    complete = "unet" in parts and all(any((folder / part).glob("*.safetensors")) for part in parts)
    return folder if complete else None
