"""Where a model runs, in what precision, and how much memory that takes."""

import torch

from ..errors import RequestError
from .info import ModelInfo

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(device: str = "auto") -> torch.device:
    """Choose the device: CUDA, else Apple's MPS, else the CPU; or the one named.

    Raises
    ------
    RequestError
        Where the named device is not known or not there.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu")
    name, colon, number = device.partition(":")
    if name not in DEVICES or (colon and not (name == "cuda" and number.isdecimal())):
        raise RequestError("device", device, f"'{device}' is not known; choices: auto, cpu, cuda, cuda:N, mps", DEVICES)
    if name == "cuda" and not (torch.cuda.is_available() and int(number or 0) < torch.cuda.device_count()):
        raise RequestError("device", device, f"'{device}' is not there; take auto or cpu", DEVICES)
    if name == "mps" and not _has_mps():
        raise RequestError("device", device, "'mps' is not there; take auto or cpu", DEVICES)
    return torch.device(device)


def choose_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """Choose the precision: `auto` is float16 on CUDA and MPS, float32 on the CPU.

    Raises
    ------
    RequestError
        Where the name is not known.
    """
    if dtype == "auto":
        return torch.float32 if device.type == "cpu" else torch.float16
    if dtype not in DTYPES:
        raise RequestError("dtype", dtype, f"'{dtype}' is not known; choices: auto, {', '.join(DTYPES)}", list(DTYPES))
    return DTYPES[dtype]


def vae_dtype(info: ModelInfo, dtype: torch.dtype) -> torch.dtype:
    """Choose the autoencoder's precision: single where half overflows (SDXL's own)."""
    overflows = info.family == "sdxl" and bool(info.components["vae"].get("force_upcast", True))
    return torch.float32 if dtype == torch.float16 and overflows else dtype


def _has_mps() -> bool:
    return torch.backends.mps.is_available()
