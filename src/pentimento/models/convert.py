"""A pickle of tensors written as safetensors, once, by whoever has the file."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import safetensors.torch
import torch
from torch import Tensor

from ..errors import ModelFileError

# Where training programs keep the tensors in what they save, the better ones first.
_NESTS = ("params_ema", "params", "state_dict", "model_state_dict", "model", "net")


def convert(source: Path, target: Path) -> int:
    """Write the tensors of a pickle as safetensors; give their number.

    Raises
    ------
    ModelFileError
        Where it holds anything but tensors and plain values, is no pickle, or the target is there already.

    Notes
    -----
    PyTorch's unpickler for weights alone is used: it builds tensors and plain values, and stops
    at everything else, so that nothing the file names is called.
    """
    if not source.is_file():
        raise ModelFileError(f"{source} is not there; give a .pth, .pt, .ckpt or .bin file")
    if target.exists():
        raise ModelFileError(f"{target} is there already; move it away first")
    try:
        loaded: Any = torch.load(source, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ModelFileError(f"{source} holds more than tensors, so it is not opened: {_first(error)}") from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ModelFileError(f"{source} is no file of PyTorch, or is damaged: {_first(error)}") from error
    named = {name: value for name, value in _nested(loaded).items() if isinstance(value, Tensor)}
    # Copied, as tensors may share memory in a pickle and may not in safetensors.
    tensors = {name: value.detach().clone().contiguous() for name, value in named.items()}
    if not tensors:
        raise ModelFileError(f"{source} holds no tensors by name")
    cast(Any, safetensors.torch).save_file(tensors, target, metadata={"format": "pt"})
    return len(tensors)


def _nested(loaded: Any) -> Mapping[str, object]:
    """Find the tensors in what was saved around them."""
    while isinstance(loaded, Mapping):
        rows = cast(Mapping[str, Any], loaded)
        inner = next((rows[name] for name in _NESTS if isinstance(rows.get(name), Mapping) and rows[name]), None)
        if inner is None:
            return rows
        loaded = inner
    return {}


def _first(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
