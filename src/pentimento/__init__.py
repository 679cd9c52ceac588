"""Pentimento repaints pictures, wholly or in parts, with diffusion models.

import pentimento as pm

studio = pm.Studio()
request = pm.Request(prompt="a red balloon", init_image="in.png", mask="mask.png")
result = studio.run(request)
result.save("out.png")
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .chain import Chain
    from .client import AsyncClient, Client
    from .errors import (
        Cancelled,
        ImageError,
        ModelError,
        ModelFileError,
        ModelNotFoundError,
        OutOfMemoryError,
        PentimentoError,
        RecipeError,
        RequestError,
    )
    from .geometry import Box, Size
    from .models.info import ModelInfo
    from .pipeline import Event
    from .plan import Plan
    from .profiles import Profile
    from .recipe import Recipe
    from .request import Request
    from .result import Result
    from .scripts.rerun import rerun
    from .studio import Studio
    from .warnings import PlanWarning

__version__ = "0.1.0"

# Resolved on first use: importing the package must cost nothing, whatever it can do.
_HOMES = {
    "AsyncClient": "client",
    "Box": "geometry",
    "Cancelled": "errors",
    "Chain": "chain",
    "Client": "client",
    "Event": "pipeline",
    "ImageError": "errors",
    "ModelError": "errors",
    "ModelFileError": "errors",
    "ModelInfo": "models.info",
    "ModelNotFoundError": "errors",
    "OutOfMemoryError": "errors",
    "PentimentoError": "errors",
    "Plan": "plan",
    "PlanWarning": "warnings",
    "Profile": "profiles",
    "Recipe": "recipe",
    "RecipeError": "errors",
    "Request": "request",
    "RequestError": "errors",
    "Result": "result",
    "Size": "geometry",
    "Studio": "studio",
    "rerun": "scripts.rerun",
}

__all__ = [
    "AsyncClient",
    "Box",
    "Cancelled",
    "Chain",
    "Client",
    "Event",
    "ImageError",
    "ModelError",
    "ModelFileError",
    "ModelInfo",
    "ModelNotFoundError",
    "OutOfMemoryError",
    "PentimentoError",
    "Plan",
    "PlanWarning",
    "Profile",
    "Recipe",
    "RecipeError",
    "Request",
    "RequestError",
    "Result",
    "Size",
    "Studio",
    "rerun",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
