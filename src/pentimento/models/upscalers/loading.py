"""From a file to an upscaler in memory."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple, cast

import safetensors.torch
import torch
from torch import Tensor, nn

from ...errors import ModelFileError
from ..header import read_header
from .find import BY_SPANDREL, UpscalerFile
from .kinds import kind_of
from .networks import NETWORKS
from .upscaler import Upscaler


def load_upscaler(file: UpscalerFile, device: torch.device, dtype: torch.dtype) -> Upscaler:
    """Load a network.

    Parameters
    ----------
    dtype : float16 is used where it is asked for; bfloat16 has fewer steps than a picture, so single is used

    Raises
    ------
    ModelFileError
        Where the file is not what it was when it was found, or nothing here can load it.
    """
    read = _by_spandrel if file.architecture == BY_SPANDREL else _by_kind
    found = read(file)
    half = dtype == torch.float16 and device.type != "cpu" and found.takes_half
    precision = torch.float16 if half else torch.float32
    found.network.requires_grad_(False).eval().to(device=device, dtype=precision)
    return Upscaler(file.name, found.network, found.call, found.scale, found.multiple, device, precision)


class _Found(NamedTuple):
    network: nn.Module
    call: Callable[[Tensor], Tensor]
    scale: int
    multiple: int = 1
    takes_half: bool = True


def _by_kind(file: UpscalerFile) -> _Found:
    kind = kind_of(read_header(file.path).shapes)
    if kind is None:
        raise ModelFileError(f"{file.path} is not the upscaler that it was; look for models again")
    with torch.device("meta"):
        network = NETWORKS[kind.architecture](**kind.settings)
    tensors = cast(dict[str, Tensor], cast(Any, safetensors.torch).load_file(file.path))
    try:
        network.load_state_dict({own: tensors[name] for own, name in kind.names.items()}, assign=True)
    except RuntimeError as error:
        raise ModelFileError(f"{file.path} is like {kind.architecture}, but not the same: {_short(error)}") from error
    return _Found(network, network, kind.scale, network.multiple)


def _by_spandrel(file: UpscalerFile) -> _Found:
    """Let spandrel tell what network it is, and build it."""
    try:
        spandrel: Any = import_module("spandrel")
    except Exception as error:  # torchvision fails in many ways where it was made for another torch
        raise ModelFileError(
            f"{file.path} needs spandrel, which cannot be imported ({_short(error)}); install a torchvision that is"
            f" made for torch {torch.__version__}"
        ) from error
    try:
        found = spandrel.ModelLoader(device="cpu").load_from_file(file.path)
    except Exception as error:
        raise ModelFileError(f"{file.path} is no network that spandrel knows ({_short(error)})") from error
    if not isinstance(found, spandrel.ImageModelDescriptor) or (found.input_channels, found.output_channels) != (3, 3):
        raise ModelFileError(f"{file.path} is no network that enlarges RGB pictures, but one for {found.purpose}")
    return _Found(found.model, found, int(found.scale), takes_half=bool(found.supports_half))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
