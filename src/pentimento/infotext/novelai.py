"""Translation of what NovelAI writes into its pictures."""

import json
from typing import Any, cast

from ..diffusion.samplers import find_sampler
from ..errors import RequestError
from ..geometry import Size
from .grammar import Value, write

_SAMPLERS = {
    "k_dpmpp_2s_ancestral": "DPM++ 2S a",
    "k_dpm_2_ancestral": "DPM2 a",
    "k_dpm_adaptive": "DPM adaptive",
}


def from_novelai(description: str, comment: str, size: Size) -> str | None:
    """Translate what NovelAI writes into PNG files; None where it is not that.

    Parameters
    ----------
    description, comment : the text chunks of these names
    size : of the picture

    Notes
    -----
    As A1111 does: clip skip 2 and a seed delta of 31337 are taken as given.
    """
    try:
        loaded: Any = json.loads(comment)
    except ValueError:
        return None
    if not isinstance(loaded, dict):
        return None
    told = cast(dict[str, Any], loaded)
    parameters: dict[str, Value] = {
        "Steps": told.get("steps"),
        "Sampler": _sampler_label(str(told.get("sampler"))),
        "CFG scale": told.get("scale"),
        "Seed": told.get("seed"),
        "Size": str(size),
        "Clip skip": 2,
        "ENSD": 31337,
    }
    return write(description, str(told.get("uc") or ""), parameters)


def _sampler_label(name: str) -> str:
    if name in _SAMPLERS:
        return _SAMPLERS[name]
    try:
        return find_sampler(name).label
    except RequestError:
        return "Euler a"  # as A1111 takes names that it does not know
