"""A hostile network that answers the same to the same question, so that runs can be compared."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Generator, Tensor

from pentimento.geometry import Size
from pentimento.models.base import Conditioning, TextOptions

from ..hostile import HOSTILE, HostileModel, HostileStudio


class AnsweringModel(HostileModel):
    """Every answer is noise that depends on the question alone."""

    def _asked(self, *questions: object) -> None:
        told = [one.numpy().tobytes() if isinstance(one, Tensor) else repr(one).encode() for one in questions]
        self._generator.manual_seed(zlib.crc32(b"|".join(told)))

    def encode_prompt(self, texts: Sequence[str], options: TextOptions) -> list[Conditioning]:
        self._asked(texts)
        return super().encode_prompt(texts, options)

    def encode_image(self, pixels: Tensor, generator: Generator | None = None) -> Tensor:
        self._asked(pixels)
        return super().encode_image(pixels, generator)

    def decode(self, latents: Tensor) -> Tensor:
        self._asked(latents)
        return super().decode(latents)

    def predict(
        self, x: Tensor, t: float, conditioning: Sequence[Conditioning], size: Size, concat: Tensor | None = None
    ) -> Tensor:
        self._asked(x, t)
        return super().predict(x, t, conditioning, size, concat)


class AnsweringStudio(HostileStudio):
    """Has that model only."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._model = AnsweringModel(replace(HOSTILE, path=self._model.info.path))


def noise(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """Draw a picture in which every pixel is its own; with transparency, a quarter opaque and a quarter not at all."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, len(mode)), np.uint8)
    if mode == "RGBA":
        pixels[: height // 2, : width // 2, 3], pixels[height // 2 :, width // 2 :, 3] = 255, 0
    return Image.fromarray(pixels)
