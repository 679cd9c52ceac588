"""VAE files beside the models, by name."""

from collections.abc import Iterable
from pathlib import Path

from .folders import look_in

_PLACES = ("models/VAE", "models/vae", "VAE", "vae", "../VAE", "../vae")


def list_vaes(folders: Iterable[str | Path]) -> dict[str, Path]:
    """List the VAE files in folders of models, and where other programs keep them beside these."""
    found: dict[str, Path] = {}
    for folder in look_in(folders):
        for place in _PLACES:
            for file in sorted((folder / place).glob("**/*.safetensors")):
                found.setdefault(file.stem, file.resolve())
    return found
