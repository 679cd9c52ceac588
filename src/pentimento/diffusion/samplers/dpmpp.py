"""DPM-Solver++ samplers (Lu et al. 2022), deterministic, ancestral and stochastic.

Studied from k-diffusion (MIT). Time is `-log sigma`; h is the length of a step in it, so
`exp(-h)` is the ratio of the two noise levels.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from .base import ANCESTRAL_ETA, Denoiser, Noise, OnStep, SamplerOptions, Step, ancestral_levels, glide

if TYPE_CHECKING:
    from torch import Tensor


def sample_dpmpp_2m(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with DPM-Solver++(2M): two predictions extrapolated, one call a step."""
    steps = len(sigmas) - 1
    previous: Tensor | None = None
    h_last = 0.0
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        if not sigma_next:
            return denoised
        h = math.log(sigma / sigma_next)
        target = denoised if previous is None else denoised + (denoised - previous) * (h / (2 * h_last))
        x = glide(x, target, sigma_next / sigma)
        previous, h_last = denoised, h
    return x


def sample_dpmpp_2s_ancestral(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with DPM-Solver++(2S) steps, each going lower and putting noise back."""
    steps = len(sigmas) - 1
    eta = ANCESTRAL_ETA if options.eta is None else options.eta
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        down, up = ancestral_levels(sigma, sigma_next, eta)
        if down:
            middle = math.sqrt(sigma * down)
            denoised = denoiser(glide(x, denoised, middle / sigma), middle)
        x = glide(x, denoised, down / sigma)
        if up:
            x = x + noise(sigma, sigma_next) * (up * options.s_noise)
    return x


def sample_dpmpp_sde(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with stochastic DPM-Solver++(2S) steps; the half step has noise of its own."""
    steps = len(sigmas) - 1
    eta = ANCESTRAL_ETA if options.eta is None else options.eta

    def move(x: "Tensor", target: "Tensor", sigma: float, sigma_next: float) -> "Tensor":
        down, up = ancestral_levels(sigma, sigma_next, eta)
        x = glide(x, target, down / sigma)
        return x + noise(sigma, sigma_next) * (up * options.s_noise) if up else x

    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        if not sigma_next:
            return denoised
        middle = math.sqrt(sigma * sigma_next)
        x = move(x, denoiser(move(x, denoised, sigma, middle), middle), sigma, sigma_next)
    return x


def sample_dpmpp_2m_sde(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with stochastic DPM-Solver++(2M), midpoint form."""
    return _two_step_sde(denoiser, x, sigmas, noise, options, on_step, heun=False)


def sample_dpmpp_2m_sde_heun(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with stochastic DPM-Solver++(2M), Heun form."""
    return _two_step_sde(denoiser, x, sigmas, noise, options, on_step, heun=True)


def _two_step_sde(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
    heun: bool,
) -> "Tensor":
    steps = len(sigmas) - 1
    eta = ANCESTRAL_ETA if options.eta is None else options.eta
    previous: Tensor | None = None
    h_last = 0.0
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        if not sigma_next:
            return denoised
        h = math.log(sigma / sigma_next)
        span = h * (1 + eta)
        x = glide(x, denoised, math.exp(-span))
        if previous is not None:
            weight = _phi_2(span) if heun else -math.expm1(-span) / 2
            x = x + (denoised - previous) * (weight * h / h_last)
        x = _with_sde_noise(x, sigma, sigma_next, eta, noise, options)
        previous, h_last = denoised, h
    return x


def sample_dpmpp_3m_sde(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with stochastic DPM-Solver++(3M): three predictions extrapolated."""
    steps = len(sigmas) - 1
    eta = ANCESTRAL_ETA if options.eta is None else options.eta
    past: list[tuple[Tensor, float]] = []
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        if not sigma_next:
            return denoised
        h = math.log(sigma / sigma_next)
        span = h * (1 + eta)
        x = glide(x, denoised, math.exp(-span))
        if past:
            previous, h_1 = past[0]
            slope = (denoised - previous) * (h / h_1)
            if len(past) == 2:
                before, h_2 = past[1]
                bend = (slope - (previous - before) * (h / h_2)) * (h / (h_1 + h_2))
                slope = slope + bend * (h_1 / h)
                x = x - bend * (_phi_2(span) / span - 0.5)
            x = x + slope * _phi_2(span)
        x = _with_sde_noise(x, sigma, sigma_next, eta, noise, options)
        past = [(denoised, h), *past[:1]]
    return x


def _phi_2(span: float) -> float:
    return math.expm1(-span) / span + 1


def _with_sde_noise(
    x: "Tensor", sigma: float, sigma_next: float, eta: float, noise: Noise, options: SamplerOptions
) -> "Tensor":
    """Add the noise that the SDE gains on the way: sigma_next**2 * (1 - exp(-2 * eta * h))."""
    if not eta:
        return x
    gained = sigma_next * math.sqrt(1 - (sigma_next / sigma) ** (2 * eta))
    return x + noise(sigma, sigma_next) * (gained * options.s_noise)
