"""What is known of a model before its weights are loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..diffusion.prediction import NoiseLevels
from .hashes import content_hash

FamilyName = Literal["sd1", "sd2", "sdxl"]
PredictionName = Literal["eps", "v"]
Kind = Literal["folder", "file", "hub", "builtin"]
LatentRGB = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class ModelInfo:
    """One model on disk: where it is and of what sort.

    Attributes
    ----------
    name : file stem, folder name or hub id
    parameters : how many numbers its parts have
    native_size : side in px of the square pictures it was trained on
    inpaint : its network takes 9 channels (latents, mask, masked picture)
    downscale : pixels to a latent cell, per side
    components : configuration of each part ("unet", "vae", "text_encoder", "text_encoder_2"),
        in diffusers' and transformers' words
    latent_rgb : one row (red, green, blue) for each latent channel, if the model brings its own
    """

    name: str
    path: Path
    family: FamilyName
    prediction: PredictionName
    inpaint: bool
    kind: Kind
    size_bytes: int
    parameters: int
    native_size: int
    levels: NoiseLevels = field(repr=False, compare=False)
    components: Mapping[str, Mapping[str, Any]] = field(repr=False, compare=False)
    latent_channels: int = 4
    downscale: int = 8
    latent_rgb: LatentRGB | None = field(default=None, repr=False)

    @property
    def full_hash(self) -> str:
        """SHA-256 of the content, 64 hex digits; computed once and remembered on disk."""
        return content_hash(self.path)

    @property
    def hash(self) -> str:
        """First 10 digits of `full_hash`, as metadata of pictures names models."""
        return self.full_hash[:10]

    @property
    def scaling(self) -> float:
        """Factor that brings the autoencoder's latents to the unit variance that the network was trained with."""
        return float(self.components["vae"].get("scaling_factor", 0.18215))

    @property
    def title(self) -> str:
        """Name and hash as lists of models show them: `name [0123456789]`."""
        return f"{self.name} [{self.hash}]"
