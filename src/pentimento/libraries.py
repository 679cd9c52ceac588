"""The libraries whose versions a result depends on."""

import functools
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

_LIBRARIES = ("torch", "diffusers", "transformers", "torchsde", "numpy", "scipy", "pillow")


@functools.cache
def library_versions() -> Mapping[str, str]:
    """List the versions of the libraries that affect bytes; none of them is imported."""
    found: dict[str, str] = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an optional one
            continue
    return found
