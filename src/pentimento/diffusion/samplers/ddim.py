"""DDIM, DDIM CFG++ and PLMS on the sigma axis.

These are published for variance-preserving latents. Divided by sqrt(alpha_bar), with
`sigma = sqrt((1 - alpha_bar) / alpha_bar)`, DDIM is Euler's step and its noise term the
ancestral split of levels.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from .base import DDIM_ETA, Denoiser, Noise, OnStep, SamplerOptions, Step, ancestral_levels, glide

if TYPE_CHECKING:
    from torch import Tensor

_ADAMS_BASHFORTH = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


def sample_ddim(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with DDIM (Song et al. 2020); s_noise has no effect."""
    steps = len(sigmas) - 1
    eta = DDIM_ETA if options.eta is None else options.eta
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        down, up = ancestral_levels(sigma, sigma_next, eta)
        x = glide(x, denoised, down / sigma)
        if up:
            x = x + noise(sigma, sigma_next) * up
    return x


def sample_ddim_cfgpp(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with DDIM CFG++ (Chung et al. 2024): noise is put back along the unguided prediction.

    Expects guidance between 0 and about 1; `Sampler.cfg_divisor` maps the usual scale to it.
    """
    steps = len(sigmas) - 1
    eta = DDIM_ETA if options.eta is None else options.eta
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        down, up = ancestral_levels(sigma, sigma_next, eta)
        x = denoised + (x - denoiser.uncond) * (down / sigma) if down else denoised
        if up:
            x = x + noise(sigma, sigma_next) * up
    return x


def sample_plms(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with PLMS (Liu et al. 2022): Adams-Bashforth on the predicted noise, as if steps were even.

    The first step calls the model twice and averages both ends.
    """
    steps = len(sigmas) - 1
    slopes: list[Tensor] = []
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        slopes = [(x - denoised) / sigma, *slopes[:3]]
        if index == 0 and sigma_next:
            euler = glide(x, denoised, sigma_next / sigma)
            slope = (slopes[0] + (euler - denoiser(euler, sigma_next)) / sigma_next) / 2
        else:
            weights = _ADAMS_BASHFORTH[len(slopes) - 1]
            slope = slopes[0] * weights[0]
            for past, weight in zip(slopes[1:], weights[1:], strict=True):
                slope = slope + past * weight
        x = x + slope * (sigma_next - sigma)
    return x
