"""Noise levels of a model, and what its network predicts.

Samplers know only sigma and latents `x = x0 + sigma * noise`; everything that depends on
how a network was trained is here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from torch import Tensor

_TERMINAL_ALPHA_CUMPROD = 4.8973451890853435e-08
"""Stands for zero where a sigma must stay finite; A1111 v1.10.1 uses the same number."""


def as_float32(values: ArrayLike) -> NDArray[np.float64]:
    """Round to what float32 can hold.

    Notes
    -----
    A1111 computes noise levels in float32, and a Brownian tree tells levels apart that differ
    by 1e-6 of its span; the same pictures need the same rounding, step by step.
    """
    return np.asarray(values, np.float64).astype(np.float32).astype(np.float64)


@dataclass(frozen=True, eq=False)
class NoiseLevels:
    """The noise levels on which a model was trained.

    Attributes
    ----------
    sigmas : [N], ascending; N is 1000 for every model in use
    grid : which Align-Your-Steps table fits: "sd1" or "sdxl"

    Examples
    --------
    >>> levels = NoiseLevels.scaled_linear()
    >>> round(levels.sigma_min, 4), round(levels.sigma_max, 4)
    (0.0292, 14.6146)
    >>> round(levels.t(levels.sigma(412.5)), 3)
    412.5
    """

    sigmas: NDArray[np.float64]
    grid: str = "sd1"

    def __post_init__(self) -> None:
        self.sigmas.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoiseLevels) and self.grid == other.grid and np.array_equal(self.sigmas, other.sigmas)

    def __hash__(self) -> int:
        return hash((self.grid, self.sigmas.tobytes()))

    @property
    def sigma_min(self) -> float:
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        return float(self.sigmas[-1])

    @property
    def last(self) -> int:
        """The highest timestep, 999."""
        return len(self.sigmas) - 1

    @property
    def alphas_cumprod(self) -> NDArray[np.float64]:
        """Share of the signal's variance at every timestep, [N]: `1 / (1 + sigma^2)`."""
        return 1.0 / (1.0 + self.sigmas**2)

    @cached_property
    def _log_sigmas(self) -> NDArray[np.float64]:
        return as_float32(np.log(self.sigmas))

    def t(self, sigma: float, stride: int = 1) -> float:
        """Timestep of a noise level, continuous; levels outside the table give its ends.

        Parameters
        ----------
        stride : above 1, the nearest of every stride-th timestep, counted down from the last:
            for networks that know only those (see `Trajectory.level_stride`)

        Notes
        -----
        Linear in log sigma between the entries, as k-diffusion without quantising.
        """
        log_sigma = math.log(max(sigma, self.sigma_min))
        if stride > 1:
            below_last = stride * int(np.abs(self._log_sigmas[::-1][::stride] - log_sigma).argmin())
            return float(self.last - below_last)
        return float(np.interp(log_sigma, self._log_sigmas, np.arange(len(self.sigmas))))

    def sigma(self, t: float) -> float:
        """Noise level of a timestep between 0 and `last`; the inverse of `t`."""
        return self.sigmas_at(t).item()

    def sigmas_at(self, t: ArrayLike) -> NDArray[np.float64]:
        """Noise levels of many timesteps, rounded to float32 at every turn (see `as_float32`)."""
        places = as_float32(np.clip(t, 0, self.last))
        low = np.floor(places).astype(np.int64)
        high = np.minimum(low + 1, self.last)
        share = places - low
        logs = as_float32((1 - share) * self._log_sigmas[low]) + as_float32(share * self._log_sigmas[high])
        return as_float32(np.exp(as_float32(logs)))

    def every(self, stride: int) -> "NoiseLevels":
        """Keep each `stride`-th level, counted down from the highest."""
        return NoiseLevels(self.sigmas[::-1][::stride][::-1].copy(), self.grid)

    @classmethod
    def from_alphas_cumprod(cls, alphas_cumprod: ArrayLike, grid: str = "sd1") -> "NoiseLevels":
        """Take the levels of a model given by its table of alphas_cumprod, descending."""
        alphas = np.asarray(alphas_cumprod, np.float64)
        return cls(np.sqrt((1.0 - alphas) / alphas), grid)

    @classmethod
    @lru_cache(maxsize=16)
    def scaled_linear(
        cls, beta_start: float = 0.00085, beta_end: float = 0.012, n: int = 1000, grid: str = "sd1"
    ) -> "NoiseLevels":
        """Levels of SD 1.x, SD 2.x and SDXL: square roots of beta are evenly spaced.

        Notes
        -----
        alphas_cumprod is rounded to float32, as it is stored and used everywhere; the lowest
        level moves by 2e-5 of itself through that.
        """
        betas = np.linspace(math.sqrt(beta_start), math.sqrt(beta_end), n) ** 2
        alphas = as_float32(np.cumprod(1.0 - betas))
        return cls(as_float32(np.sqrt(as_float32(as_float32(1 - alphas) / alphas))), grid)

    def zero_terminal_snr(self) -> "NoiseLevels":
        """Stretch the levels so that the last one is as good as pure noise.

        Notes
        -----
        Lin et al. 2023, algorithm 1: sqrt(alphas_cumprod) is shifted and scaled so that
        the first entry stays and the last becomes 0, which is then replaced by a tiny number.
        """
        roots = np.sqrt(self.alphas_cumprod)
        alphas = ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2
        alphas[-1] = _TERMINAL_ALPHA_CUMPROD
        return NoiseLevels.from_alphas_cumprod(alphas, self.grid)

    def downcast(self) -> "NoiseLevels":
        """Round alphas_cumprod to half precision, as A1111 did before 1.7."""
        return NoiseLevels.from_alphas_cumprod(self.alphas_cumprod.astype(np.float16), self.grid)


class Prediction(Protocol):
    """What a network's output means.

    `x` is always as samplers hold it, not scaled for the network.
    """

    @property
    def name(self) -> str: ...

    def scale_input(self, x: "Tensor", sigma: float) -> "Tensor":
        """Give what the network wants to see."""
        ...

    def denoised(self, x: "Tensor", sigma: float, output: "Tensor") -> "Tensor":
        """Give clean latents from the network's output for `scale_input(x)`."""
        ...

    def add_noise(self, x0: "Tensor", noise: "Tensor", sigma: float) -> "Tensor":
        """Put clean latents at a noise level; `noise` has unit variance."""
        ...


@dataclass(frozen=True)
class _VarianceExploding:
    """`x = x0 + sigma * noise`; the network sees x at unit variance."""

    def scale_input(self, x: "Tensor", sigma: float) -> "Tensor":
        return x / (sigma * sigma + 1.0) ** 0.5

    def add_noise(self, x0: "Tensor", noise: "Tensor", sigma: float) -> "Tensor":
        return x0 + noise * sigma


@dataclass(frozen=True)
class Epsilon(_VarianceExploding):
    """The network predicts the noise."""

    name: str = "eps"

    def denoised(self, x: "Tensor", sigma: float, output: "Tensor") -> "Tensor":
        return x - output * sigma


@dataclass(frozen=True)
class Velocity(_VarianceExploding):
    """The network predicts `v = (noise - sigma * x0) / sqrt(sigma^2 + 1)` (Salimans and Ho 2022)."""

    name: str = "v"

    def denoised(self, x: "Tensor", sigma: float, output: "Tensor") -> "Tensor":
        square = sigma * sigma + 1.0
        return x / square - output * (sigma / square**0.5)


@dataclass(frozen=True)
class Flow:
    """`x = (1 - sigma) * x0 + sigma * noise`, sigma in 0..1; the network predicts `noise - x0`."""

    name: str = "flow"

    def scale_input(self, x: "Tensor", sigma: float) -> "Tensor":
        del sigma  # every level has its own variance here, and the network was trained on that
        return x

    def denoised(self, x: "Tensor", sigma: float, output: "Tensor") -> "Tensor":
        return x - output * sigma

    def add_noise(self, x0: "Tensor", noise: "Tensor", sigma: float) -> "Tensor":
        return x0 * (1.0 - sigma) + noise * sigma


PREDICTIONS: Mapping[str, Prediction] = {row.name: row for row in (Epsilon(), Velocity(), Flow())}
