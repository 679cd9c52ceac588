"""Alphas that diffusers and PEFT keep in a file's metadata, not in tensors."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from .names import Layer

FindAlpha = Callable[[Layer, int], float | None]
"""(layer, rank) to alpha, if it is told."""


def peft_alpha(metadata: Mapping[str, str]) -> FindAlpha:
    """Make the function that finds a layer's alpha in the metadata."""
    try:
        told: Any = json.loads(metadata.get("lora_adapter_metadata", "{}"))
    except ValueError:
        told = {}
    settings = cast(dict[str, Any], told) if isinstance(told, dict) else {}

    def find(layer: Layer, rank: int) -> float | None:
        def setting(name: str) -> Any:
            return settings.get(f"{layer.model_part}.{name}", settings.get(name))

        alpha = setting("lora_alpha")
        patterns = cast(dict[str, float], setting("alpha_pattern") or {})
        for pattern, own in patterns.items():
            if re.search(rf"{pattern.replace('.', '_')}$", layer.path):
                alpha = own
        if alpha is None:
            return None
        return float(alpha) * (rank**0.5 if setting("use_rslora") else 1.0)

    return find
