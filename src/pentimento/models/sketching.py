"""Previews of what is predicted so far: each method is a row, and none of them changes what is made."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import ModelFileError
from .base import Model
from .previews import PreviewDecoder, PreviewMethod, no_decoder
from .weights import WeightFile

Drawing = Callable[[Tensor], NDArray[np.uint8]]
SHARE = 1 / 50
"""Of the time of a run, what previews may take."""


class Sketch:
    """Draws previews, and knows what they cost.

    Parameters
    ----------
    draw : latents [n, C, h, w] to the first picture, uint8 [h, w, 3]
    clock : seconds

    Attributes
    ----------
    pause : seconds that should pass before the next, so that previews take no more than their share
    """

    def __init__(self, draw: Drawing, clock: Callable[[], float] = time.perf_counter) -> None:
        self._draw, self._clock = draw, clock
        self.pause = 0.0

    def __call__(self, latents: Tensor) -> NDArray[np.uint8]:
        latents[:1].sum().item()  # a device that is behind is waited for, which is not the preview's time
        started = self._clock()
        drawn = self._draw(latents)
        self.pause = (self._clock() - started) / SHARE
        return drawn


@dataclass(eq=False)
class TinyDecoder:
    """A decoder for previews in memory."""

    file: PreviewDecoder
    module: nn.Module

    def __call__(self, latents: Tensor) -> NDArray[np.uint8]:
        parameter = next(self.module.parameters())
        inputs = latents[:1].to(parameter.device, parameter.dtype) / self.file.config.get("scaling_factor", 1.0)
        return _to_bytes(cast(Tensor, self.module(inputs)))


def load_tiny(file: PreviewDecoder, device: torch.device, dtype: torch.dtype) -> TinyDecoder:
    """Load a decoder for previews.

    Raises
    ------
    ModelFileError
        Where tensors are missing or of a wrong shape; says which file, and the way out.
    """
    from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny

    weights = WeightFile(file.path)
    state = {name: weights.read(stored).to(device, dtype) for name, stored in file.tensors.items()}
    try:
        with torch.device("meta"):
            whole = cast(Any, AutoencoderTiny).from_config(dict(file.config))
        module = cast(nn.Module, whole.decoder)
        module.load_state_dict(state, assign=True)
    except (RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ModelFileError(
            f"{file.path} cannot be used for previews: {reason}; copy it again, or take preview 'cheap'"
        ) from error
    channels_last = torch.channels_last if device.type == "cpu" else torch.preserve_format
    laid_out = cast(nn.Module, cast(Any, module).to(memory_format=channels_last))
    return TinyDecoder(file, laid_out.requires_grad_(False).eval())


def _to_bytes(drawn: Tensor) -> NDArray[np.uint8]:
    """Make bytes [h, w, 3] of one picture [1, 3, h, w] in -1..1."""
    levels = drawn[0].float().nan_to_num().add(1).mul(127.5).round().clamp(0, 255)
    return levels.byte().permute(1, 2, 0).contiguous().cpu().numpy()


def _cheap(model: Model, tiny: TinyDecoder | None) -> Drawing:
    return model.preview


def _tiny(model: Model, tiny: TinyDecoder | None) -> Drawing:
    if tiny is None:
        raise no_decoder(model.info)
    return tiny


def _full(model: Model, tiny: TinyDecoder | None) -> Drawing:
    return lambda latents: _to_bytes(model.decode_roughly(latents[:1]))


def _auto(model: Model, tiny: TinyDecoder | None) -> Drawing:
    return model.preview if tiny is None else tiny


_METHODS: Mapping[PreviewMethod, Callable[[Model, TinyDecoder | None], Drawing]] = {
    "auto": _auto,
    "cheap": _cheap,
    "tiny": _tiny,
    "full": _full,
}
WITH_TINY: frozenset[PreviewMethod] = frozenset({"auto", "tiny"})
"""Methods that a tiny decoder is loaded for."""


def sketch_by(method: PreviewMethod, model: Model, tiny: TinyDecoder | None) -> Sketch | None:
    """Give what draws previews; None where there are to be none.

    Raises
    ------
    ModelNotFoundError
        Where a tiny decoder is asked for and there is none.
    """
    row = _METHODS.get(method)
    return None if row is None else Sketch(row(model, tiny))
