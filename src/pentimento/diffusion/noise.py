"""Seeded noise: start noise and later draws of one picture, and Brownian paths.

Every picture has its own stream, so its noise does not depend on the batch it is in. All noise
is float32; it is drawn on the processor (unless asked otherwise) and moved to the device.
"""

import math
from typing import Any, Literal, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..geometry import Size
from .samplers import Noise

_Shape = tuple[int, int, int]


class _Stream(Protocol):
    def draw(self, shape: _Shape) -> Tensor: ...


class _TorchStream:
    """torch's own generator: MT19937 on the processor, Philox on CUDA."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self._generator = torch.Generator(device).manual_seed(seed)

    def draw(self, shape: _Shape) -> Tensor:
        generator = self._generator
        return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float32)


class PhiloxStream:
    """The numbers that CUDA's generator gives for small tensors, computed anywhere.

    Notes
    -----
    Philox 4x32-10 (Salmon et al. 2011) with counter (draw, 0, element, 0) and the seed as
    key, then Box-Muller on the first two of the four outputs. A1111 v1.10.1 calls it NV.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draws = 0

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        first, second = _philox(self._seed, self._draws, math.prod(shape))
        self._draws += 1
        # float64 with a float32 2*pi: gives A1111's numbers to the last bit.
        turn = float(np.float32(2 * math.pi)) * 2.0**-32
        radius = np.sqrt(-2.0 * np.log(first * 2.0**-32 + 2.0**-33))
        values = radius * np.sin(second * turn + turn / 2)
        return torch.as_tensor(values.astype(np.float32).reshape(shape))


def _philox(seed: int, draw: int, count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Compute the first two words of Philox 4x32-10 for elements 0 .. count - 1."""
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    zero = np.zeros(count, np.uint64)
    words = (zero + np.uint64(draw), zero, np.arange(count, dtype=np.uint64), zero)
    keys = (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF)
    for _ in range(10):
        first = words[0] * np.uint64(0xD2511F53)
        second = words[2] * np.uint64(0xCD9E8D57)
        words = (
            (second >> half) ^ words[1] ^ np.uint64(keys[0]),
            second & low,
            (first >> half) ^ words[3] ^ np.uint64(keys[1]),
            first & low,
        )
        keys = ((keys[0] + 0x9E3779B9) & 0xFFFFFFFF, (keys[1] + 0xBB67AE85) & 0xFFFFFFFF)
    return words[0].astype(np.uint32), words[1].astype(np.uint32)


class ImageNoise:
    """The noise of one picture.

    Parameters
    ----------
    shape : (channels, height, width) of the latents
    source : `cpu`, `philox` (see `PhiloxStream`) or `device`
    device : where the noise is wanted
    variation_seed, variation_strength : start noise is turned so far towards this seed's
    seed_resize : size in latent cells for which the start noise is drawn, then put in the centre
    seed_delta : added to the seed for all but the start noise

    Notes
    -----
    A1111 v1.10.1 behaviour, draw by draw.
    """

    def __init__(
        self,
        shape: _Shape,
        seed: int,
        source: Literal["cpu", "philox", "device"] = "cpu",
        device: torch.device | str = "cpu",
        variation_seed: int = 0,
        variation_strength: float = 0.0,
        seed_resize: Size | None = None,
        seed_delta: int = 0,
    ) -> None:
        self._shape = shape
        self._source = source
        self._device = torch.device(device)
        self._stream = self._open(seed)
        self._first = self._start(seed, variation_seed, variation_strength, seed_resize)
        if seed_delta:
            self._stream = self._open(seed + seed_delta)

    def first(self) -> Tensor:
        """Give the start noise, [1, C, h, w]; the same at every call."""
        return self._first.to(self._device)[None].clone()

    def next(self) -> Tensor:
        """Draw further noise, [1, C, h, w]."""
        return self._stream.draw(self._shape).to(self._device)[None]

    def _open(self, seed: int) -> _Stream:
        if self._source == "philox":
            return PhiloxStream(seed)
        return _TorchStream(seed, self._device if self._source == "device" else torch.device("cpu"))

    def _start(self, seed: int, variation_seed: int, strength: float, resize: Size | None) -> Tensor:
        if resize is None:
            shape, stream = self._shape, self._stream
        else:
            # The picture's own stream is still unused after this: it draws the frame around the centre.
            shape, stream = (self._shape[0], resize.height, resize.width), self._open(seed)
        noise = stream.draw(shape)
        if strength:
            noise = slerp(noise, self._open(variation_seed).draw(shape), strength)
        return noise if resize is None else _put_in_centre(noise, self._stream.draw(self._shape))


def slerp(a: Tensor, b: Tensor, weight: float) -> Tensor:
    """Turn noise `a` towards noise `b`, both [C, h, w]: weight 0 gives a, 1 gives b.

    Notes
    -----
    A1111 v1.10.1 behaviour, because a seed means a picture: the angle is measured along each
    column (the height axis) and not over the whole tensor, and where the two are nearly
    parallel they are mixed with the weights the wrong way round.
    """
    cosine = (_of_unit_length(a) * _of_unit_length(b)).sum(1)
    if float(cosine.mean()) > 0.9995:
        return a * weight + b * (1 - weight)
    angle = torch.acos(cosine)
    sine = torch.sin(angle)
    share_a = torch.sin((1.0 - weight) * angle) / sine
    share_b = torch.sin(weight * angle) / sine
    return share_a.unsqueeze(1) * a + share_b.unsqueeze(1) * b


def _of_unit_length(columns: Tensor) -> Tensor:
    return columns / cast(Any, torch.linalg).vector_norm(columns, dim=1, keepdim=True)


def _put_in_centre(inner: Tensor, outer: Tensor) -> Tensor:
    """Lay the middle of `inner` over the middle of `outer`, both [C, h, w].

    Where `inner` must be cut by an odd number, one row or column more is cut off at the far end,
    as A1111 does.
    """
    into: list[slice] = []
    taken: list[slice] = []
    for have, want in zip(inner.shape[1:], outer.shape[1:], strict=True):
        offset = (want - have) // 2
        length = have if offset >= 0 else have + 2 * offset
        into.append(slice(max(offset, 0), max(offset, 0) + length))
        taken.append(slice(max(-offset, 0), max(-offset, 0) + length))
    result = outer.clone()
    result[:, into[0], into[1]] = inner[:, taken[0], taken[1]]
    return result


def brownian(x: Tensor, seed: int, sigma_min: float, sigma_max: float) -> Noise:
    """Make noise from one Brownian path over the noise levels, for SDE samplers.

    Noise of neighbouring intervals adds up to that of both together, so a picture changes
    little with the number of steps.

    Parameters
    ----------
    x : latents of one picture, [1, C, h, w]: shape, device and type of the result
    sigma_min, sigma_max : the levels between which noise will be asked for

    Notes
    -----
    A Brownian tree as in k-diffusion; drawn on the processor, so it is the same on any device.
    """
    import torchsde  # pyright: ignore[reportMissingTypeStubs]  # brings scipy, needed by few samplers only

    lowest, highest = round(sigma_min, 6), round(sigma_max, 6)  # the tree rounds its ends so
    start = torch.zeros(x.shape[1:], dtype=torch.float32)
    tree = cast(Any, torchsde).BrownianTree(lowest, start, highest, entropy=seed)

    def noise(sigma: float, sigma_next: float) -> Tensor:
        low, high = (min(max(level, lowest), highest) for level in sorted((sigma, sigma_next)))
        step = cast(Tensor, tree(low, high)) / math.sqrt(abs(sigma - sigma_next))
        return (step if sigma <= sigma_next else -step).to(x)[None]

    return noise
