"""What every model family shares: pictures to latents and back, and one call of the network.

A family adds how it reads prompts (`_encode_texts`) and what its network is told beside
them (`_extras`).
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..geometry import Size
from .embeddings import read_vectors
from .info import LatentRGB, ModelInfo
from .networks.merge import NetworkSet
from .text import Conditioning, TextEncoder, TextOptions, chunk_texts
from .tokenizer import ClipTokenizer

_REMEMBERED_BATCHES = 8  # conditionings put together lately; AND parts and alternating prompts need a few


class _Posterior(Protocol):
    def mode(self) -> Tensor: ...
    def sample(self, generator: torch.Generator | None = None) -> Tensor: ...


@dataclass(frozen=True)
class Parts:
    """The loaded modules of a model, in the order of `ModelInfo.components`."""

    unet: nn.Module
    vae: nn.Module
    text_encoders: tuple[nn.Module, ...]
    tokenizer: ClipTokenizer


@dataclass(frozen=True)
class _Batch:
    """Conditionings put together for one call, with the sources, which keeps their ids from being used again."""

    sources: tuple[Conditioning, ...]
    tokens: Tensor
    extras: Mapping[str, Tensor] | None


class Model:
    """A loaded model: all that the engine asks of weights.

    Latents are float32 and scaled to unit variance as the network expects them; pixels are
    float32 [B, 3, H, W] in [0, 1].
    """

    latent_rgb: ClassVar[LatentRGB]

    def __init__(self, info: ModelInfo, parts: Parts, device: torch.device, dtype: torch.dtype) -> None:
        self.info = info
        self.device = device
        self.dtype = dtype
        self.unet = parts.unet
        self.vae = parts.vae
        self.tokenizer = parts.tokenizer
        self.text_encoders = self._text_encoders(parts.text_encoders)
        names = sorted(part for part in info.components if part.startswith("text_encoder"))
        merged_into = {"unet": parts.unet, **dict(zip(names, parts.text_encoders, strict=True))}
        self.networks = NetworkSet(merged_into, layers_per_block=int(info.components["unet"]["layers_per_block"]))
        self._batches: OrderedDict[tuple[object, ...], _Batch] = OrderedDict()

    def _text_encoders(self, modules: Sequence[nn.Module]) -> tuple[TextEncoder, ...]:
        raise NotImplementedError

    def _layers_taken(self, options: TextOptions) -> tuple[int, ...]:
        """Return which layer of each text encoder is taken, counted from the last, from 1."""
        raise NotImplementedError

    def _extras(self, conditioning: Sequence[Conditioning], size: Size) -> Mapping[str, Tensor] | None:
        """Return what the network is told beside the prompt's tokens."""
        return None

    @torch.no_grad()
    def encode_prompt(self, texts: Sequence[str], options: TextOptions) -> list[Conditioning]:
        """Encode the texts of one schedule, all to the same number of tokens.

        Parameters
        ----------
        texts : what stands at different times in one part of a prompt; in the order wanted back
        """
        chunks = chunk_texts(texts, self.tokenizer, options)
        layers = self._layers_taken(options)
        encoded = [
            encoder.encode(chunks, layer, options, self.tokenizer.end_id, read_vectors(options.embeddings, number))
            for number, (encoder, layer) in enumerate(zip(self.text_encoders, layers, strict=True))
        ]
        tokens = torch.cat([own for own, _ in encoded], dim=-1).to(self.dtype)
        pooled = next((own.to(self.dtype) for _, own in encoded if own is not None), None)
        return [
            Conditioning(tokens[row : row + 1], None if pooled is None else pooled[row : row + 1])
            for row in range(len(texts))
        ]

    @torch.no_grad()
    def encode_image(self, pixels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Encode pictures to latents [B, C, H/8, W/8].

        Parameters
        ----------
        generator : draws the sample of the posterior; None takes its mode instead
        """
        vae = cast(Any, self.vae)
        rows: list[Tensor] = []
        for picture in _rows(pixels):  # one at a time: less memory, and the same bits in any batch
            inputs = (picture.to(self.device) * 2 - 1).to(self._vae_dtype)
            posterior = cast(_Posterior, vae.encode(inputs, return_dict=False)[0])
            rows.append(posterior.mode() if generator is None else posterior.sample(generator))
        return torch.cat(rows).float() * self.info.scaling

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Decode latents to pixels clamped to [0, 1]; one picture at a time."""
        return torch.cat([self._decode_one(row) for row in _rows(latents)])

    def _decode_one(self, latents: Tensor) -> Tensor:
        scaled = latents.to(self.device) / self.info.scaling
        pixels = self._vae_decode(scaled)
        if self._vae_dtype == torch.float16 and not bool(pixels.isfinite().all()):
            # Some autoencoders overflow in half precision; from here on this one works in single.
            self.vae.float()
            pixels = self._vae_decode(scaled)
        return pixels.add_(1).mul_(0.5).clamp_(0, 1)

    def decode_roughly(self, latents: Tensor) -> Tensor:
        """Decode to about [-1, 1], and leave the autoencoder as it is even where it overflows: for previews."""
        return self._vae_decode(latents.to(self.device) / self.info.scaling)

    def _vae_decode(self, latents: Tensor) -> Tensor:
        decoded = cast(Any, self.vae).decode(latents.to(self._vae_dtype), return_dict=False)[0]
        return cast(Tensor, decoded).float()

    @property
    def _vae_dtype(self) -> torch.dtype:
        return next(self.vae.parameters()).dtype

    @torch.no_grad()
    def predict(
        self,
        x_scaled: Tensor,
        t: float,
        conditioning: Sequence[Conditioning],
        size: Size,
        concat: Tensor | None = None,
    ) -> Tensor:
        """Run the network once.

        Parameters
        ----------
        x_scaled : [n, C, h, w] noisy latents, scaled as the network expects them
        t : time, 0 to 999, may lie between whole numbers
        conditioning : one for each row, all with equally many tokens
        size : pixels of the picture, which SDXL is told
        concat : [1 or n, 5, h, w] mask and masked picture of inpaint models

        Returns
        -------
        Tensor
            The raw output, float32 [n, C, h, w]: noise or velocity, by `info.prediction`.
        """
        batch = self._together(tuple(conditioning), size)
        inputs = x_scaled.to(self.dtype)
        if concat is not None:
            inputs = torch.cat([inputs, concat.to(self.dtype).expand(len(inputs), -1, -1, -1)], dim=1)
        output = cast(Any, self.unet)(
            inputs,
            torch.tensor(t, dtype=torch.float32, device=self.device),
            encoder_hidden_states=batch.tokens,
            added_cond_kwargs=batch.extras,
            return_dict=False,
        )
        return cast(Tensor, output[0]).float()

    def _together(self, conditioning: tuple[Conditioning, ...], size: Size) -> _Batch:
        key = (size, *map(id, conditioning))
        if (batch := self._batches.get(key)) is None:
            tokens = torch.cat([one.tokens for one in conditioning])
            batch = self._batches[key] = _Batch(conditioning, tokens, self._extras(conditioning, size))
            if len(self._batches) > _REMEMBERED_BATCHES:
                self._batches.popitem(last=False)
        return batch

    def preview(self, latents: Tensor) -> NDArray[np.uint8]:
        """Sketch the first picture of a batch at latent size, uint8 [h, w, 3], without the autoencoder."""
        factors = latents.new_tensor(self.info.latent_rgb or self.latent_rgb)
        rgb = torch.einsum("chw,cr->hwr", latents[0], factors)
        return rgb.add(1).mul(127.5).clamp(0, 255).byte().cpu().numpy()


def _rows(batch: Tensor) -> list[Tensor]:
    return [batch[row : row + 1] for row in range(len(batch))]
