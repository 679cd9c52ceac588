"""A network that returns noise: the worst model there can be, at no cost.

What the engine promises about pixels must hold whatever the network says.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from pentimento.diffusion.prediction import NoiseLevels
from pentimento.geometry import Size
from pentimento.models.base import Conditioning, TextOptions
from pentimento.models.info import ModelInfo
from pentimento.plan import Plan
from pentimento.studio import Studio

HOSTILE = ModelInfo(
    name="hostile",
    path=Path("hostile"),
    family="sd1",
    prediction="eps",
    inpaint=False,
    kind="file",
    size_bytes=0,
    native_size=64,
    levels=NoiseLevels.scaled_linear(),
    components={"unet": {"block_out_channels": [8]}, "vae": {"block_out_channels": [8]}},
    parameters=0,
)


class HostileModel:
    """Has a model's surface; every answer is random and of great amplitude."""

    def __init__(self, info: ModelInfo = HOSTILE, seed: int = 0) -> None:
        self.info = info
        self.device = torch.device("cpu")
        self.dtype = torch.float32
        self._generator = torch.Generator().manual_seed(seed)

    class networks:  # noqa: N801
        """Takes none."""

        now = ()

        @staticmethod
        def apply(networks: object) -> None: ...

    def _noise(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self._generator) * 3

    def encode_prompt(self, texts: Sequence[str], options: TextOptions) -> list[Conditioning]:
        return [Conditioning(self._noise(1, 77, 8), None) for _ in texts]

    def encode_image(self, pixels: Tensor, generator: Generator | None = None) -> Tensor:
        return self._noise(1, 4, pixels.shape[-2] // 8, pixels.shape[-1] // 8)

    def decode(self, latents: Tensor) -> Tensor:
        return self._noise(1, 3, latents.shape[-2] * 8, latents.shape[-1] * 8).clamp(0, 1)

    def preview(self, latents: Tensor) -> np.ndarray:
        return np.zeros((*latents.shape[-2:], 3), np.uint8)

    def predict(
        self, x: Tensor, t: float, conditioning: Sequence[Conditioning], size: Size, concat: Tensor | None = None
    ) -> Tensor:
        return self._noise(*x.shape)


class SeeingModel(HostileModel):
    """Its noise is made of what it is shown: the same for the same, other for anything else."""

    def _see(self, *data: bytes) -> None:
        self._generator.manual_seed(int.from_bytes(hashlib.sha256(b"".join(data)).digest()[:4], "big"))

    def encode_prompt(self, texts: Sequence[str], options: TextOptions) -> list[Conditioning]:
        found: list[Conditioning] = []
        for text in texts:
            self._see(text.encode())
            found += super().encode_prompt([text], options)
        return found

    def encode_image(self, pixels: Tensor, generator: Generator | None = None) -> Tensor:
        self._see(_bytes(pixels))
        return super().encode_image(pixels, generator)

    def decode(self, latents: Tensor) -> Tensor:
        self._see(_bytes(latents))
        return super().decode(latents)

    def predict(
        self, x: Tensor, t: float, conditioning: Sequence[Conditioning], size: Size, concat: Tensor | None = None
    ) -> Tensor:
        self._see(_bytes(x), *(_bytes(one.tokens) for one in conditioning))
        return super().predict(x, t, conditioning, size, concat)


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().contiguous().numpy().tobytes()


class HostileStudio(Studio):
    """Has no other model than that one; its "file" and the inputs of results lie in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(device="cpu", data=folder / "data")
        file = folder / "hostile.safetensors"
        file.write_bytes(b"no weights")
        self._model = HostileModel(replace(HOSTILE, path=file))

    def find(self, name: str | None = None) -> ModelInfo:
        return self._model.info

    def load(
        self, plan: Plan, info: ModelInfo | None = None, on_loading: Callable[[], None] = lambda: None
    ) -> HostileModel:
        return self._model
