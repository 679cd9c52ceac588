"""Samplers on the sigma axis: Euler, Heun, DPM2, LMS and their ancestral kin, LCM, Restart.

Studied from k-diffusion (MIT); formulas from Karras et al. 2022, "Elucidating the Design Space
of Diffusion-Based Generative Models", unless a sampler names another source.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from .base import ANCESTRAL_ETA, Denoiser, Noise, OnStep, SamplerOptions, Step, ancestral_levels, glide

if TYPE_CHECKING:
    from torch import Tensor


def sample_euler(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with Euler steps, churned on request (Algorithm 2 without the correction)."""
    steps = len(sigmas) - 1
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        x, sigma_hat = _churn(x, sigma, steps, noise, options)
        denoised = denoiser(x, sigma_hat)
        on_step(Step(index, steps, sigma_hat, x, denoised))
        x = glide(x, denoised, sigma_next / sigma_hat)
    return x


def sample_heun(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with Heun steps, churned on request (Algorithm 2)."""
    steps = len(sigmas) - 1
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        x, sigma_hat = _churn(x, sigma, steps, noise, options)
        denoised = denoiser(x, sigma_hat)
        on_step(Step(index, steps, sigma_hat, x, denoised))
        x = _heun_step(denoiser, x, denoised, sigma_hat, sigma_next)
    return x


def sample_dpm_2(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with midpoint steps, churned on request (DPM-Solver-2 on the sigma axis)."""
    steps = len(sigmas) - 1
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        x, sigma_hat = _churn(x, sigma, steps, noise, options)
        denoised = denoiser(x, sigma_hat)
        on_step(Step(index, steps, sigma_hat, x, denoised))
        x = _midpoint_step(denoiser, x, denoised, sigma_hat, sigma_next)
    return x


def sample_euler_ancestral(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with Euler steps, each going lower and putting noise back."""
    steps = len(sigmas) - 1
    eta = ANCESTRAL_ETA if options.eta is None else options.eta
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        down, up = ancestral_levels(sigma, sigma_next, eta)
        x = glide(x, denoised, down / sigma)
        if up:
            x = x + noise(sigma, sigma_next) * (up * options.s_noise)
    return x


def sample_dpm_2_ancestral(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with midpoint steps, each going lower and putting noise back."""
    steps = len(sigmas) - 1
    eta = ANCESTRAL_ETA if options.eta is None else options.eta
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        down, up = ancestral_levels(sigma, sigma_next, eta)
        x = _midpoint_step(denoiser, x, denoised, sigma, down)
        if up:
            x = x + noise(sigma, sigma_next) * (up * options.s_noise)
    return x


def sample_lms(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with a linear multistep method over the last four slopes (Adams-Bashforth)."""
    steps = len(sigmas) - 1
    slopes: list[Tensor] = []
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        slopes = [(x - denoised) / sigma, *slopes[:3]]
        nodes = [sigmas[index - back] for back in range(len(slopes))]
        for slope, weight in zip(slopes, _adams_weights(nodes, sigma_next), strict=True):
            x = x + slope * weight
    return x


def sample_lcm(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample a consistency model: predict, add noise of the next level, again (Luo et al. 2023).

    Notes
    -----
    The boundary scalings of consistency models are within 1e-5 of 1 and 0 at every level
    that a schedule of LCM holds, and are left out.
    """
    steps = len(sigmas) - 1
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        x = denoised + noise(sigma, sigma_next) * sigma_next if sigma_next else denoised
    return x


def sample_restart(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with Heun steps and go back up once or twice on the way (Xu et al. 2023).

    Below 20 steps this is Heun on the given levels. From 20 on only the first level and the one
    before the last are kept, see `restart_levels`.
    """
    plan = restart_levels(sigmas)
    level = sigmas[0]
    for index, (sigma, sigma_next) in enumerate(plan):
        if sigma > level:
            x = x + noise(level, sigma) * (options.s_noise * math.sqrt(sigma**2 - level**2))
        denoised = denoiser(x, sigma)
        on_step(Step(index, len(plan), sigma, x, denoised))
        x = _heun_step(denoiser, x, denoised, sigma, sigma_next)
        level = sigma_next
    return x


def restart_levels(sigmas: Sequence[float]) -> list[tuple[float, float]]:
    """Plan the Heun steps of Restart: pairs of levels, with a jump up where they do not meet.

    Notes
    -----
    As A1111 v1.10.1: of N steps, 9 (from 36 on: twice N // 4) are spent between the levels
    nearest 0.1 and nearest 2, the others on a Karras schedule.
    """
    steps = len(sigmas) - 1
    if steps < 20:
        return list(pairwise(sigmas))
    again, times = (steps // 4, 2) if steps >= 36 else (9, 1)
    base = [*_karras(steps - again * times, sigmas[-2], sigmas[0]), 0.0]
    low, high = (min(range(len(base)), key=lambda at: abs(base[at] - level)) for level in (0.1, 2.0))
    if high >= low or not base[low]:
        return list(pairwise(base))
    redo = list(pairwise(_karras(again + 1, base[low], base[high])))
    return [*pairwise(base[: low + 1]), *(redo * times), *pairwise(base[low:])]


def _churn(x: "Tensor", sigma: float, steps: int, noise: Noise, options: SamplerOptions) -> "tuple[Tensor, float]":
    """Raise the noise level of x a little.

    With churn asked for, a tensor is drawn at every step, also where no noise is added: so A1111
    moves its random streams on.
    """
    if not options.s_churn:
        return x, sigma
    drawn = noise(sigma, sigma)
    if not options.s_tmin <= sigma <= options.s_tmax:
        return x, sigma
    sigma_hat = sigma * (1 + min(options.s_churn / steps, math.sqrt(2) - 1))
    return x + drawn * (options.s_noise * math.sqrt(sigma_hat**2 - sigma**2)), sigma_hat


def _heun_step(denoiser: Denoiser, x: "Tensor", denoised: "Tensor", sigma: float, sigma_next: float) -> "Tensor":
    euler = glide(x, denoised, sigma_next / sigma)
    if not sigma_next:
        return euler
    slope = (x - denoised) / sigma
    slope_next = (euler - denoiser(euler, sigma_next)) / sigma_next
    return x + (slope + slope_next) * ((sigma_next - sigma) / 2)


def _midpoint_step(denoiser: Denoiser, x: "Tensor", denoised: "Tensor", sigma: float, sigma_next: float) -> "Tensor":
    if not sigma_next:
        return denoised
    middle = math.sqrt(sigma * sigma_next)
    halfway = glide(x, denoised, middle / sigma)
    return x + (halfway - denoiser(halfway, middle)) * ((sigma_next - sigma) / middle)


def _adams_weights(nodes: Sequence[float], end: float) -> list[float]:
    """Integrate each Lagrange polynomial over `nodes` from nodes[0] to `end`.

    Two Gauss-Legendre points are exact up to the third degree, that of four nodes.
    """
    middle, half = (end + nodes[0]) / 2, (end - nodes[0]) / 2
    points = (middle - half / math.sqrt(3), middle + half / math.sqrt(3))
    return [
        half * sum(math.prod((at - other) / (node - other) for other in nodes if other != node) for at in points)
        for node in nodes
    ]


def _karras(count: int, lowest: float, highest: float, rho: float = 7.0) -> list[float]:
    """Space levels evenly in their rho-th root (Karras et al. 2022, equation 5), without a final 0."""
    top, bottom = highest ** (1 / rho), lowest ** (1 / rho)
    inner = [(top + index / (count - 1) * (bottom - top)) ** rho for index in range(1, count - 1)]
    return [highest, *inner, lowest]
