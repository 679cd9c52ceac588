"""What every sampler takes and gives, and the arithmetic they share.

A sampler is a function of a denoiser, noisy latents and descending noise levels. Latents are
variance-exploding, `x = x0 + sigma * noise`, whatever the network predicts; all samplers
integrate `dx/dsigma = (x - denoised) / sigma`, some of them with noise put back.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from torch import Tensor

Noise = Callable[[float, float], "Tensor"]
"""(sigma, sigma_next) -> noise of unit variance, shaped like x; a new draw at every call."""

ANCESTRAL_ETA = 1.0
"""Share of the noise that ancestral and SDE samplers put back unless told otherwise."""

DDIM_ETA = 0.0


class Denoiser(Protocol):
    """Predicts clean latents from noisy ones: the network, guided and masked."""

    def __call__(self, x: "Tensor", sigma: float, /) -> "Tensor": ...

    @property
    def uncond(self) -> "Tensor":
        """The last call's prediction of clean latents without the prompt; only DDIM CFG++ asks for it."""
        ...


@dataclass(frozen=True)
class Step:
    """What is known in the middle of a step, for progress, previews and cancelling.

    Attributes
    ----------
    index, total : 0 <= index < total; DPM adaptive guesses the total anew at every step
    sigma : noise level of x
    x : latents that went into the step's first prediction
    denoised : that prediction
    """

    index: int
    total: int
    sigma: float
    x: "Tensor"
    denoised: "Tensor"


@dataclass(frozen=True)
class SamplerOptions:
    """Numbers that a user may set; each sampler reads those it knows.

    Attributes
    ----------
    eta : share of the noise that is put back; None = the sampler's own (`Sampler.eta`)
    s_churn, s_tmin, s_tmax : stochasticity of Euler, Heun and DPM2, and the levels where it acts
    s_noise : factor on the noise put back
    unipc_order : 1 to 3
    unipc_variant : bh1, bh2 or vary_coeff
    unipc_lower_order_final : use lower orders in the last steps
    """

    eta: float | None = None
    s_churn: float = 0.0
    s_tmin: float = 0.0
    s_tmax: float = math.inf
    s_noise: float = 1.0
    unipc_order: int = 3
    unipc_variant: Literal["bh1", "bh2", "vary_coeff"] = "bh1"
    unipc_lower_order_final: bool = True


OnStep = Callable[[Step], None]


class SamplerFunction(Protocol):
    """From noisy latents at sigmas[0] to latents at sigmas[-1]."""

    def __call__(
        self,
        denoiser: Denoiser,
        x: "Tensor",
        sigmas: Sequence[float],
        *,
        noise: Noise,
        options: SamplerOptions,
        on_step: OnStep,
    ) -> "Tensor": ...


@dataclass(frozen=True)
class Sampler:
    """One row of the table of samplers.

    Attributes
    ----------
    name, label, aliases : ours, A1111's, and other spellings
    default_schedule : what schedule "automatic" means
    evaluations : model calls a step, as prompt schedules count them
    noise : `brownian` samplers draw from a Brownian tree over the levels, all others from the
        pictures' own streams; `none` draws nothing unless it is churned
    eta : the default of `SamplerOptions.eta`; None = the sampler has no eta
    order : of convergence on the ODE (with eta 0), as seen between 36 and 288 steps; None where
        that has no meaning
    discard_penultimate : wants a schedule without the last level before 0
    uses_churn : knows s_churn, s_tmin and s_tmax
    uses_ensd : A1111 notes its "ENSD" with this sampler
    timesteps : A1111 runs it on a table of whole timesteps and not on a schedule
    stops_above_zero : A1111 ends it at the last level before 0
    couples_batch : the pictures of a batch influence each other
    cfg_divisor : guidance is divided by this
    level_stride : its networks know only every n-th of the model's noise levels
    """

    name: str
    label: str
    aliases: tuple[str, ...]
    function: SamplerFunction
    default_schedule: str = "uniform"
    evaluations: int = 1
    noise: Literal["none", "ancestral", "brownian"] = "none"
    eta: float | None = None
    order: int | None = None
    discard_penultimate: bool = False
    uses_churn: bool = False
    uses_ensd: bool = False
    timesteps: bool = False
    stops_above_zero: bool = False
    couples_batch: bool = False
    cfg_divisor: float = 1.0
    level_stride: int = 1

    @property
    def uses_eta(self) -> bool:
        return self.eta is not None


def glide(x: "Tensor", denoised: "Tensor", ratio: float) -> "Tensor":
    """Move x to `ratio` times its noise level while the prediction stays what it is.

    Notes
    -----
    `denoised + ratio * (x - denoised)`: at once Euler's step, DDIM's and the first-order
    exponential integrator of DPM-Solver++. A ratio of 0 gives `denoised` to the last bit.
    """
    return denoised + (x - denoised) * ratio if ratio else denoised


def ancestral_levels(sigma: float, sigma_next: float, eta: float) -> tuple[float, float]:
    """Split a step into a level to go down to and the noise to add there.

    Notes
    -----
    `down**2 + up**2 = sigma_next**2` (Song et al. 2020, k-diffusion).

    Examples
    --------
    >>> down, up = ancestral_levels(5.0, 4.0, eta=1.0)
    >>> round(down, 9), round(up, 9)
    (3.2, 2.4)
    """
    up = min(sigma_next, eta * sigma_next * math.sqrt(1 - (sigma_next / sigma) ** 2))
    return math.sqrt(sigma_next**2 - up**2), up
